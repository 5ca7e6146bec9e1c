use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::StreamExt;
use kubernetes_watch::{Change, Reason, Reflector, ReflectorStream, Watch};

use crate::streams::initial::{STREAMING, page, watch_from};
use crate::streams::server::{Answer, Part, Server};
use crate::streams::{
    Widget, added, bookmark, bytes, ended, error, initial_events_end, line, object, open, refusal, then, widgets,
};

const SECOND: Duration = Duration::from_secs(1);

/// The next change, as `[`, `+web@7`, `-web@9`, `]`, `=10`; the error as its text; `end` at the end.
async fn next(stream: &mut ReflectorStream<Widget>) -> String {
    let shown = |sign, widget: &Widget| {
        format!("{sign}{}@{}", widget.name(), widget.metadata.resource_version.as_deref().unwrap_or_default())
    };
    match tokio::time::timeout(3600 * SECOND, stream.next()).await.expect("something within an hour") {
        None => "end".into(),
        Some(Err(error)) => format!("{error}"),
        Some(Ok(Change::RestartBegin)) => "[".into(),
        Some(Ok(Change::Applied(widget))) => shown('+', &widget),
        Some(Ok(Change::Deleted(widget))) => shown('-', &widget),
        Some(Ok(Change::RestartEnd)) => "]".into(),
        Some(Ok(Change::Bookmark(bookmark))) => format!("={}", bookmark.resource_version()),
    }
}

async fn take<const N: usize>(stream: &mut ReflectorStream<Widget>) -> [String; N] {
    let mut changes = [const { String::new() }; N];
    for change in &mut changes {
        *change = next(stream).await;
    }
    changes
}

fn reflect(server: &Server) -> ReflectorStream<Widget> {
    Reflector::new(&server.client()).stream(widgets())
}

#[tokio::test(start_paused = true)]
async fn yields_what_exists_as_it_comes() {
    let parts = [added("b", 900), added("a", 5)].map(bytes).into_iter().chain([
        Part::Pause(5 * SECOND),
        bytes(line("MODIFIED", "b", 901)),
        bytes(line("DELETED", "a", 902)),
        bytes(initial_events_end(902)),
        bytes(line("MODIFIED", "b", 903)),
        bytes(line("DELETED", "b", 904)),
        bytes(bookmark(905)),
    ]);
    let server = Server::new([Answer::Body(parts.collect()), open([])]);
    let mut stream = reflect(&server);
    let listed = tokio::time::timeout(SECOND, take(&mut stream)).await.expect("before the list is complete");
    assert_eq!(listed, ["[", "+b@900", "+a@5"]);
    assert_eq!(take(&mut stream).await, ["+b@901", "-a@902"]);
    assert_eq!(stream.resource_version(), None, "a watch from there would miss something");
    assert_eq!(take(&mut stream).await, ["]", "=902", "+b@903", "-b@904", "=905"]);
    assert_eq!(stream.resource_version(), Some("905"));
    assert_eq!(server.queries(), [STREAMING]);
}

#[tokio::test(start_paused = true)]
async fn lists_again_when_the_version_is_forgotten() {
    for gone in [ended([error(410, "Expired")]), refusal(410, "Gone"), ended([error(410, "Gone")])] {
        let server = Server::new([
            then([added("a", 1), added("b", 2), initial_events_end(3), bookmark(4)], Part::Reset),
            gone,
            open([added("b", 2), initial_events_end(9), added("c", 10)]),
        ]);
        let mut stream = reflect(&server);
        assert_eq!(take(&mut stream).await, ["[", "+a@1", "+b@2", "]", "=3", "=4"]);
        assert_eq!(take(&mut stream).await, ["[", "+b@2", "]", "=9", "+c@10"]);
        assert_eq!(server.queries(), [STREAMING.to_owned(), watch_from(4), STREAMING.to_owned()]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_list_that_breaks_begins_again() {
    let server = Server::new([
        then([added("phantom", 1)], Part::Reset),
        open([added("a", 2), initial_events_end(3), bookmark(4)]),
    ]);
    let mut stream = reflect(&server);
    assert_eq!(take(&mut stream).await, ["[", "+phantom@1", "[", "+a@2", "]", "=3", "=4"]);
}

#[tokio::test(start_paused = true)]
async fn pages_are_yielded_one_by_one() {
    let server = Server::new([
        refusal(422, "Invalid"),
        page("9", "first", &[object("a", 1), object("b", 2)]),
        page("9", "second", &[]),
        page("9", "", &[object("c", 3)]),
        open([added("d", 10)]),
    ]);
    let mut stream = reflect(&server);
    assert_eq!(take(&mut stream).await, ["[", "+a@1", "+b@2"]);
    assert_eq!(server.times().len(), 2, "the next page is asked for when this one has been taken");
    assert_eq!(take(&mut stream).await, ["+c@3", "]", "=9", "+d@10"]);
    assert_eq!(stream.resource_version(), Some("10"));
}

#[tokio::test(start_paused = true)]
async fn a_page_that_expires_begins_the_list_again() {
    let server = Server::new([
        refusal(422, "Invalid"),
        page("9", "first", &[object("phantom", 1)]),
        refusal(410, "Expired"),
        page("12", "", &[object("a", 2)]),
        open([]),
    ]);
    let mut stream = reflect(&server);
    assert_eq!(take(&mut stream).await, ["[", "+phantom@1", "[", "+a@2", "]", "=12"]);
    assert_eq!(server.queries()[1..], ["limit=500", "limit=500&continue=first", ""]);
}

/// A server that only ever forgets is asked ever less often, though every list goes well.
#[tokio::test(start_paused = true)]
async fn lists_that_come_to_nothing_do_not_cause_a_hot_loop() {
    let listed = ended([added("a", 1), initial_events_end(2), error(410, "Expired")]);
    let server = Server::new([]).always(listed);
    let mut stream = reflect(&server);
    for _ in 0..10 {
        assert_eq!(take(&mut stream).await, ["[", "+a@1", "]", "=2"]);
    }
    let times = server.times();
    assert!(times[9] - times[8] > 15 * SECOND, "{times:?}");
}

#[tokio::test(start_paused = true)]
async fn a_server_without_streaming_lists_is_asked_for_one_once() {
    let server = Server::new([
        refusal(422, "Invalid"),
        page("9", "", &[]),
        ended([error(410, "Expired")]),
        page("12", "", &[]),
        open([]),
    ]);
    let mut stream = reflect(&server);
    assert_eq!(take(&mut stream).await, ["[", "]", "=9", "[", "]", "=12"]);
    assert_eq!(server.queries(), [STREAMING.into(), "limit=500".into(), watch_from(9), "limit=500".into()]);
}

fn too_large() -> String {
    r#"{"kind":"Status","status":"Failure","reason":"Timeout","code":504,"message":"Too large resource version: 9, current: 5",
        "details":{"causes":[{"reason":"ResourceVersionTooLarge","message":"Too large resource version"}],"retryAfterSeconds":1}}"#
        .replace('\n', "")
}

#[tokio::test(start_paused = true)]
async fn a_version_that_the_server_does_not_know_yet_is_tried_once_more() {
    let refusal = Answer::Refusal(504, None, too_large());
    let event = ended([format!("{{\"type\":\"ERROR\",\"object\":{}}}\n", too_large())]);
    for answer in [refusal, event] {
        let listed = ended([initial_events_end(9)]);
        let server = Server::new([listed.clone(), answer.clone(), open([added("a", 10)])]);
        let mut stream = reflect(&server);
        assert_eq!(take(&mut stream).await, ["[", "]", "=9", "+a@10"]);

        // The server's data was restored from a backup.
        let server = Server::new([listed, answer.clone(), answer, open([initial_events_end(5)])]);
        let mut stream = reflect(&server);
        assert_eq!(take(&mut stream).await, ["[", "]", "=9", "[", "]", "=5"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_version_of_the_request_allows_any_state_or_is_left_out() {
    for (version, first) in [("0", "0"), ("7", "none")] {
        let server = Server::new([
            refusal(422, "Invalid"),
            page("9", "", &[]),
            ended([error(410, "Expired")]),
            page("12", "", &[]),
            open([]),
        ]);
        let mut stream = Reflector::new(&server.client()).stream(widgets().resource_version(version));
        assert_eq!(take(&mut stream).await, ["[", "]", "=9", "[", "]", "=12"]);
        assert_eq!(server.asked("resourceVersion"), [first, first, "9", "none"]);
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_retry_can_not_cure_is_final() {
    for answer in [refusal(403, "Forbidden"), open(["garbage\n".into()])] {
        let server = Server::new([ended([initial_events_end(9)]), answer]);
        let mut stream = reflect(&server);
        assert_eq!(take(&mut stream).await, ["[", "]", "=9"]);
        let text = next(&mut stream).await;
        assert!(text.contains("widgets"), "{text}");
        assert_eq!(take(&mut stream).await, ["end", "end"]);
        assert_eq!((server.times().len(), server.open()), (2, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn takes_the_settings_and_the_observer_of_a_watch() {
    let server = Server::new([ended([initial_events_end(9)]), ended([error(410, "Expired")]), open([])]);
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    let watch = Watch::new(&server.client()).timeout_seconds(30).observe(move |transition| {
        let version = transition.resource_version().map(str::to_owned);
        log.lock().unwrap().push((transition.reason(), version));
    });
    let mut stream = Reflector::from(watch.clone()).stream(widgets());
    assert_eq!(take(&mut stream).await, ["[", "]", "=9", "["]);
    use Reason::{Connected, Ended, Gone, Listed};
    let at = |reason| (reason, Some("9".to_owned()));
    // From no version where the objects are to be listed: for the first time, or again.
    let expected = [(Connected, None), at(Listed), at(Ended), at(Connected), (Gone, None), (Connected, None)];
    assert_eq!(*seen.lock().unwrap(), expected);
    assert_eq!(server.asked("timeoutSeconds"), ["30"; 3]);
    watch.stop();
    assert_eq!(take(&mut stream).await, ["end", "end"]);
    assert_eq!(server.open(), 0);
}
