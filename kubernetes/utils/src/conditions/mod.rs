//! Conditions for [`until`](kubernetes_watch::until), with kubectl's semantics.
//!
//! ```no_run
//! # use std::time::Duration;
//! # use kubernetes_core::ListRequest;
//! # kubernetes_core::doc_test_resource!(Pod);
//! # async fn example(client: &kubernetes_client::Client) -> Result<(), kubernetes_watch::UntilError> {
//! use kubernetes_utils::conditions;
//! use kubernetes_watch::until;
//!
//! let pods = ListRequest::<Pod>::namespaced("shop").label_selector("app=web");
//! until(client, pods).within(Duration::from_secs(300)).all(conditions::condition_is_true("Ready")).await?;
//! # Ok(())
//! # }
//! ```
//!
//! Conditions on a group's resources need the feature of the group: `core-v1` (pods), `apps-v1` (deployments, stateful
//! sets, daemon sets), `batch-v1` (jobs) or `apiextensions-v1` (definitions of custom resources).
//!
//! To wait for a deletion, use [`ObjectCondition::deleted`](kubernetes_watch::ObjectCondition::deleted) or
//! [`UntilObject::deleted`](kubernetes_watch::UntilObject::deleted).

mod by_name;
mod current;
#[cfg(feature = "apiextensions-v1")]
mod definition;
#[cfg(feature = "batch-v1")]
mod job;
mod json_path;
#[cfg(feature = "core-v1")]
mod pod;
#[cfg(feature = "apps-v1")]
mod rollout;

pub use by_name::{condition_is, condition_is_true};
pub use current::object_current;
#[cfg(feature = "apiextensions-v1")]
pub use definition::definition_established;
#[cfg(feature = "batch-v1")]
pub use job::{job_complete, job_failed, job_finished};
pub use json_path::{InvalidJsonPath, json_path, json_path_exists};
#[cfg(feature = "core-v1")]
pub use pod::{pod_completed, pod_ready, pod_running, pod_succeeded};
#[cfg(feature = "apps-v1")]
pub use rollout::{daemon_set_rolled_out, deployment_available, deployment_rolled_out, stateful_set_rolled_out};

/// Formats `, Reason: message`, without missing parts.
fn explained(reason: Option<&str>, message: Option<&str>) -> String {
    let given = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
    match (given(reason), given(message)) {
        (Some(reason), Some(message)) => format!(", {reason}: {message}"),
        (Some(text), None) | (None, Some(text)) => format!(", {text}"),
        (None, None) => String::new(),
    }
}
