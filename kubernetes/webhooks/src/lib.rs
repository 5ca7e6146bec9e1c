//! Webhooks for admission, conversion, authentication and authorization: handlers, a server, and certificates.
//!
//! ```
//! use kubernetes_models::core::v1::Pod;
//! use kubernetes_webhooks::{AdmissionRequest, Allowed, Denied, Webhooks};
//!
//! let webhooks = Webhooks::new()
//!     .mutate(|mut pod: Pod, _request: AdmissionRequest<Pod>| async move {
//!         pod.metadata.labels.extend([("team", "shop")]);
//!         Ok::<_, Denied>(pod)
//!     })
//!     .validate(|request: AdmissionRequest<Pod>| async move {
//!         let Some(pod) = &request.object else { return Ok(Allowed::new()) };
//!         match pod.metadata.labels.contains_key("owner") {
//!             true => Ok(Allowed::new()),
//!             false => Err(Denied::new("set the label owner")),
//!         }
//!     });
//! ```
//!
//! - [`Webhooks`] holds the handlers and responds to requests: it is a [`tower_service::Service`] for any HTTP server.
//! - [`WebhookServer`] serves them over TLS, with [`Certificates`] from files that are reloaded, or managed in a Secret
//!   ([`ManagedCertificates`]).
//! - [`Configuration`] builds the objects that make the API server call the webhooks.
//! - [`Converter`] converts between the versions of a custom resource.
//! - [`Authentication`] and [`Authorization`] are the decisions about users of the API server itself
//!   ([`Webhooks::authenticate_tokens`], [`Webhooks::authorize`]).

#[cfg(not(any(feature = "ring", feature = "aws-lc-rs")))]
compile_error!("the feature `webhooks` needs one of `ring` and `aws-lc-rs`, to make certificates");

mod admission;
mod authenticate;
mod clock;
mod configuration;
mod conversion;
mod managed;
mod metrics;
mod review;
mod run;
mod server;
mod service;
mod webhook;

pub use admission::{AdmissionRequest, Allowed, Denied, Mutated, Operation};
pub use authenticate::Caller;
pub use configuration::{CaBundle, Configuration, Endpoint};
pub use conversion::Converter;
pub use kubernetes_serving::{Certificates, CertificatesError};
pub use managed::ManagedCertificates;
pub use review::{Authentication, Authorization, ReviewRequest};
pub use server::{ServeError, WebhookServer};
pub use service::Webhooks;
pub use webhook::{FailurePolicy, MatchPolicy, SideEffects, Webhook};
