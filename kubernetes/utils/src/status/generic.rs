//! Rules that are common to all kinds, and rules for kinds other than pods and workloads.

use super::document::Document;
use super::{ObjectState, ObjectStatus};

/// The status, if the common rules decide it.
pub(super) fn status(object: &Document<'_>) -> Option<ObjectStatus> {
    if !object.text("/metadata/deletionTimestamp").is_empty() {
        return Some(ObjectStatus::new(ObjectState::Terminating, "", "it is being deleted"));
    }
    let generations = (object.integer("/metadata/generation"), object.integer("/status/observedGeneration"));
    if let (Some(generation), Some(observed)) = generations
        && generation != observed
    {
        let message = format!("its generation is {generation}, but the latest observed one is {observed}");
        return Some(ObjectStatus::in_progress("LatestGenerationNotObserved", message));
    }
    object.conditions().filter(|condition| !condition.is_stale).find_map(|condition| {
        let (reason, message) = (condition.reason, condition.message);
        match (condition.type_, condition.status) {
            ("Reconciling", "True") => Some(ObjectStatus::in_progress(reason, message)),
            ("Stalled", "True") => Some(ObjectStatus::failed(reason, message)),
            _ => None,
        }
    })
}

/// Any other kind.
pub(super) fn ready(object: &Document<'_>) -> ObjectStatus {
    match object.conditions().find(|condition| condition.type_ == "Ready") {
        None => ObjectStatus::current("it has no condition that indicates otherwise"),
        Some(ready) if ready.is_stale => {
            ObjectStatus::in_progress("LatestGenerationNotObserved", "its condition Ready is of an older generation")
        }
        Some(ready) if ready.status == "True" => ObjectStatus::current("it is ready"),
        Some(ready) => ObjectStatus::in_progress(ready.reason, ready.message),
    }
}

pub(super) fn claim(object: &Document<'_>) -> ObjectStatus {
    match object.text("/status/phase") {
        "Bound" => ObjectStatus::current("it is bound"),
        "" => ObjectStatus::in_progress("NotBound", "it is not bound; its phase is not known"),
        phase => ObjectStatus::in_progress("NotBound", format!("it is not bound; its phase is {phase}")),
    }
}

pub(super) fn service(object: &Document<'_>) -> ObjectStatus {
    if object.text("/spec/type") == "LoadBalancer" && object.text("/spec/clusterIP").is_empty() {
        return ObjectStatus::in_progress("NoIPAssigned", "it is a load balancer and has no cluster IP yet");
    }
    ObjectStatus::current("it is ready")
}

/// A CustomResourceDefinition.
pub(super) fn definition(object: &Document<'_>) -> ObjectStatus {
    for condition in object.conditions() {
        match (condition.type_, condition.status) {
            ("NamesAccepted", "False") => return ObjectStatus::failed(condition.reason, condition.message),
            ("Established", "False") if condition.reason != "Installing" => {
                return ObjectStatus::failed(condition.reason, condition.message);
            }
            ("Established", "True") => return ObjectStatus::current("it is established"),
            _ => {}
        }
    }
    ObjectStatus::in_progress("Installing", "it is not established yet")
}
