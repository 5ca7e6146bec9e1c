use std::collections::{HashMap, HashSet};

use kubernetes_core::Str;
use tokio::sync::watch;

use crate::pod::{ContainerStatus, Pod};

/// The containers of pods, as a watch reports them.
#[derive(Debug, Default)]
pub(super) struct Containers {
    /// By uid. Those that are gone stay as long as a log of theirs is read: they may come back into the selection.
    pods: HashMap<Str, Containing>,
    /// The pods of a list that is not complete.
    listed: Option<HashSet<Str>>,
}

#[derive(Debug, Default)]
struct Containing {
    is_gone: bool,
    containers: HashMap<Str, Known>,
}

/// A container that was started.
#[derive(Debug)]
struct Known {
    /// Another one follows when the container is started again.
    id: Str,
    state: watch::Sender<State>,
}

/// The state of a container that was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct State {
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

impl State {
    /// Whether nothing more is written in this run.
    pub(super) fn has_ended(self) -> bool {
        !self.is_running || self.pod != PodState::Active
    }
}

/// A container that was started and is not followed yet.
#[derive(Debug)]
pub(super) struct Started {
    pub(super) pod: Str,
    pub(super) uid: Str,
    pub(super) container: Str,
    pub(super) state: watch::Receiver<State>,
}

impl Containers {
    /// Takes a pod's state in; returns the containers that were started and are not followed.
    pub(super) fn apply(&mut self, pod: &Pod, names: &[Str]) -> Vec<Started> {
        let uid: Str = pod.uid().into();
        if let Some(listed) = &mut self.listed {
            listed.insert(uid.clone());
        }
        self.forget(&uid);
        let known = self.pods.entry(uid.clone()).or_default();
        known.is_gone = false;
        let pod_state = if pod.has_finished() { PodState::Finished } else { PodState::Active };
        let mut started = Vec::new();
        let is_wanted = |status: &&ContainerStatus| names.is_empty() || names.contains(&status.name);
        for status in pod.status.all_containers().filter(is_wanted).filter(|status| status.has_started()) {
            let state = State { run: 0, is_running: status.is_running(), pod: pod_state };
            match known.containers.get_mut(&status.name) {
                Some(known) => known.update(status, state),
                None => {
                    let (sender, receiver) = watch::channel(state);
                    let (pod, container) = (pod.name().into(), status.name.clone());
                    started.push(Started { pod, uid: uid.clone(), container, state: receiver });
                    let container = Known { id: status.container_id.clone(), state: sender };
                    known.containers.insert(status.name.clone(), container);
                }
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
        self.forget(uid);
    }

    /// Forgets the containers of a pod that is gone, but for those whose logs are still read.
    pub(super) fn forget(&mut self, uid: &str) {
        let Some(known) = self.pods.get_mut(uid).filter(|known| known.is_gone) else { return };
        known.containers.retain(|_, container| !container.state.is_closed());
        if known.containers.is_empty() {
            self.pods.remove(uid);
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

impl Known {
    fn update(&mut self, status: &ContainerStatus, state: State) {
        let is_next = self.id != status.container_id;
        self.id.clone_from(&status.container_id);
        self.state.send_if_modified(|known| {
            let state = State { run: known.run + usize::from(is_next), ..state };
            std::mem::replace(known, state) != state
        });
    }
}

#[cfg(test)]
mod tests {
    use kubernetes_core::json;

    use super::*;

    fn pod(uid: &str, statuses: &[(&str, &str, &str)]) -> Pod {
        let statuses: Vec<String> = statuses
            .iter()
            .map(|(name, id, state)| {
                format!(r#"{{"name": "{name}", "containerID": "{id}", "state": {{"{state}": {{}}}}}}"#)
            })
            .collect();
        let text = format!(
            r#"{{"metadata": {{"name": "web", "uid": "{uid}"}}, "status": {{"containerStatuses": [{}]}}}}"#,
            statuses.join(",")
        );
        json::from_str(&text).unwrap()
    }

    fn names(started: &[Started]) -> Vec<&str> {
        started.iter().map(|started| &*started.container).collect()
    }

    #[test]
    fn a_container_is_followed_once_and_its_runs_are_counted() {
        let mut containers = Containers::default();
        let state = pod("1", &[("a", "x", "running"), ("b", "", "waiting")]);
        let first = containers.apply(&state, &[]);
        assert_eq!(names(&first), ["a"]);
        assert!(containers.apply(&state, &[]).is_empty());
        let again = containers.apply(&pod("1", &[("a", "y", "running"), ("b", "z", "terminated")]), &[]);
        assert_eq!(names(&again), ["b"]);
        let states = [&first[0], &again[0]].map(|started| *started.state.borrow());
        let state = |run, is_running| State { run, is_running, pod: PodState::Active };
        assert_eq!(states, [state(1, true), state(0, false)]);
    }

    #[test]
    fn pods_that_a_list_lacks_are_gone() {
        let mut containers = Containers::default();
        let first = containers.apply(&pod("1", &[("a", "x", "running")]), &[]);
        containers.begin_list();
        let second = containers.apply(&pod("2", &[("a", "x", "running")]), &["a".into()]);
        containers.end_list();
        let state = |started: &[Started]| started[0].state.borrow().pod;
        assert_eq!((state(&first), state(&second)), (PodState::Gone, PodState::Active));
        containers.remove("2");
        assert!(state(&second) == PodState::Gone && containers.is_empty());
    }

    #[test]
    fn a_pod_that_comes_back_is_followed_once() {
        let (mut containers, state) = (Containers::default(), pod("1", &[("a", "x", "running")]));
        let first = containers.apply(&state, &[]);
        containers.remove("1");
        assert!(containers.apply(&state, &[]).is_empty() && !containers.is_empty());
        assert_eq!(first[0].state.borrow().pod, PodState::Active);
        // Its log has been read to its end meanwhile.
        containers.remove("1");
        drop(first);
        assert_eq!(names(&containers.apply(&state, &[])), ["a"]);
        containers.remove("1");
        containers.forget("1");
        assert!(containers.pods.is_empty());
    }

    #[test]
    fn a_container_that_waits_to_be_started_again_has_a_log() {
        let status = r#"{"name": "a", "containerID": "x", "state": {"waiting": {}}, "lastState": {"terminated": {}}}"#;
        let state = json::from_str(&format!(r#"{{"status": {{"containerStatuses": [{status}]}}}}"#)).unwrap();
        let started = Containers::default().apply(&state, &[]);
        assert_eq!((names(&started), started[0].state.borrow().has_ended()), (vec!["a"], true));
    }

    #[test]
    fn others_than_the_wanted_ones_are_left_out() {
        let state = pod("1", &[("a", "x", "running"), ("b", "y", "running")]);
        assert_eq!(names(&Containers::default().apply(&state, &["b".into()])), ["b"]);
    }
}
