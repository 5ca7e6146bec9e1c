//! Decides which pods of a node are evicted, by the rules of kubectl's `pkg/drain/filters.go`
//! (<https://github.com/kubernetes/kubectl/blob/v0.37.2/pkg/drain/filters.go>), in their order.

use kubernetes_core::json::Tree;
use kubernetes_core::meta::v1::OwnerReference;
use kubernetes_core::{Object, Time};
use kubernetes_dynamic::DynamicObject;

use super::Options;

/// The verdict on a pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Evict,
    /// The pod stays, which is not a problem.
    Skip,
    /// The pod can't be evicted, for this reason.
    Refuse(&'static str),
}

/// The DaemonSet that controls a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DaemonSet {
    None,
    Exists,
    Missing,
}

pub(super) const DAEMON_SET: &str = "it belongs to a DaemonSet, which would create it again: set ignore_daemon_sets";
pub(super) const NO_DAEMON_SET: &str = "it belongs to a DaemonSet that does not exist: force its eviction";
pub(super) const EMPTY_DIR: &str = "it has data in an emptyDir, which would be lost: set delete_empty_dirs";
pub(super) const NO_CONTROLLER: &str = "it has no controller that would create it again: force its eviction";

pub(super) fn verdict(pod: &DynamicObject, daemon_set: DaemonSet, options: &Options, now: Time) -> Verdict {
    let skips_deleted = options.skip_deleted_for.is_some_and(|age| {
        let deleted = pod.metadata.deletion_timestamp;
        let since = deleted.map(|deleted| now.timestamp().duration_since(deleted.timestamp()));
        since.is_some_and(|since| std::time::Duration::try_from(since).is_ok_and(|since| since > age))
    });
    if skips_deleted {
        return Verdict::Skip;
    }
    let is_finished =
        matches!(pod.get::<String>("/status/phase"), Ok(Some(phase)) if phase == "Succeeded" || phase == "Failed");
    match daemon_set {
        DaemonSet::None => {}
        // A finished pod is not replaced before it is deleted.
        DaemonSet::Exists | DaemonSet::Missing if is_finished => {}
        DaemonSet::Missing if options.force => {}
        DaemonSet::Missing => return Verdict::Refuse(NO_DAEMON_SET),
        DaemonSet::Exists if options.ignore_daemon_sets => return Verdict::Skip,
        DaemonSet::Exists => return Verdict::Refuse(DAEMON_SET),
    }
    if pod.metadata.annotations.contains_key("kubernetes.io/config.mirror") {
        return Verdict::Skip;
    }
    if has_empty_dir(pod) && !is_finished && !options.delete_empty_dirs {
        return Verdict::Refuse(EMPTY_DIR);
    }
    if pod.controller().is_none() && !is_finished && !options.force {
        return Verdict::Refuse(NO_CONTROLLER);
    }
    Verdict::Evict
}

fn has_empty_dir(pod: &DynamicObject) -> bool {
    let volumes: Vec<Tree> = pod.get("/spec/volumes").ok().flatten().unwrap_or_default();
    volumes.iter().any(|volume| volume.get("emptyDir").is_some())
}

/// The reference to the DaemonSet that controls a pod.
pub(super) fn daemon_set_of(pod: &DynamicObject) -> Option<&OwnerReference> {
    pod.controller().filter(|owner| owner.kind == "DaemonSet")
}
