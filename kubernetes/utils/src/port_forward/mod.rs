//! Targets of a [`PortForwarder`](kubernetes_streams::port_forward::PortForwarder) that find their pod: services and
//! workloads.
//!
//! ```no_run
//! use kubernetes_client::Client;
//! use kubernetes_streams::port_forward::PortForwarder;
//! use kubernetes_utils::port_forward::{ServiceTarget, WorkloadTarget};
//!
//! # async fn example(client: &Client) -> Result<(), Box<dyn std::error::Error>> {
//! let web = PortForwarder::new(client, ServiceTarget::new("shop", "web"));
//! let connection = web.connect("http").await?;
//!
//! let worker = PortForwarder::new(client, WorkloadTarget::deployment("shop", "worker"));
//! let connection = worker.connect(9090).await?;
//! # Ok(())
//! # }
//! ```
//!
//! Like kubectl, they choose the pod that has been ready for longest, and keep using it as long as it is ready. If
//! there is no pod, connections wait for one.

mod choice;
mod service;
mod workload;

pub use service::ServiceTarget;
pub use workload::WorkloadTarget;
