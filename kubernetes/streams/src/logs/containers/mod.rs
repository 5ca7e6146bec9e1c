#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use kubernetes_core::Str;
use tokio::sync::watch;

use super::progress::Progress;
use crate::pod::{ContainerStatus, Pod};

/// The containers of pods, as a watch reports them.
#[derive(Debug, Default)]
pub(super) struct Containers {
    /// By uid, with the latest of those that are gone, which may come back into the selection.
    pods: HashMap<Str, KnownPod>,
    /// The pods that are gone and not followed any more, in this order.
    departed: VecDeque<Str>,
    /// The pods of a list that is not complete.
    listed: Option<HashSet<Str>>,
}

/// So many pods that are gone are remembered.
const MAX_DEPARTED: usize = 50;

#[derive(Debug, Default)]
struct KnownPod {
    is_gone: bool,
    containers: HashMap<Str, KnownContainer>,
}

/// A container that was started.
#[derive(Debug)]
struct KnownContainer {
    /// Another one follows when the container is started again.
    id: Str,
    state: watch::Sender<ContainerState>,
    /// How far its log was read; `None` while it is followed.
    progress: Option<Progress>,
}

/// The state of a container that was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ContainerState {
    /// Counts the runs that were seen, from 0. There may have been others in between.
    pub(super) run: usize,
    pub(super) is_running: bool,
    pub(super) pod: PodState,
}

/// Whether another run of a container may follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PodState {
    Active,
    Finished,
    /// It was deleted, or has left the selection.
    Gone,
}

impl ContainerState {
    /// Whether nothing more is written in this run.
    pub(super) fn has_ended(self) -> bool {
        !self.is_running || self.pod != PodState::Active
    }
}

/// The names of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ContainerKey {
    pub(super) namespace: Str,
    pub(super) pod: Str,
    pub(super) uid: Str,
    pub(super) container: Str,
    /// Whether no other pod gets the name of this one.
    pub(super) has_unique_name: bool,
}

impl ContainerKey {
    pub(super) fn of(pod: &Pod, container: &str) -> Self {
        let namespace = pod.namespace().unwrap_or_default().into();
        Self {
            namespace,
            pod: pod.name().into(),
            uid: pod.uid().into(),
            container: container.into(),
            has_unique_name: pod.has_generated_name(),
        }
    }

    /// For errors: which log it is.
    pub(super) fn place(&self) -> Arc<str> {
        let Self { namespace, pod, container, .. } = self;
        format!("the log of container {container} in pod {namespace}/{pod}").into()
    }
}

/// A container whose log is to be followed.
#[derive(Debug)]
pub(super) struct Started {
    pub(super) key: ContainerKey,
    pub(super) state: watch::Receiver<ContainerState>,
    /// How far its log was read before, if it was.
    pub(super) progress: Option<Progress>,
}

/// A container whose log is not followed any more.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) key: ContainerKey,
    pub(super) progress: Progress,
    /// Whether that is because its pod was gone.
    pub(super) was_gone: bool,
}

impl Containers {
    /// Takes a pod's state in; returns the containers that are to be followed from now on.
    pub(super) fn apply(&mut self, pod: &Pod, is_wanted: impl Fn(&str) -> bool) -> Vec<Started> {
        let uid: Str = pod.uid().into();
        if let Some(listed) = &mut self.listed {
            listed.insert(uid.clone());
        }
        self.departed.retain(|departed| *departed != uid);
        let known = self.pods.entry(uid.clone()).or_default();
        let has_returned = std::mem::take(&mut known.is_gone);
        let pod_state = if pod.has_finished() { PodState::Finished } else { PodState::Active };
        let mut started = Vec::new();
        let statuses = pod.status.all_containers().filter(|status| is_wanted(&status.name) && status.has_started());
        for status in statuses {
            let state = ContainerState { run: 0, is_running: status.is_running(), pod: pod_state };
            let key = ContainerKey::of(pod, &status.name);
            if let Some(container) = known.containers.get_mut(&status.name) {
                container.update(status, state);
                if has_returned && let Some(progress) = container.progress.take() {
                    started.push(container.follow(key, Some(progress)));
                }
            } else {
                let id = status.container_id.clone();
                let container = KnownContainer { id, state: watch::Sender::new(state), progress: None };
                started.push(container.follow(key, None));
                known.containers.insert(status.name.clone(), container);
            }
        }
        started
    }

    /// A pod is gone.
    pub(super) fn remove(&mut self, uid: &str) {
        let Some(known) = self.pods.get_mut(uid) else { return };
        known.is_gone = true;
        for container in known.containers.values() {
            container.state.send_modify(|state| state.pod = PodState::Gone);
        }
        self.depart(uid);
    }

    /// A container is not followed any more; it is again if its pod has come back meanwhile.
    pub(super) fn end(&mut self, ended: Ended) -> Option<Started> {
        let Ended { key, progress, was_gone } = ended;
        let pod = self.pods.get_mut(&key.uid)?;
        let container = pod.containers.get_mut(&key.container)?;
        if was_gone && !pod.is_gone {
            return Some(container.follow(key, Some(progress)));
        }
        container.progress = Some(progress);
        self.depart(&key.uid);
        None
    }

    /// Forgets the pod that has been gone for longest, if that makes too many.
    fn depart(&mut self, uid: &str) {
        let is_over = |pod: &KnownPod| pod.is_gone && pod.containers.values().all(|known| known.progress.is_some());
        if !self.pods.get(uid).is_some_and(is_over) || self.departed.iter().any(|departed| departed == uid) {
            return;
        }
        self.departed.push_back(uid.into());
        if self.departed.len() > MAX_DEPARTED
            && let Some(oldest) = self.departed.pop_front()
        {
            self.pods.remove(&oldest);
        }
    }

    /// A list begins: pods that it does not have are gone.
    pub(super) fn begin_list(&mut self) {
        self.listed = Some(HashSet::new());
    }

    pub(super) fn end_list(&mut self) {
        let Some(listed) = self.listed.take() else { return };
        let gone: Vec<Str> = self.pods.keys().filter(|uid| !listed.contains(*uid)).cloned().collect();
        for uid in gone {
            self.remove(&uid);
        }
    }

    /// Whether all pods are gone.
    pub(super) fn is_empty(&self) -> bool {
        self.pods.values().all(|known| known.is_gone)
    }
}

impl KnownContainer {
    fn update(&mut self, status: &ContainerStatus, state: ContainerState) {
        let is_next = self.id != status.container_id;
        self.id.clone_from(&status.container_id);
        self.state.send_if_modified(|known| {
            let state = ContainerState { run: known.run + usize::from(is_next), ..state };
            std::mem::replace(known, state) != state
        });
    }

    fn follow(&self, key: ContainerKey, progress: Option<Progress>) -> Started {
        Started { key, state: self.state.subscribe(), progress }
    }
}
