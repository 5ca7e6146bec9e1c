//! Sends Kubernetes requests: transport, TLS, authentication, errors.
//!
//! [`Client`] implements [`Execute`](kubernetes_core::Execute), so every request's `send(&client)` and every watch goes
//! through it. It uses HTTP/2 if the server supports it (negotiated by ALPN) and HTTP/1.1 otherwise, over TLS 1.2 or 1.3 with rustls, and keeps connections open between requests. A failure is an [`Error`], which names the request and has the server's `Status`.
//!
//! Objects are sent as JSON or, with the feature `cbor`, as CBOR if the client prefers it
//! ([`ClientBuilder::content_type`]).
//!
//! The client uses the configured proxy, accepts compressed responses, retries requests like client-go
//! ([`ClientBuilder::retries`]), logs warnings ([`ClientBuilder::on_warning`]), and reports each attempt with a
//! `tracing` span, a function of yours ([`ClientBuilder::observe`]) and counters ([`Client::counts`]).
//!
//! # Credentials and certificates
//!
//! - A token file and the files of a client certificate are read again every minute, and at once when the server does
//!   not accept the token (401) or the certificate. A CA file is read again every minute, and when the CA of the
//!   server's certificate is unknown. While a file can't be read, its last valid content is used.
//! - An exec plugin runs when a request first needs its credentials, once for all waiting requests; again when they
//!   expire, and once more when the server responds with 401. If the plugin fails, the request fails with an error
//!   ([`is_authentication`](Error::is_authentication)) and is never sent anonymously.
//! - An OpenID Connect ID token is refreshed in the same way, and written back to its kubeconfig.
//! - After such a refusal, a request is retried once if there are other credentials and its body is in memory.
//! - A new client certificate is used for new connections; requests in progress finish on the old ones.
//!
//! # Runtime
//!
//! Requests must be sent within a tokio runtime with IO and time enabled, as with `#[tokio::main]` or
//! `Builder::enable_all`. Without a runtime, a request fails; in one without IO or time, tokio panics. Building a
//! client needs no runtime.
//!
//! # Features
//!
//! - `ring` (default): TLS uses ring.
//! - `aws-lc-rs`: TLS uses aws-lc-rs, even if `ring` is on. Without both, it uses the provider that the program has
//!   installed by `rustls::crypto::CryptoProvider::install_default`.
//! - `cbor`: requests and responses in CBOR, for clients that prefer it.

mod authentication;
mod authorization;
mod backoff;
mod body;
mod buffer;
mod builder;
mod client;
/// For use by the crates of this SDK.
#[doc(hidden)]
pub mod clock;
mod error;
mod exchange;
mod hooks;
mod path;
mod reloaded;
mod retry;
#[doc(hidden)]
pub mod support;
/// For use by the crates of this SDK.
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
/// For use by the crates of this SDK.
#[doc(hidden)]
pub use path::ResourcePath;
pub use retry::{Attempts, Retry, retry, retry_on_conflict};
pub use telemetry::{Counts, Observation};
/// For use by the crates of this SDK.
#[doc(hidden)]
pub use token_bucket::TokenBucket;
pub use upgrade::{Upgraded, UpgradedIo};

/// For the fuzz target with this name.
#[cfg(fuzzing)]
#[doc(hidden)]
pub fn check_exec_output(output: &[u8]) {
    authentication::exec::fuzz::check(output);
}
