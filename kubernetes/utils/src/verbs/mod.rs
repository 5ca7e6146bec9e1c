//! kubectl's verbs, on objects of any kind.

mod access;
mod certificates;
pub mod drain;
mod duration;
mod error;
mod events;
#[cfg(feature = "streams")]
mod logs;
mod pods;
pub mod rollout;
mod scale;
mod usage;

pub use access::{Access, UserInfo, can_i, whoami};
pub use certificates::{approve_certificate, deny_certificate};
pub use duration::{InvalidDuration, KubernetesDuration};
pub use error::VerbError;
pub use events::events_of;
#[cfg(feature = "streams")]
pub use logs::logs_of;
pub use pods::{default_container, pods_of};
pub use scale::Scale;
pub use usage::{ResourceUsage, usage_of_nodes, usage_of_pods};
