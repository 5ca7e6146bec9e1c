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
    started.iter().map(|started| &*started.key.container).collect()
}

fn all(_: &str) -> bool {
    true
}

fn ended(started: Started, was_gone: bool) -> Ended {
    Ended { key: started.key, progress: Progress::new(true, None), was_gone }
}

#[test]
fn a_container_is_followed_once_and_its_runs_are_counted() {
    let mut containers = Containers::default();
    let state = pod("1", &[("a", "x", "running"), ("b", "", "waiting")]);
    let first = containers.apply(&state, all);
    assert_eq!(names(&first), ["a"]);
    assert!(containers.apply(&state, all).is_empty());
    let again = containers.apply(&pod("1", &[("a", "y", "running"), ("b", "z", "terminated")]), all);
    assert_eq!(names(&again), ["b"]);
    let states = [&first[0], &again[0]].map(|started| *started.state.borrow());
    let state = |run, is_running| ContainerState { run, is_running, pod: PodState::Active };
    assert_eq!(states, [state(1, true), state(0, false)]);
}

#[test]
fn pods_that_a_list_lacks_are_gone() {
    let mut containers = Containers::default();
    let first = containers.apply(&pod("1", &[("a", "x", "running")]), all);
    containers.begin_list();
    let second = containers.apply(&pod("2", &[("a", "x", "running")]), all);
    containers.end_list();
    let state = |started: &[Started]| started[0].state.borrow().pod;
    assert_eq!((state(&first), state(&second)), (PodState::Gone, PodState::Active));
    containers.remove("2");
    assert!(state(&second) == PodState::Gone && containers.is_empty());
}

#[test]
fn a_pod_that_comes_back_is_followed_once_and_from_where_it_was_left() {
    let (mut containers, state) = (Containers::default(), pod("1", &[("a", "x", "running")]));
    let mut first = containers.apply(&state, all);
    containers.remove("1");
    assert!(containers.apply(&state, all).is_empty() && !containers.is_empty());
    assert_eq!(first[0].state.borrow().pod, PodState::Active);
    // It has come back while its log was being left.
    let mut again = containers.end(ended(first.remove(0), true)).expect("it is followed again");
    for was_gone in [true, false] {
        // In either order.
        if was_gone {
            containers.remove("1");
        }
        assert!(containers.end(ended(again, was_gone)).is_none());
        containers.remove("1");
        let mut returned = containers.apply(&state, all);
        assert_eq!(names(&returned), ["a"]);
        again = returned.remove(0);
        assert!(again.progress.is_some());
    }
}

#[test]
fn pods_that_are_gone_are_forgotten_at_last() {
    let mut containers = Containers::default();
    for uid in 0..3 * MAX_DEPARTED {
        let uid = uid.to_string();
        let started = containers.apply(&pod(&uid, &[("a", "x", "running")]), all).remove(0);
        assert!(containers.end(ended(started, false)).is_none());
        containers.remove(&uid);
        containers.remove(&uid);
    }
    assert_eq!((containers.pods.len(), containers.departed.len()), (MAX_DEPARTED, MAX_DEPARTED));
}

#[test]
fn a_container_that_waits_to_be_started_again_has_a_log() {
    let status = r#"{"name": "a", "containerID": "x", "state": {"waiting": {}}, "lastState": {"terminated": {}}}"#;
    let state = json::from_str(&format!(r#"{{"status": {{"containerStatuses": [{status}]}}}}"#)).unwrap();
    let started = Containers::default().apply(&state, all);
    assert_eq!((names(&started), started[0].state.borrow().has_ended()), (vec!["a"], true));
}

#[test]
fn others_than_the_wanted_ones_are_left_out() {
    let state = pod("1", &[("a", "x", "running"), ("b", "y", "running")]);
    assert_eq!(names(&Containers::default().apply(&state, |name| name == "b")), ["b"]);
}
