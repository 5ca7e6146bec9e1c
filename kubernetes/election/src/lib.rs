//! Leader election on Leases, interoperable with client-go.
//!
//! [`Election::run`] waits until this process holds the Lease, and runs a function while it does. The function gets a [`Leadership`] token, which tells whether it still leads, and provides a client that writes only while it does, and a fencing number for other systems.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use kubernetes_client::Client;
//! use kubernetes_election::{Election, LeaseConfig};
//!
//! let client = Client::from_env()?;
//! let namespace = client.default_namespace().to_owned();
//! let mut election = Election::new(&client, LeaseConfig::new(&namespace, "operator"))?;
//! election
//!     .run(|leadership| async move {
//!         let client = leadership.client(); // refuses to write once leadership has ended
//!         // …
//!     })
//!     .await?;
//! # Ok(())
//! # }
//! ```
//!
//! [`Shards`] distribute work over several processes, with a Lease for each part.
//!
//! The process needs permission to get, create and update `leases` in `coordination.k8s.io`.

mod candidate;
mod clock;
mod config;
mod coordination;
mod election;
mod elector;
mod error;
mod event;
mod failure;
mod gate;
mod host;
mod leadership;
mod lock;
mod shards;
mod status;
mod term;

pub use config::LeaseConfig;
pub use coordination::Coordination;
pub use election::Election;
pub use error::Error;
pub use event::ElectionEvent;
/// For the crates of this SDK.
#[doc(hidden)]
pub use host::host_name;
pub use leadership::Leadership;
pub use shards::{HeldShard, Shards, ShardsConfig, ShardsStatus};
pub use status::ElectionStatus;
