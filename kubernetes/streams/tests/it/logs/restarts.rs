//! Containers that end and start, and pods that follow each other under a name, while the watch of pods lags behind.

use std::time::Duration;

use kubernetes_streams::{PodLogStream, PodLogs};
use kubernetes_testing::Fault;
use tokio::time::sleep;

use super::kubelet::Kubelet;
use super::{is_quiet, next, pod};

/// The time by which the watch of pods lags behind.
const LAG: Duration = Duration::from_secs(100);

/// Holds back what happens after the initial state of one pod.
fn lag(kubelet: &Kubelet) {
    kubelet.server().inject(Fault::end_after(2).verb("watch"));
    kubelet.server().inject(Fault::delay(LAG).verb("watch").nth(2));
}

async fn line(stream: &mut PodLogStream) -> String {
    next(stream).await.expect("a line").expect("no error").text
}

/// The line `x` of a container has been read, and from now on the watch lags behind.
async fn read_one_line(at: u64) -> (Kubelet, PodLogStream) {
    let kubelet = Kubelet::new();
    kubelet.start("one");
    lag(&kubelet);
    let mut stream = all().stream(&kubelet.server().client());
    kubelet.write("one", at, "x");
    assert_eq!(line(&mut stream).await, "x");
    (kubelet, stream)
}

fn all() -> PodLogs {
    PodLogs::labelled("shop", "app=web").reconnect(true)
}

#[tokio::test(start_paused = true)]
async fn each_run_is_read_once() {
    for options in [all(), PodLogs::labelled("shop", "app=web")] {
        let kubelet = Kubelet::new();
        kubelet.start("one");
        let mut stream = options.stream(&kubelet.server().client());
        for (number, text) in ["x", "y", "z"].into_iter().enumerate() {
            kubelet.write("one", 1000 * number as u64, text);
            assert_eq!(line(&mut stream).await, text);
            assert!(is_quiet(&mut stream).await);
            kubelet.start("one");
        }
        assert!(is_quiet(&mut stream).await);
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_the_watch_reports_late_is_read_once() {
    let (kubelet, mut stream) = read_one_line(1000).await;
    kubelet.start("one");
    kubelet.write("one", 2000, "y");
    assert_eq!(line(&mut stream).await, "y");
    sleep(LAG).await;
    kubelet.write("one", 3000, "z");
    assert_eq!(line(&mut stream).await, "z");
    assert!(is_quiet(&mut stream).await);
}

#[tokio::test(start_paused = true)]
async fn a_pod_of_the_same_name_is_read_once_though_its_clock_is_behind() {
    let (kubelet, mut stream) = read_one_line(30_000).await;
    kubelet.delete("one").await;
    kubelet.start("one");
    kubelet.write("one", 10_000, "y");
    assert_eq!(line(&mut stream).await, "y");
    sleep(LAG).await;
    kubelet.write("one", 20_000, "z");
    assert_eq!(line(&mut stream).await, "z");
    assert!(is_quiet(&mut stream).await);
}

#[tokio::test(start_paused = true)]
async fn a_pod_that_is_gone_before_the_watch_says_so_is_not_an_error() {
    let (kubelet, mut stream) = read_one_line(1000).await;
    kubelet.delete("one").await;
    assert!(is_quiet(&mut stream).await);
}

#[tokio::test(start_paused = true)]
async fn a_run_between_two_states_of_the_watch_is_read_too() {
    let kubelet = Kubelet::new();
    kubelet.start("one");
    lag(&kubelet);
    // Without reconnecting, each run is asked for once the watch reports it.
    let mut stream = PodLogs::labelled("shop", "app=web").stream(&kubelet.server().client());
    kubelet.write("one", 1000, "x");
    assert_eq!(line(&mut stream).await, "x");
    for (at, text) in [(2000, "y"), (3000, "z")] {
        kubelet.start("one");
        kubelet.write("one", at, text);
    }
    assert_eq!((line(&mut stream).await, line(&mut stream).await), ("y".to_owned(), "z".to_owned()));
    assert!(is_quiet(&mut stream).await);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_ended_before_its_pod_was_seen_is_read() {
    let (kubelet, mut stream) = read_one_line(1000).await;
    kubelet.start("two");
    kubelet.write("two", 2000, "first");
    kubelet.start("two");
    kubelet.write("two", 3000, "second");
    // A watch reports each state; a list, of the last one only.
    kubelet.server().compact();
    assert_eq!((line(&mut stream).await, line(&mut stream).await), ("first".to_owned(), "second".to_owned()));
    assert!(is_quiet(&mut stream).await);
}

#[tokio::test(start_paused = true)]
async fn the_rest_of_a_run_is_read_though_its_connection_broke_before_it_ended() {
    for is_reported in [true, false] {
        let kubelet = Kubelet::new();
        kubelet.start("one");
        lag(&kubelet);
        kubelet.server().inject(Fault::reset_after("2030-01-01T00:00:01.000000000Z x\n".len()).resource("pods/log"));
        let mut stream = all().stream(&kubelet.server().client());
        kubelet.write("one", 1000, "x");
        assert_eq!(line(&mut stream).await, "x");
        kubelet.write("one", 2000, "last words");
        if is_reported {
            kubelet.start("one");
        } else {
            kubelet.start_unreported("one");
        }
        kubelet.write("one", 3000, "y");
        assert_eq!((line(&mut stream).await, line(&mut stream).await), ("last words".to_owned(), "y".to_owned()));
        assert!(is_quiet(&mut stream).await);
    }
}

#[tokio::test(start_paused = true)]
async fn a_pod_that_is_replaced_while_it_waits_is_not_read_twice() {
    let kubelet = Kubelet::new();
    kubelet.start("one");
    let mut stream = all().max_containers(1).stream(&kubelet.server().client());
    kubelet.write("one", 1000, "x");
    assert_eq!(line(&mut stream).await, "x");
    kubelet.start("two");
    assert!(next(&mut stream).await.unwrap().unwrap_err().is_waiting());
    sleep(LAG).await;
    kubelet.delete("two").await;
    kubelet.start("two");
    kubelet.write("two", 2000, "y");
    assert!(next(&mut stream).await.unwrap().unwrap_err().is_waiting());
    kubelet.delete("one").await;
    assert_eq!(line(&mut stream).await, "y");
    assert!(is_quiet(&mut stream).await);
}

#[tokio::test(start_paused = true)]
async fn a_pod_that_comes_back_into_the_selection_is_not_read_again() {
    let kubelet = Kubelet::new();
    kubelet.start("one");
    let mut stream = all().stream(&kubelet.server().client());
    kubelet.write("one", 1000, "x");
    assert_eq!(line(&mut stream).await, "x");
    for label in ["other", "web"] {
        let state = pod("one", &[("a", "run-1", "running")]).replace("app: web", &format!("app: {label}"));
        kubelet.server().load_yaml(&state).unwrap();
        assert!(is_quiet(&mut stream).await);
    }
    kubelet.start("one");
    kubelet.write("one", 2000, "y");
    assert_eq!(line(&mut stream).await, "y");
    assert!(is_quiet(&mut stream).await);
}

/// Takes the label of the pod away, or gives it back.
fn label(kubelet: &Kubelet, label: &str, state: &str) {
    let state = pod("one", &[("a", "run-1", state)]).replace("app: web", &format!("app: {label}"));
    kubelet.server().load_yaml(&state).unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_pod_that_leaves_the_selection_is_not_read_until_it_comes_back() {
    for options in [all(), PodLogs::labelled("shop", "app=web"), all().tail_lines(0)] {
        let kubelet = Kubelet::new();
        kubelet.start("one");
        let mut stream = options.stream(&kubelet.server().client());
        // With `tail_lines(0)`, it has to be open before.
        sleep(Duration::from_secs(1)).await;
        kubelet.write("one", 1000, "x");
        assert_eq!(line(&mut stream).await, "x");
        label(&kubelet, "other", "running");
        sleep(Duration::from_secs(1)).await;
        kubelet.write("one", 2000, "y");
        assert!(is_quiet(&mut stream).await);
        label(&kubelet, "web", "running");
        assert_eq!(line(&mut stream).await, "y");
        kubelet.write("one", 300_000, "z");
        assert_eq!(line(&mut stream).await, "z");
        assert!(is_quiet(&mut stream).await);
    }
}

#[tokio::test(start_paused = true)]
async fn a_pod_that_leaves_the_selection_is_not_read_on_although_the_look_up_fails_at_first() {
    for status in [429, 503] {
        let kubelet = Kubelet::new();
        kubelet.start("one");
        let mut stream = all().stream(&kubelet.server().client());
        kubelet.write("one", 1000, "x");
        assert_eq!(line(&mut stream).await, "x");
        kubelet.server().inject(Fault::status(status).resource("pods").verb("list").times(3));
        label(&kubelet, "other", "running");
        sleep(Duration::from_secs(60)).await;
        kubelet.write("one", 61_000, "y");
        assert!(is_quiet(&mut stream).await, "{status}");
        label(&kubelet, "web", "running");
        assert_eq!(line(&mut stream).await, "y");
    }
}

#[tokio::test(start_paused = true)]
async fn a_pod_that_comes_back_after_its_log_has_ended_is_not_read_again() {
    for is_ended_before in [true, false] {
        let kubelet = Kubelet::new();
        kubelet.start("one");
        let mut stream = all().stream(&kubelet.server().client());
        kubelet.write("one", 1000, "x");
        assert_eq!(line(&mut stream).await, "x");
        if is_ended_before {
            kubelet.end("one");
            label(&kubelet, "web", "terminated");
            assert!(is_quiet(&mut stream).await);
        }
        label(&kubelet, "other", if is_ended_before { "terminated" } else { "running" });
        assert!(is_quiet(&mut stream).await);
        kubelet.end("one");
        label(&kubelet, "web", "terminated");
        assert!(is_quiet(&mut stream).await);
    }
}

#[tokio::test(start_paused = true)]
async fn the_stream_of_a_pod_does_not_go_on_with_its_successor() {
    let kubelet = Kubelet::new();
    kubelet.start("one");
    lag(&kubelet);
    let mut stream = PodLogs::of_pod("shop", "one").reconnect(true).stream(&kubelet.server().client());
    kubelet.write("one", 1000, "x");
    assert_eq!(line(&mut stream).await, "x");
    kubelet.delete("one").await;
    kubelet.start("one");
    kubelet.write("one", 2000, "y");
    // A watch reports the deletion; a list has the successor in the place of the pod.
    kubelet.server().compact();
    assert!(next(&mut stream).await.is_none());
}

#[tokio::test(start_paused = true)]
async fn lines_that_were_not_asked_for_do_not_come_with_a_later_run() {
    for options in [all().tail_lines(0), all().since_seconds(1)] {
        let kubelet = Kubelet::new();
        kubelet.start("one");
        kubelet.write("one", 0, "old");
        sleep(Duration::from_secs(10)).await;
        let mut stream = options.stream(&kubelet.server().client());
        sleep(Duration::from_secs(10)).await;
        kubelet.start("one");
        kubelet.write("one", 20_000, "new");
        assert_eq!(line(&mut stream).await, "new");
        assert!(is_quiet(&mut stream).await);
    }
}
