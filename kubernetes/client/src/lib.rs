//! Sends Kubernetes requests: transport, TLS, authentication, errors.
//!
//! [`Client`] implements [`Execute`](kubernetes_core::Execute), so every request's `send(&client)` and every watch goes
//! through it. It speaks HTTP/2 where the server does (chosen by ALPN) and HTTP/1.1 otherwise, over TLS 1.2 or 1.3 by
//! rustls, and keeps connections open between requests. What fails is an [`Error`] that names the request
//! and keeps the server's `Status`.
//!
//! # Credentials and certificates
//!
//! - A token file and the files of a client certificate are read again every minute, and at once when the server does
//!   not know the user (401). The file of an authority is read again every minute, and when the server's certificate is
//!   of an unknown one. What was last good is used while a file is not.
//! - An exec plugin runs when a request first needs its credentials, once for all who wait, again when they expire, and
//!   once more when the server answers 401. A request whose plugin fails is an error
//!   ([`is_authentication`](Error::is_authentication)), and never sent as nobody.
//! - An OpenID Connect ID token is refreshed in the same way, and written back to its kubeconfig.
//! - After a 401 a request is sent again, once, if there are other credentials and its body is in memory.
//! - A new client certificate has connections of its own. What is under way ends on the old ones.
//!
//! # Features
//!
//! - `ring` (default): the cryptography of TLS is ring's.
//! - `aws-lc-rs`: it is that of aws-lc-rs, also where `ring` is on.
//!
//! Not supported yet: proxies (a configuration that has one is refused, never bypassed) and compressed responses
//! (none are asked for).

mod authentication;
mod body;
mod builder;
mod client;
mod connect;
mod error;
mod impersonation;
mod pool;
mod proxy;
mod response;
mod rotation;
mod tls;
mod transport;

pub use body::Body;
pub use builder::ClientBuilder;
pub use client::Client;
pub use error::Error;
