use std::cmp::Reverse;

use kubernetes_client::Client;
use kubernetes_core::{ListRequest, ObjectKey, Time};
use kubernetes_models::core::v1::{ContainerPort, Pod};
use kubernetes_streams::Error;
use kubernetes_streams::port_forward::TargetPod;

/// The pod for new connections among those that match a selector: the current one while it is ready or no other is.
///
/// `owner` names the object with the selector.
pub(super) async fn choose(
    client: &Client,
    namespace: &str,
    selector: String,
    owner: &str,
    current: Option<&TargetPod>,
) -> Result<Pod, Error> {
    let pods = ListRequest::<Pod>::namespaced(namespace).label_selector(selector).send(client).await?.items;
    let running = pods.into_iter().filter(is_running);
    let chosen = running.max_by(|a, b| rank(a, current).cmp(&rank(b, current)));
    chosen.ok_or_else(|| Error::unavailable(format!("no pod of {owner} is running")))
}

fn is_running(pod: &Pod) -> bool {
    let phase = pod.status.as_ref().and_then(|status| status.phase.as_ref());
    pod.metadata.deletion_timestamp.is_none() && phase.is_some_and(|phase| phase == "Running")
}

/// Ready pods come last, and the current one last among these; then pods that have been ready for longest and restarted
/// least, as in kubectl's `podutils.ActivePods`.
fn rank<'a>(pod: &'a Pod, current: Option<&TargetPod>) -> impl Ord + use<'a> {
    let conditions = pod.status.iter().flat_map(|status| &status.conditions);
    let ready = conditions.into_iter().find(|condition| condition.type_ == "Ready" && condition.status == "True");
    let is_current = current.is_some_and(|current| current.uid() == Some(pod.uid()));
    let ready_since = ready.and_then(|condition| condition.last_transition_time.as_ref());
    let restarts =
        pod.status.iter().flat_map(|status| &status.container_statuses).map(|container| container.restart_count);
    let created = pod.metadata.creation_timestamp.as_ref();
    // An unknown time counts as late.
    let early = |time: Option<&'a Time>| Reverse((time.is_none(), time));
    (
        ready.is_some(),
        is_current,
        early(ready_since),
        Reverse(restarts.max().unwrap_or(0)),
        early(created),
        Reverse(pod.name()),
    )
}

/// The pod as a target.
pub(super) fn target(namespace: &str, pod: &Pod) -> TargetPod {
    TargetPod::new(ObjectKey::new(namespace, pod.name())).with_uid(pod.uid())
}

/// The named ports of a pod's containers.
pub(super) fn container_ports(pod: &Pod) -> impl Iterator<Item = &ContainerPort> {
    pod.spec.iter().flat_map(|spec| &spec.containers).flat_map(|container| &container.ports)
}

pub(super) fn number(port: i32) -> u16 {
    u16::try_from(port).unwrap_or(0)
}
