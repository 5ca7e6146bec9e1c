//! Workloads and jobs. The order of the checks, which decides between several reasons, is that of kstatus.

use super::ObjectStatus;
use super::document::Document;

/// The status from the first failing check. A check has a reason, the actual number, the required number and its
/// object.
fn shortage<'a>(checks: impl IntoIterator<Item = (&'static str, i64, i64, &'a str)>) -> Option<ObjectStatus> {
    let failed = checks.into_iter().find(|(_, count, wanted, _)| count < wanted);
    failed.map(|(reason, count, wanted, what)| ObjectStatus::in_progress(reason, format!("{count} of {wanted} {what}")))
}

fn extra_pods(replicas: i64, wanted: i64) -> Option<ObjectStatus> {
    let message = || format!("{} pods have yet to terminate", replicas.saturating_sub(wanted));
    (replicas > wanted).then(|| ObjectStatus::in_progress("ExtraPods", message()))
}

/// The controllers use 1 if nothing is set.
fn wanted(object: &Document<'_>) -> i64 {
    object.integer("/spec/replicas").unwrap_or(1)
}

pub(super) fn deployment(object: &Document<'_>) -> ObjectStatus {
    let exceeded = object.conditions().find(|condition| {
        condition.type_ == "Progressing" && condition.reason == "ProgressDeadlineExceeded" && !condition.is_stale
    });
    if let Some(exceeded) = exceeded {
        return ObjectStatus::failed(exceeded.reason, format!("progress deadline exceeded: {}", exceeded.message));
    }
    let (wanted, replicas) = (wanted(object), object.count("/status/replicas"));
    let (updated, available) = (object.count("/status/updatedReplicas"), object.count("/status/availableReplicas"));
    let first = shortage([
        ("LessReplicas", replicas, wanted, "replicas exist"),
        ("LessUpdated", updated, wanted, "replicas are updated"),
    ]);
    let then = || {
        shortage([
            ("LessAvailable", available, updated, "updated replicas are available"),
            ("LessReady", object.count("/status/readyReplicas"), wanted, "replicas are ready"),
        ])
    };
    if let Some(status) = first.or_else(|| extra_pods(replicas, wanted)).or_else(then) {
        return status;
    }
    // Without a deadline, which the largest number means, the controller does not set the condition.
    let deadline = object.integer("/spec/progressDeadlineSeconds").filter(|deadline| *deadline != i64::from(i32::MAX));
    let progressed = object.condition("Progressing", "True").is_some_and(|it| it.reason == "NewReplicaSetAvailable");
    if deadline.is_some() && !progressed {
        return ObjectStatus::in_progress("ReplicaSetNotAvailable", "its new replica set is not available");
    }
    if object.condition("Available", "True").is_none() {
        return ObjectStatus::in_progress("DeploymentNotAvailable", "it is not available");
    }
    ObjectStatus::current(format!("it is available with {replicas} replicas"))
}

pub(super) fn stateful_set(object: &Document<'_>) -> ObjectStatus {
    if object.text("/spec/updateStrategy/type") == "OnDelete" {
        return ObjectStatus::current("its pods are only updated when they are deleted");
    }
    let (wanted, replicas) = (wanted(object), object.count("/status/replicas"));
    let updated = object.count("/status/updatedReplicas");
    let first = shortage([
        ("LessReplicas", replicas, wanted, "replicas exist"),
        ("LessReady", object.count("/status/readyReplicas"), wanted, "replicas are ready"),
    ]);
    if let Some(status) = first.or_else(|| extra_pods(replicas, wanted)) {
        return status;
    }
    if let Some(partition) = object.integer("/spec/updateStrategy/rollingUpdate/partition") {
        let above = wanted.saturating_sub(partition);
        let rest = shortage([("PartitionRollout", updated, above, "replicas above the partition are updated")]);
        return rest
            .unwrap_or_else(|| ObjectStatus::current(format!("{updated} replicas above the partition are updated")));
    }
    if let Some(status) =
        shortage([("LessCurrent", object.count("/status/currentReplicas"), wanted, "replicas are current")])
    {
        return status;
    }
    if object.text("/status/currentRevision") != object.text("/status/updateRevision") {
        return ObjectStatus::in_progress("RevisionMismatch", "its pods are not all of the latest revision");
    }
    ObjectStatus::current(format!("all {replicas} replicas are ready"))
}

pub(super) fn daemon_set(object: &Document<'_>) -> ObjectStatus {
    if object.integer("/metadata/generation").is_none() {
        return ObjectStatus::in_progress("NoGeneration", "it has no metadata.generation");
    }
    if object.integer("/status/observedGeneration").is_none() {
        return ObjectStatus::in_progress("NoObservedGeneration", "its controller has not observed it yet");
    }
    let Some(wanted) = object.integer("/status/desiredNumberScheduled") else {
        return ObjectStatus::in_progress("NoDesiredNumber", "the number of its pods is not known yet");
    };
    let shortage = shortage([
        ("LessCurrent", object.count("/status/currentNumberScheduled"), wanted, "pods exist"),
        ("LessUpdated", object.count("/status/updatedNumberScheduled"), wanted, "pods are updated"),
        ("LessAvailable", object.count("/status/numberAvailable"), wanted, "pods are available"),
        ("LessReady", object.count("/status/numberReady"), wanted, "pods are ready"),
    ]);
    shortage.unwrap_or_else(|| ObjectStatus::current(format!("all {wanted} pods are ready")))
}

pub(super) fn replica_set(object: &Document<'_>) -> ObjectStatus {
    if let Some(failure) = object.condition("ReplicaFailure", "True") {
        return ObjectStatus::in_progress("ReplicaFailure", format!("its pods can't be created: {}", failure.message));
    }
    let wanted = wanted(object);
    let shortage = shortage([
        ("LessLabelled", object.count("/status/fullyLabeledReplicas"), wanted, "replicas have all labels"),
        ("LessAvailable", object.count("/status/availableReplicas"), wanted, "replicas are available"),
        ("LessReady", object.count("/status/readyReplicas"), wanted, "replicas are ready"),
    ]);
    shortage
        .or_else(|| extra_pods(object.count("/status/replicas"), wanted))
        .unwrap_or_else(|| ObjectStatus::current(format!("all {wanted} replicas are available")))
}

/// A running job is current: only its start matters.
pub(super) fn job(object: &Document<'_>) -> ObjectStatus {
    let parallelism = object.integer("/spec/parallelism").unwrap_or(1);
    let completions = object.integer("/spec/completions").unwrap_or(parallelism);
    let (succeeded, failed) = (object.count("/status/succeeded"), object.count("/status/failed"));
    for condition in object.conditions().filter(|condition| condition.status == "True") {
        match condition.type_ {
            "Complete" => return ObjectStatus::current(format!("{succeeded} of {completions} pods have succeeded")),
            "Failed" => {
                let message = format!("{failed} pods have failed, of {completions} to complete: {}", condition.message);
                return ObjectStatus::failed("JobFailed", message.trim_end_matches([':', ' ']));
            }
            "Suspended" => return ObjectStatus::current("it is suspended"),
            _ => {}
        }
    }
    if object.text("/status/startTime").is_empty() {
        return ObjectStatus::in_progress("JobNotStarted", "it has not started yet");
    }
    let active = object.count("/status/active");
    ObjectStatus::current(format!("it is running: {active} pods are active, {succeeded} succeeded, {failed} failed"))
}
