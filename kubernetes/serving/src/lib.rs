//! Common parts of the servers in Kubernetes programs: connections with limits and graceful shutdown, and metrics as
//! text.
//!
//! - [`Server`] serves HTTP on a listener, with limits on connections and headers, until it is asked to stop.
//! - [`Tls`] is its TLS, with [`Certificates`] from files that are read again, or set by the program.
//! - [`bind`] listens on all addresses of both families.
//! - [`MetricsText`] writes metrics in Prometheus' text format, and [`Histogram`] counts durations for it.
//!
//! Programs use it through the admin endpoints of `kubernetes-controller` and the servers of `kubernetes-webhooks`.

mod bind;
mod clock;
mod histogram;
mod metrics_text;
mod server;
mod tls;

pub use bind::bind;
pub use histogram::Histogram;
pub use metrics_text::MetricsText;
pub use server::Server;
pub use tls::{Certificates, CertificatesError, ClientCertificates, Tls};
