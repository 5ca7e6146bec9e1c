//! Sends Kubernetes requests: transport, TLS, authentication, errors.
//!
//! [`Client`] implements [`Execute`](kubernetes_core::Execute), so every request's `send(&client)` and every watch goes
//! through it. It speaks HTTP/2 where the server does (chosen by ALPN) and HTTP/1.1 otherwise, over TLS by rustls with
//! the ring provider, and keeps connections open between requests. What fails is an [`Error`] that names the request
//! and keeps the server's `Status`.
//!
//! Not supported yet: proxies (a configuration that has one is refused, never bypassed) and compressed responses
//! (none are asked for).

mod authorization;
mod body;
mod builder;
mod client;
mod connect;
mod error;
mod impersonation;
mod pool;
mod proxy;
mod response;
mod tls;
mod transport;

pub use body::Body;
pub use builder::ClientBuilder;
pub use client::Client;
pub use error::Error;
