//! Sends Kubernetes requests: transport, TLS, authentication, errors.
//!
//! [`Client`] implements [`Execute`](kubernetes_core::Execute), so every request's `send(&client)` and every watch goes
//! through it. It speaks HTTP/2 where the server does (chosen by ALPN) and HTTP/1.1 otherwise, over TLS 1.2 or 1.3 by
//! rustls, and keeps connections open between requests. What fails is an [`Error`] that names the request
//! and keeps the server's `Status`.
//!
//! Objects are sent as JSON, or with the feature `cbor` as CBOR if the client prefers it ([`ClientBuilder::content_type`]).
//!
//! It goes through the proxy that the configuration has for the server, asks for compressed responses, sends requests
//! again as client-go does ([`ClientBuilder::retries`]), logs warnings ([`ClientBuilder::on_warning`]), and reports each
//! attempt by a `tracing` span, a function of yours ([`ClientBuilder::observe`]) and counters ([`Client::counts`]).
//!
//! # Credentials and certificates
//!
//! - A token file and the files of a client certificate are read again every minute, and at once when the server does
//!   not know the user (401) or refuses the certificate. The file of an authority is read again every minute, and when
//!   the server's certificate is of an unknown one. While a file can't be read, the last good contents are used.
//! - An exec plugin runs when a request first needs its credentials, once for all waiting requests, again when they expire, and
//!   once more when the server answers 401. A request whose plugin fails is an error
//!   ([`is_authentication`](Error::is_authentication)), and never sent anonymously.
//! - An OpenID Connect ID token is refreshed in the same way, and written back to its kubeconfig.
//! - After such a refusal a request is sent again, once, if there are other credentials and its body is in memory.
//! - A new client certificate gets new connections; requests in progress finish on the old ones.
//!
//! # Runtime
//!
//! Requests are sent from within a tokio runtime with IO and time, as `#[tokio::main]` starts it and
//! `Builder::enable_all` makes it. Where there is none, a request is an error; in one that has IO or time off, tokio
//! panics. Building a client needs none.
//!
//! # Features
//!
//! - `ring` (default): TLS uses ring.
//! - `aws-lc-rs`: TLS uses aws-lc-rs, also where `ring` is on.
//! - `cbor`: requests and responses in CBOR, where a client prefers that.

mod authentication;
mod authorization;
mod backoff;
mod body;
mod buffer;
mod builder;
mod client;
/// For the crates of this SDK.
#[doc(hidden)]
pub mod clock;
mod error;
mod exchange;
mod hooks;
mod path;
mod reloaded;
#[doc(hidden)]
pub mod support;
/// For the crates of this SDK.
#[doc(hidden)]
pub mod sync;
mod task;
mod telemetry;
mod token_bucket;
mod transport;
mod upgrade;

pub use backoff::{Backoff, Delays};
pub use body::Body;
pub use builder::{ClientBuilder, InjectedService};
pub use client::Client;
pub use error::Error;
pub use exchange::{ContentType, Warning};
pub use hooks::{Write, WriteAdmission, WriteHook, WriteOutcome, WritePermit, WrittenObject};
/// For the crates of this SDK.
#[doc(hidden)]
pub use path::ResourcePath;
pub use telemetry::{Counts, Observation};
/// For the crates of this SDK.
#[doc(hidden)]
pub use token_bucket::TokenBucket;
pub use upgrade::{Upgraded, UpgradedIo};

/// For the fuzz target of this name.
#[cfg(fuzzing)]
#[doc(hidden)]
pub fn check_exec_output(output: &[u8]) {
    authentication::exec::fuzz::check(output);
}
