//! The state that an object of any kind is in.

mod document;
mod generic;
mod pod;
mod workloads;

use std::fmt;

use kubernetes_core::json::Tree;
use kubernetes_core::{Object, Str, Time};

use crate::clock;
use document::Document;

/// The state of an object, which says whether its controllers have carried out its specification.
///
/// ```
/// use kubernetes_utils::{ObjectState, ObjectStatus};
/// # kubernetes_core::doc_test_resource!(Pod);
///
/// let status = ObjectStatus::of(&Pod::named("web"));
/// assert_eq!(status.state, ObjectState::InProgress);
/// assert_eq!(status.to_string(), "InProgress (PodNotObserved): its phase is not known yet");
/// ```
///
/// Equivalent to kstatus of the project cli-utils
/// (<https://github.com/kubernetes-sigs/cli-utils/tree/master/pkg/kstatus>), for typed and dynamic objects:
///
/// 1. An object with a `deletionTimestamp` is [`Terminating`](ObjectState::Terminating).
/// 2. An object whose `status.observedGeneration` differs from its `metadata.generation` is
///    [`InProgress`](ObjectState::InProgress).
/// 3. A condition `Reconciling` that is true means `InProgress`, and `Stalled` means [`Failed`](ObjectState::Failed).
/// 4. Pods, workloads, jobs, claims, services and definitions of custom resources have specific rules.
/// 5. For any other kind, a condition `Ready` decides; without one, the object is [`Current`](ObjectState::Current).
///
/// A condition with an `observedGeneration` older than the object's generation does not count; for `Ready` it means
/// `InProgress`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ObjectStatus {
    /// The state.
    pub state: ObjectState,
    /// The reason in CamelCase, such as `LessReady`; empty if there is none.
    pub reason: Str,
    /// The explanation for people, such as `1 of 3 replicas are ready`. It may contain text of controllers.
    pub message: Str,
}

/// The states of an [`ObjectStatus`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ObjectState {
    /// The controllers are working on it, or have not seen it yet.
    InProgress,
    /// It can't reach the specified state unless something changes.
    Failed,
    /// It has reached the specified state.
    Current,
    /// It is being deleted.
    Terminating,
    /// The object does not exist.
    NotFound,
    /// Its state can't be determined.
    Unknown,
}

impl ObjectStatus {
    /// The current status of an object.
    pub fn of<K: Object>(object: &K) -> Self {
        Self::at(object, clock::wall())
    }

    /// The status of an object at a time, which only matters for the age of pods that wait for a node.
    pub fn at<K: Object>(object: &K, now: Time) -> Self {
        match Tree::from_value(object) {
            Ok(tree) => compute(&Document::new(&tree, object), now),
            Err(error) => Self::new(ObjectState::Unknown, "", error.to_string()),
        }
    }

    /// The status of an object that may be missing.
    pub fn of_option<K: Object>(object: Option<&K>) -> Self {
        object.map_or_else(|| Self::new(ObjectState::NotFound, "", "it does not exist"), Self::of)
    }

    fn new(state: ObjectState, reason: impl Into<Str>, message: impl Into<Str>) -> Self {
        Self { state, reason: reason.into(), message: message.into() }
    }

    fn in_progress(reason: impl Into<Str>, message: impl Into<Str>) -> Self {
        Self::new(ObjectState::InProgress, reason, message)
    }

    fn failed(reason: impl Into<Str>, message: impl Into<Str>) -> Self {
        Self::new(ObjectState::Failed, reason, message)
    }

    fn current(message: impl Into<Str>) -> Self {
        Self::new(ObjectState::Current, "", message)
    }
}

fn compute(object: &Document<'_>, now: Time) -> ObjectStatus {
    if let Some(status) = generic::status(object) {
        return status;
    }
    match (object.group.as_str(), object.kind.as_str()) {
        ("", "Pod") => pod::status(object, now),
        ("", "PersistentVolumeClaim") => generic::claim(object),
        ("", "Service") => generic::service(object),
        ("", "Secret" | "ConfigMap") | ("batch", "CronJob") | ("policy", "PodDisruptionBudget") => {
            ObjectStatus::current("it is always current")
        }
        ("apps" | "extensions", "Deployment") => workloads::deployment(object),
        ("apps", "StatefulSet") => workloads::stateful_set(object),
        ("apps" | "extensions", "DaemonSet") => workloads::daemon_set(object),
        ("apps" | "extensions", "ReplicaSet") => workloads::replica_set(object),
        ("batch", "Job") => workloads::job(object),
        ("apiextensions.k8s.io", "CustomResourceDefinition") => generic::definition(object),
        _ => generic::ready(object),
    }
}

impl fmt::Display for ObjectState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::InProgress => "InProgress",
            Self::Failed => "Failed",
            Self::Current => "Current",
            Self::Terminating => "Terminating",
            Self::NotFound => "NotFound",
            Self::Unknown => "Unknown",
        })
    }
}

impl fmt::Display for ObjectStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use kubernetes_core::text::{MAX_MESSAGE_BYTES, printable};
        write!(f, "{}", self.state)?;
        if !self.reason.is_empty() {
            write!(f, " ({})", printable(&self.reason, MAX_MESSAGE_BYTES))?;
        }
        if self.message.is_empty() { Ok(()) } else { write!(f, ": {}", printable(&self.message, MAX_MESSAGE_BYTES)) }
    }
}
