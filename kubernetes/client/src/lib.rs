//! Sends Kubernetes requests: transport, TLS, authentication, errors.
//!
//! [`Client`] implements [`Execute`](kubernetes_core::Execute), so every request's `send(&client)` and every watch goes
//! through it. It speaks HTTP/2 where the server does (chosen by ALPN) and HTTP/1.1 otherwise, over TLS by rustls with
//! the ring provider, and keeps connections open between requests. What fails is an [`Error`] that names the request
//! and keeps the server's `Status`.
//!
//! It goes through the proxy that the configuration has for the server, asks for compressed responses, sends requests
//! again as client-go does ([`ClientBuilder::retries`]), logs warnings ([`ClientBuilder::on_warning`]), and tells of each
//! attempt by a `tracing` span and a function of yours ([`ClientBuilder::observe`]).

mod attempts;
mod authorization;
mod body;
mod builder;
mod client;
mod connect;
mod error;
mod gunzip;
mod impersonation;
mod observe;
mod path_template;
mod policy;
mod pool;
mod proxy;
mod rate_limit;
mod response;
mod retry;
mod tls;
mod transport;
mod warning;

pub use body::Body;
pub use builder::ClientBuilder;
pub use client::Client;
pub use error::Error;
pub use observe::Observation;
pub use warning::Warning;
