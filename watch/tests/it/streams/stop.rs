use std::time::Duration;

use futures_util::StreamExt;
use kubernetes_watch::{StopHandle, Watch, WatchStream};

use crate::streams::server::{Answer, Part, Server};
use crate::streams::{Widget, added, bytes, next, open, stream, take, widgets};

const SECOND: Duration = Duration::from_secs(1);

/// Starts to wait in a task of its own, and gives that time to begin.
async fn waiting(mut stream: WatchStream<Widget>) -> tokio::task::JoinHandle<bool> {
    let task = tokio::spawn(async move { stream.next().await.is_none() });
    tokio::time::sleep(SECOND / 10).await;
    task
}

#[tokio::test(start_paused = true)]
async fn stop_wakes_whatever_is_waited_for() {
    for answer in [open([]), Answer::Silence, Answer::Unreachable] {
        let server = Server::new([answer.clone()]).always(answer);
        let stream = stream(&server);
        let handle = stream.stop_handle();
        let task = waiting(stream).await;
        assert!(!task.is_finished());
        let before = tokio::time::Instant::now();
        handle.stop();
        assert!(task.await.unwrap());
        assert_eq!(before.elapsed(), Duration::ZERO);
        assert_eq!(server.open(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn the_event_before_a_stop_is_the_last() {
    let server = Server::new([open([added("a", 6), added("b", 7), "garbage\n".into()])]);
    let mut stream = stream(&server);
    assert_eq!(take(&mut stream).await, ["+a@6", "+b@7"]);
    stream.stop();
    assert_eq!(take(&mut stream).await, ["end", "end"]);
    assert_eq!((server.times().len(), server.open()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_stopped_watch_can_make_new_streams() {
    let server = Server::new([]).always(open([added("a", 6), added("b", 7), added("c", 8)]));
    let watch = Watch::new(&server.client());
    for _ in 0..2 {
        let mut stream = watch.stream(widgets().resource_version("5"));
        assert_eq!(take(&mut stream).await, ["+a@6", "+b@7"]);
        watch.stop();
        assert_eq!(next(&mut stream).await, "end");
    }
    assert_eq!(server.asked("resourceVersion"), ["5", "5"], "nothing is left of the stream before");
}

#[tokio::test(start_paused = true)]
async fn a_clone_stops_the_streams_of_both() {
    let server = Server::new([]).always(open([]));
    let watch = Watch::new(&server.client());
    let clone = watch.clone();
    let first = waiting(watch.stream(widgets().resource_version("5"))).await;
    let second = waiting(clone.stream(widgets().resource_version("5"))).await;
    let other = waiting(Watch::new(&server.client()).stream(widgets().resource_version("5"))).await;
    clone.stop();
    assert!(first.await.unwrap() && second.await.unwrap());
    assert!(!other.is_finished());
    other.abort();
}

#[tokio::test(start_paused = true)]
async fn stop_before_the_first_poll_sends_nothing() {
    let server = Server::new([]);
    let mut stream = stream(&server);
    stream.stop();
    assert_eq!(next(&mut stream).await, "end");
    assert!(server.times().is_empty());
}

#[tokio::test(start_paused = true)]
async fn stop_drops_what_was_listed() {
    let server = Server::new([open([added("a", 1), added("b", 2), crate::streams::initial_events_end(9)])]);
    let mut stream = Watch::new(&server.client()).stream(widgets());
    assert_eq!(next(&mut stream).await, "+a@1");
    stream.stop();
    assert_eq!(next(&mut stream).await, "end");
}

#[tokio::test(start_paused = true)]
async fn dropping_a_stream_closes_its_connection() {
    let server = Server::new([Answer::Body(vec![bytes(added("a", 6)), Part::Hang])]);
    let mut stream = stream(&server);
    assert_eq!(next(&mut stream).await, "+a@6");
    assert_eq!(server.open(), 1);
    drop(stream);
    assert_eq!(server.open(), 0);
}

#[tokio::test]
async fn no_stop_is_lost_between_threads() {
    for _ in 0..500 {
        let server = Server::new([]).always(open([]));
        let mut stream = stream(&server);
        let handle: StopHandle = stream.stop_handle();
        let thread = std::thread::spawn(move || handle.stop());
        assert!(stream.next().await.is_none());
        thread.join().unwrap();
    }
}

#[test]
fn streams_can_be_sent_and_moved() {
    fn is_send_and_unpin<T: Send + Unpin + 'static>() {}
    fn is_send_and_sync<T: Send + Sync + Clone + 'static>() {}
    is_send_and_unpin::<WatchStream<Widget>>();
    is_send_and_sync::<Watch>();
    is_send_and_sync::<StopHandle>();
}
