//! Helpers for common tasks, such as retrying on conflict.
//!
//! - [`conditions`] are what is waited for with [`until`](kubernetes_watch::until): a pod that is ready, a deployment that
//!   is rolled out, a condition of any object.
//! - [`modify`] changes an object: what its type does not know, and what others change meanwhile, is kept.
//! - [`ObjectStatus`] is the state of an object of any kind: in progress, failed, current or terminating.
//! - `port_forward`, behind the feature `streams`, has targets for port-forward that find a pod of a service or workload.
//! - `ensure_definition`, with the feature `apiextensions-v1`, brings the definition of a custom resource into force, and
//!   `migrate_storage` has the server store its objects in the current version; `check_definitions`, with the feature
//!   `yaml`, compares a manifest that is checked in with Rust types.
//! - [`retry_on_conflict`] changes an object that others change too; [`retry`] does so for errors of your choice, and
//!   [`Retry`] says how often and after how long.

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
mod retry;
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
pub use modify::{Modify, modify};
pub use retry::{Retry, retry, retry_on_conflict};
pub use status::{ObjectState, ObjectStatus};
#[cfg(feature = "dynamic")]
pub use target::Target;
#[cfg(feature = "dynamic")]
pub use verbs::{
    Access, InvalidDuration, KubernetesDuration, ResourceUsage, Scale, UserInfo, VerbError, approve_certificate, can_i,
    default_container, deny_certificate, drain, events_of, pods_of, rollout, usage_of_nodes, usage_of_pods, whoami,
};
#[cfg(feature = "dynamic")]
pub use wait::{WaitError, WaitFor};
