//! Watches that make no progress: each of them is noticed in time, and none is retried forever in silence.

#![allow(clippy::print_stdout, reason = "with --nocapture, the tests show when a stall is noticed")]

use std::time::Duration;

use kubernetes_watch::{Informer, Reflector, Watch};

use crate::streams::initial::{STREAMING, page, watch_from};
use crate::streams::server::{Answer, Part, Server};
use crate::streams::{
    added, bookmark, bytes, ended, error, initial_events_end, next, object, open, refusal, stream, take, widgets,
};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

/// A line every two seconds for two hours.
fn every_two_seconds(line: &str) -> impl Iterator<Item = Part> {
    let line = line.to_owned();
    (0..3600).flat_map(move |_| [Part::Pause(2 * SECOND), bytes(line.clone())])
}

/// Lines, and then blank ones for two hours.
fn then_blank<const N: usize>(lines: [String; N]) -> Answer {
    Answer::Body(lines.map(bytes).into_iter().chain(every_two_seconds("\n")).collect())
}

/// When the objects were listed, in whatever way.
fn lists(server: &Server) -> Vec<Duration> {
    let queries = server.queries();
    let is_list = |query: &String| query.contains("sendInitialEvents") || !query.contains("watch=true");
    server.times().into_iter().zip(&queries).filter(|(_, query)| is_list(query)).map(|(time, _)| time).collect()
}

/// The requests of an informer in this time.
async fn watched_for(server: &Server, watch: &Watch, time: Duration) -> Informer<crate::streams::Widget> {
    let informer = Informer::builder(&server.client(), widgets()).watch(watch).start();
    tokio::time::sleep(time).await;
    informer
}

/// kubernetes#104171: a version that the server has forgotten is answered with a watch that ends at once.
#[tokio::test(start_paused = true)]
async fn a_watch_that_ends_at_once_again_is_listed_again() {
    let listed = |version| ended([initial_events_end(version), bookmark(version + 1)]);
    let server = Server::new([listed(5), ended([]), ended([]), open([added("a", 8), initial_events_end(9)])]);
    let informer = watched_for(&server, &Watch::new(&server.client()), MINUTE).await;
    println!("lists at {:?}", lists(&server));
    assert_eq!(informer.store().len(), 1);
    assert_eq!(server.queries(), [STREAMING.to_owned(), watch_from(6), watch_from(6), STREAMING.to_owned()]);
    assert!(lists(&server)[1] < 5 * SECOND, "{:?}", lists(&server));
    assert!(informer.error().is_none());
}

#[tokio::test(start_paused = true)]
async fn a_stream_of_watches_that_end_at_once_ends_as_for_a_forgotten_version() {
    use futures_util::StreamExt;
    let server = Server::new([]).always(ended([]));
    let mut stream = stream(&server);
    let item = tokio::time::timeout(60 * MINUTE, stream.next()).await.expect("it ends");
    let failure = item.expect("an item").expect_err("an error");
    println!("{failure} after {:?}", server.times().last());
    assert!(failure.is_gone(), "{failure:?}");
    assert_eq!(server.times().len(), 11, "{:?}", server.times());
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_fails_for_long_is_listed_again() {
    let listed = ended([initial_events_end(5), bookmark(6)]);
    for failure in [refusal(500, "InternalError"), ended([crate::streams::line("ERROR", "x", 1)])] {
        let server = Server::new([listed.clone()]).always(failure);
        let informer = watched_for(&server, &Watch::new(&server.client()), 30 * MINUTE).await;
        println!("lists at {:?}", lists(&server));
        assert!(lists(&server).get(1).is_some_and(|time| *time < 6 * MINUTE), "{:?}", lists(&server));
        assert!(informer.error().is_some());
    }
}

#[tokio::test(start_paused = true)]
async fn a_change_after_each_list_does_not_end_the_pause_between_lists() {
    let streaming = Server::new([]).always(ended([initial_events_end(5), added("a", 6), error(410, "Expired")]));
    let pairs = (0..100).flat_map(|_| [page("5", "", &[]), ended([added("a", 6), error(410, "Expired")])]);
    let paged = Server::new(pairs);
    for (server, bookmarks) in [(streaming, true), (paged, false)] {
        let watch = Watch::new(&server.client()).bookmarks(bookmarks);
        drop(watched_for(&server, &watch, 30 * SECOND).await);
        println!("{} lists in 30 s", lists(&server).len());
        assert!((4..=7).contains(&lists(&server).len()), "{:?}", lists(&server));
    }
}

#[tokio::test(start_paused = true)]
async fn two_healthy_minutes_make_the_next_list_come_soon() {
    let storm = || ended([initial_events_end(5), added("a", 6), error(410, "Expired")]);
    let quiet = || (0..3).flat_map(|_| [Part::Pause(MINUTE), bytes(bookmark(7))]);
    let healthy = [bytes(initial_events_end(5))].into_iter().chain(quiet()).chain([bytes(error(410, "Expired"))]);
    let answers = (0..8).map(|_| storm()).chain([Answer::Body(healthy.collect())]);
    let server = Server::new(answers).always(storm());
    drop(watched_for(&server, &Watch::new(&server.client()), 10 * MINUTE).await);
    let times = lists(&server);
    assert!(times[8] - times[7] > 12 * SECOND, "{times:?}");
    assert!(times[9] - times[8] < 3 * MINUTE + SECOND, "{times:?}");
}

#[tokio::test(start_paused = true)]
async fn blank_lines_do_not_count_as_activity() {
    // A streaming list.
    let server = Server::new([then_blank([added("x", 1)]), page("9", "", &[object("a", 4)]), open([])]);
    let informer = watched_for(&server, &Watch::new(&server.client()), 60 * MINUTE).await;
    println!("streaming list: {:?}", lists(&server));
    assert!(informer.store().is_ready());
    assert_eq!(lists(&server).get(1), Some(&(10 * SECOND)));

    // A watch.
    let server = Server::new([then_blank([initial_events_end(5)]), then_blank([])]);
    let informer = watched_for(&server, &Watch::new(&server.client()), 4 * MINUTE).await;
    println!("watch: {:?}", server.times());
    assert_eq!(server.times()[1..], [90 * SECOND, 180 * SECOND], "{:?}", server.times());
    assert!(informer.error().is_some(), "nothing has come since");
}

#[tokio::test(start_paused = true)]
async fn blank_lines_without_a_pause_do_not_count_as_activity() {
    let flood = (0..10_000_000_u32).map(|index| if index % 100_000 == 0 { Part::Pause(SECOND) } else { bytes("\n") });
    let parts = [bytes(initial_events_end(5))].into_iter().chain(flood.take(2_000_000));
    let server = Server::new([Answer::Body(parts.collect()), open([])]);
    let watch = Watch::new(&server.client()).idle_timeout(5 * SECOND);
    drop(watched_for(&server, &watch, MINUTE).await);
    assert!(server.times().get(1).is_some_and(|time| *time <= 8 * SECOND), "{:?}", server.times());
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_the_server_does_not_end_is_ended_after_its_time() {
    let bookmarks = (6..200).flat_map(|version| [Part::Pause(MINUTE), bytes(bookmark(version))]);
    let endless = Answer::Body([bytes(initial_events_end(5))].into_iter().chain(bookmarks).collect());
    // Also one without an idle timeout that is not even answered.
    for (answer, silent) in [(endless, false), (open([initial_events_end(5)]), true), (Answer::Silence, true)] {
        let server = Server::new([answer, open([])]);
        let watch = Watch::new(&server.client()).timeout_seconds(300);
        let watch = if silent { watch.idle_timeout(None) } else { watch };
        drop(watched_for(&server, &watch, 30 * MINUTE).await);
        println!("next request at {:?}", server.times().get(1));
        assert!(server.times().get(1).is_some_and(|time| *time <= 320 * SECOND), "{:?}", server.times());
    }
}

/// A proxy that keeps the answer back until it is complete.
#[tokio::test(start_paused = true)]
async fn a_watch_that_never_brings_anything_is_listed_again() {
    let server = Server::new([ended([initial_events_end(5), bookmark(6)])]).always(open([]));
    let informer = watched_for(&server, &Watch::new(&server.client()), 60 * MINUTE).await;
    println!("lists at {:?}", lists(&server));
    assert!(lists(&server).get(1).is_some_and(|time| *time < 20 * MINUTE), "{:?}", lists(&server));
    assert!(informer.error().is_some());
}

#[tokio::test(start_paused = true)]
async fn an_error_without_a_known_code_is_retried() {
    for object in [
        "null",
        "{}",
        "[]",
        "\"etcdserver: leader changed\"",
        "{\"foo\":1}",
        "{\"kind\":\"Status\",\"status\":\"Failure\",\"message\":\"something went wrong\"}",
        "{\"kind\":\"Status\",\"status\":\"Failure\",\"message\":\"x\",\"reason\":\"Unheard\",\"code\":0}",
        "{\"kind\":\"Status\",\"code\":\"x\"}",
    ] {
        let failure = ended([format!("{{\"type\":\"ERROR\",\"object\":{object}}}\n")]);
        let server = Server::new([failure.clone(), open([added("a", 6)])]);
        assert_eq!(next(&mut stream(&server)).await, "+a@6", "{object}");
        assert_eq!(server.asked("resourceVersion"), ["5", "5"]);

        let server = Server::new([]).always(failure);
        let text = next(&mut stream(&server)).await;
        assert!(text.contains("with error"), "it is not retried forever: {text}");
    }
}

#[tokio::test(start_paused = true)]
async fn events_are_any_sequence_of_json_values() {
    let two = |a, b| format!("{}{}", added("a", a).trim_end(), added("b", b));
    let pretty = added("a", 6).replace(',', ",\n  ").replace('{', "{\n");
    for parts in [
        vec![bytes(two(6, 7))],
        vec![bytes(two(6, 7).trim_end())],
        vec![bytes(format!("{}\n\n{}", pretty.trim_end(), added("b", 7)))],
        vec![bytes(format!("{} {}", pretty.trim_end(), pretty.replace("\"a\"", "\"b\"").replace('6', "7")))],
        pretty.bytes().chain(added("b", 7).bytes()).map(|byte| bytes([byte])).collect(),
        two(6, 7).trim_end().bytes().map(|byte| bytes([byte])).collect(),
    ] {
        let server = Server::new([Answer::Body(parts.into_iter().chain([Part::Hang]).collect())]);
        assert_eq!(take(&mut stream(&server)).await, ["+a@6", "+b@7"]);
        assert_eq!(server.times().len(), 1, "nothing was asked for again");
    }
}

#[tokio::test(start_paused = true)]
async fn tokens_that_go_in_a_circle_end_in_an_error() {
    use futures_util::StreamExt;
    let circle = |length: usize| (0..300).map(move |index| page("9", &format!("t{}", index % length), &[]));
    for length in [2, 3, 7] {
        let server = Server::new(circle(length).chain(circle(length)));
        let mut changes = Reflector::from(Watch::new(&server.client()).bookmarks(false)).stream(widgets());
        let failure = loop {
            match tokio::time::timeout(60 * MINUTE, changes.next()).await.expect("it ends").expect("an item") {
                Ok(_) => {}
                Err(failure) => break failure,
            }
        };
        assert!(failure.to_string().contains("continue token"), "{failure}");
        assert!(server.times().len() < 120, "{} requests", server.times().len());
    }
}

/// A server that pages whether asked or not, and whose tokens are always too old.
#[tokio::test(start_paused = true)]
async fn tokens_that_are_always_too_old_do_not_cause_a_hot_loop() {
    let pairs = || (0..5_000).flat_map(|_| [page("9", "t1", &[object("a", 1)]), refusal(410, "Expired")]);
    let server = Server::new(pairs());
    let informer = watched_for(&server, &Watch::new(&server.client()).bookmarks(false), 5 * MINUTE).await;
    println!("{} requests in 5 min", server.times().len());
    assert!(server.times().len() < 100, "{}", server.times().len());
    assert!(informer.error().is_some());

    let server = Server::new(pairs());
    let mut stream = Watch::new(&server.client()).bookmarks(false).stream(widgets());
    let text = next(&mut stream).await;
    assert!(text.contains("never ends"), "{text}");
    assert!(server.times().len() < 10, "{}", server.times().len());
}
