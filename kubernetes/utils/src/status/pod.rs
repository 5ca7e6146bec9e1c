use std::time::Duration;

use kubernetes_core::Time;
use kubernetes_core::json::Tree;

use super::ObjectStatus;
use super::document::Document;

/// The time after which an unschedulable pod counts as failed, as in kstatus.
const SCHEDULE_WINDOW: Duration = Duration::from_secs(15);

pub(super) fn status(pod: &Document<'_>, now: Time) -> ObjectStatus {
    match pod.text("/status/phase") {
        "Succeeded" => ObjectStatus::current("it has completed"),
        "Failed" => ObjectStatus::current("it has completed, but not successfully"),
        "Running" => running(pod),
        "Pending" => pending(pod, now),
        "" => ObjectStatus::in_progress("PodNotObserved", "its phase is not known yet"),
        phase => ObjectStatus::new(super::ObjectState::Unknown, "", format!("its phase is {phase}")),
    }
}

fn running(pod: &Document<'_>) -> ObjectStatus {
    if pod.condition("Ready", "True").is_some() {
        return ObjectStatus::current("it is ready");
    }
    let is_crashing =
        |container: &&Tree| container.at("/state/waiting/reason").and_then(Tree::as_str) == Some("CrashLoopBackOff");
    let crashing = pod.list("/status/containerStatuses").iter().filter(is_crashing);
    let names: Vec<&str> = crashing.filter_map(|container| container.get("name")?.as_str()).collect();
    match names.as_slice() {
        [] => ObjectStatus::in_progress("PodRunningNotReady", "it is running, but not ready"),
        [name] => ObjectStatus::failed("ContainerCrashLooping", format!("the container {name} keeps crashing")),
        names => {
            let message = format!("the containers {} keep crashing", names.join(", "));
            ObjectStatus::failed("ContainerCrashLooping", message)
        }
    }
}

fn pending(pod: &Document<'_>, now: Time) -> ObjectStatus {
    match pod.condition("PodScheduled", "False") {
        Some(scheduled) if scheduled.reason == "Unschedulable" => {
            let created = pod.text("/metadata/creationTimestamp").parse::<Time>().ok();
            let is_new = created.is_some_and(|created| {
                let age = now.timestamp().duration_since(created.timestamp());
                Duration::try_from(age).unwrap_or_default() < SCHEDULE_WINDOW
            });
            let message = match scheduled.message {
                "" => "it could not be scheduled".to_owned(),
                message => format!("it could not be scheduled: {message}"),
            };
            match is_new {
                true => ObjectStatus::in_progress("PodNotScheduled", message),
                false => ObjectStatus::failed("PodUnschedulable", message),
            }
        }
        _ => ObjectStatus::in_progress("PodPending", "it is pending"),
    }
}
