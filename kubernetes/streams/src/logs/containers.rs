use std::collections::{HashMap, HashSet};

use kubernetes_core::Str;
use tokio::sync::watch;

use crate::pod::{ContainerStatus, Pod};

/// The containers of pods, as a watch reports them.
#[derive(Debug, Default)]
pub(super) struct Containers {
    pods: HashMap<Str, HashMap<Str, Run>>,
    /// The pods of a list that is not complete.
    listed: Option<HashSet<Str>>,
}

/// A container that was started.
#[derive(Debug)]
struct Run {
    /// Another one follows when the container is started again.
    id: Str,
    state: watch::Sender<RunState>,
}

/// The state of a container that was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RunState {
    Running,
    Ended,
    /// It was started again: under its name, the server has the log of the next one.
    Replaced,
}

/// A container that was started and is not followed yet.
#[derive(Debug)]
pub(super) struct Started {
    pub(super) pod: Str,
    pub(super) container: Str,
    pub(super) state: watch::Receiver<RunState>,
}

impl Containers {
    /// Takes a pod's state in; returns the containers that were started since the last one.
    pub(super) fn apply(&mut self, pod: &Pod, names: &[Str]) -> Vec<Started> {
        let uid: Str = pod.uid().into();
        if let Some(listed) = &mut self.listed {
            listed.insert(uid.clone());
        }
        let runs = self.pods.entry(uid).or_default();
        let mut started = Vec::new();
        let is_wanted = |status: &&ContainerStatus| names.is_empty() || names.contains(&status.name);
        for status in pod.status.all_containers().filter(is_wanted).filter(|status| status.has_started()) {
            let state = if status.is_running() { RunState::Running } else { RunState::Ended };
            match runs.get(&status.name).filter(|run| run.id == status.container_id) {
                Some(run) => drop(run.state.send_replace(state)),
                None => {
                    let (sender, receiver) = watch::channel(state);
                    started.push(Started { pod: pod.name().into(), container: status.name.clone(), state: receiver });
                    let run = Run { id: status.container_id.clone(), state: sender };
                    if let Some(before) = runs.insert(status.name.clone(), run) {
                        before.state.send_replace(RunState::Replaced);
                    }
                }
            }
        }
        started
    }

    /// A pod is gone.
    pub(super) fn remove(&mut self, uid: &str) {
        for run in self.pods.remove(uid).into_iter().flat_map(HashMap::into_values) {
            run.state.send_replace(RunState::Ended);
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

    /// Whether no pod is known.
    pub(super) fn is_empty(&self) -> bool {
        self.pods.is_empty()
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
    fn a_container_is_followed_once_for_each_start() {
        let mut containers = Containers::default();
        let state = pod("1", &[("a", "x", "running"), ("b", "", "waiting")]);
        let first = containers.apply(&state, &[]);
        assert_eq!(names(&first), ["a"]);
        assert!(containers.apply(&state, &[]).is_empty());
        let again = containers.apply(&pod("1", &[("a", "y", "running"), ("b", "z", "terminated")]), &[]);
        assert_eq!(names(&again), ["a", "b"]);
        let states = [&first[0], &again[0], &again[1]].map(|started| *started.state.borrow());
        assert_eq!(states, [RunState::Replaced, RunState::Running, RunState::Ended]);
    }

    #[test]
    fn pods_that_a_list_lacks_are_gone() {
        let mut containers = Containers::default();
        let first = containers.apply(&pod("1", &[("a", "x", "running")]), &[]);
        containers.begin_list();
        let second = containers.apply(&pod("2", &[("a", "x", "running")]), &["a".into()]);
        containers.end_list();
        let state = |started: &[Started]| *started[0].state.borrow();
        assert_eq!((state(&first), state(&second)), (RunState::Ended, RunState::Running));
        containers.remove("2");
        assert!(state(&second) == RunState::Ended && containers.is_empty());
    }

    #[test]
    fn a_container_that_waits_to_be_started_again_has_a_log() {
        let status = r#"{"name": "a", "containerID": "x", "state": {"waiting": {}}, "lastState": {"terminated": {}}}"#;
        let state = json::from_str(&format!(r#"{{"status": {{"containerStatuses": [{status}]}}}}"#)).unwrap();
        let started = Containers::default().apply(&state, &[]);
        assert_eq!((names(&started), *started[0].state.borrow()), (vec!["a"], RunState::Ended));
    }

    #[test]
    fn others_than_the_wanted_ones_are_left_out() {
        let state = pod("1", &[("a", "x", "running"), ("b", "y", "running")]);
        assert_eq!(names(&Containers::default().apply(&state, &["b".into()])), ["b"]);
    }
}
