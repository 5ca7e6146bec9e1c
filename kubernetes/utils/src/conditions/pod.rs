//! Pods, as `kubectl run` waits for them:
//! <https://github.com/kubernetes/kubectl/blob/v0.37.2/pkg/cmd/run/run.go>

use kubernetes_models::core::v1::{ContainerStatus, Pod, PodStatus};
use kubernetes_watch::{ObjectCondition, Verdict};

use super::explained;

/// Holds if the pod is bound to a node and all its containers have been created, at least one of which is running or
/// restarting.
///
/// Fails for a pod that has ended, which will not run again.
pub fn pod_running() -> ObjectCondition<Pod> {
    ObjectCondition::new("is running", |pod: &Pod| match phase(pod) {
        "Running" => Verdict::Met,
        "Succeeded" | "Failed" => ended(pod),
        _ => waiting(pod),
    })
}

/// Holds if the pod is running and its condition `Ready` is true.
///
/// Fails for a pod that has ended, which will not be ready again. (`kubectl wait --for=condition=Ready` keeps waiting;
/// that is [`condition_is_true`](super::condition_is_true).)
pub fn pod_ready() -> ObjectCondition<Pod> {
    ObjectCondition::new("is ready", |pod: &Pod| match phase(pod) {
        "Running" if is_ready(pod) => Verdict::Met,
        "Succeeded" | "Failed" => ended(pod),
        _ => waiting(pod),
    })
}

/// Holds if the pod has ended, successfully or not.
pub fn pod_completed() -> ObjectCondition<Pod> {
    ObjectCondition::new("is completed", |pod: &Pod| match phase(pod) {
        "Succeeded" | "Failed" => Verdict::Met,
        _ => waiting(pod),
    })
}

/// Holds if the pod has succeeded. Fails if the pod has failed, since the phase `Failed` is final.
pub fn pod_succeeded() -> ObjectCondition<Pod> {
    ObjectCondition::new("has succeeded", |pod: &Pod| match phase(pod) {
        "Succeeded" => Verdict::Met,
        "Failed" => ended(pod),
        _ => waiting(pod),
    })
}

fn phase(pod: &Pod) -> &str {
    pod.status.as_ref().and_then(|status| status.phase.as_ref()).map_or("Unknown", |phase| phase.as_str())
}

fn is_ready(pod: &Pod) -> bool {
    let conditions = pod.status.iter().flat_map(|status| &status.conditions);
    conditions.into_iter().any(|condition| condition.type_ == "Ready" && condition.status == "True")
}

fn ended(pod: &Pod) -> Verdict {
    let Some(status) = &pod.status else { return Verdict::failed("it has ended") };
    let containers = containers(status).filter_map(|container| {
        let terminated = container.state.as_ref()?.terminated.as_ref()?;
        let why = explained(terminated.reason.as_deref(), terminated.message.as_deref());
        (terminated.exit_code != 0).then(|| format!("; {} ended with {}{why}", container.name, terminated.exit_code))
    });
    let why = explained(status.reason.as_deref(), status.message.as_deref());
    Verdict::failed(format!("it has ended as {}{why}{}", phase(pod), containers.collect::<String>()))
}

/// The reason why the pod does not run, if it is known.
fn waiting(pod: &Pod) -> Verdict {
    let Some(status) = &pod.status else { return Verdict::waiting("it has no status yet") };
    let unscheduled = status.conditions.iter().find(|it| it.type_ == "PodScheduled" && it.status == "False");
    let unscheduled = unscheduled.map(|it| explained(it.reason.as_deref(), it.message.as_deref())).unwrap_or_default();
    let containers = containers(status).filter_map(|container| {
        let waiting = container.state.as_ref()?.waiting.as_ref()?;
        let why = explained(waiting.reason.as_deref(), waiting.message.as_deref());
        Some(format!("; {} waits{why}", container.name))
    });
    let unready = if phase(pod) == "Running" && !is_ready(pod) { " and not ready" } else { "" };
    Verdict::waiting(format!("it is {}{unready}{unscheduled}{}", phase(pod), containers.collect::<String>()))
}

fn containers(status: &PodStatus) -> impl Iterator<Item = &ContainerStatus> {
    status.init_container_statuses.iter().chain(&status.container_statuses)
}
