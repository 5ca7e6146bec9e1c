//! Helpers for common tasks, such as retrying on conflict.
//!
//! - [`conditions`] to wait for with [`until`](kubernetes_watch::until): a pod is ready, a deployment is rolled out,
//!   any object has a condition.
//! - [`modify`] changes an object without losing unknown fields or concurrent changes by others.
//! - [`ObjectStatus`] is the state of an object of any kind: in progress, failed, current or terminating.
//! - `port_forward`, behind the feature `streams`, finds pods of services and workloads to forward ports to; `logs_of`
//!   reads their logs.
//! - With the feature `apiextensions-v1`, `ensure_definition` applies the definition of a custom resource and waits
//!   until it is served, and `migrate_storage` makes the server store its objects in the current version. With the
//!   feature `yaml`, `check_definitions` compares a checked-in manifest with Rust types.
//! - [`retry_on_conflict`] repeats a read and a write until nobody else has changed the object in between, [`retry`]
//!   repeats an operation on retryable errors, and [`Retry`] sets attempts and delays.

#[cfg(feature = "dynamic")]
mod apply_set;
mod clock;
pub mod conditions;
#[cfg(any(feature = "apiextensions-v1", feature = "yaml"))]
mod definitions;
#[cfg(feature = "dynamic")]
pub mod manifests;
mod modify;
#[cfg(feature = "streams")]
pub mod port_forward;
mod status;
#[cfg(feature = "dynamic")]
mod target;
#[cfg(feature = "dynamic")]
mod verbs;
#[cfg(feature = "dynamic")]
mod wait;

#[cfg(feature = "dynamic")]
pub use apply_set::{ApplySet, ApplySetError};

#[cfg(feature = "apiextensions-v1")]
pub use definitions::{DefinitionError, Migration, ensure_definition, migrate_storage};
#[cfg(feature = "yaml")]
pub use definitions::{DefinitionFileError, check_definitions, definitions_command, write_definitions};
pub use kubernetes_client::{Retry, retry, retry_on_conflict};
pub use modify::{Modify, modify};
pub use status::{ObjectState, ObjectStatus};
#[cfg(feature = "dynamic")]
pub use target::Target;
#[cfg(all(feature = "dynamic", feature = "streams"))]
pub use verbs::logs_of;
#[cfg(feature = "dynamic")]
pub use verbs::{
    Access, InvalidDuration, KubernetesDuration, ResourceUsage, Scale, UserInfo, VerbError, approve_certificate, can_i,
    default_container, deny_certificate, drain, events_of, pods_of, rollout, usage_of_nodes, usage_of_pods, whoami,
};
#[cfg(feature = "dynamic")]
pub use wait::{WaitError, WaitFor};
