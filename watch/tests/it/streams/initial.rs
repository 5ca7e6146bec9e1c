use std::future::Future;
use std::time::Duration;

use kubernetes_watch::{Event, Reason, Watch};

use crate::streams::server::{Answer, Part, Server};
use crate::streams::{
    added, bookmark, bytes, ended, error, initial_events_end, line, next, object, open, refusal, take, then, widgets,
};

pub(crate) const STREAMING: &str =
    "watch=true&allowWatchBookmarks=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan";
const SECOND: Duration = Duration::from_secs(1);

pub(crate) fn page(version: &str, next: &str, objects: &[String]) -> Answer {
    let objects = objects.join(",");
    let list = format!(
        r#"{{"kind":"WidgetList","apiVersion":"example.com/v1","metadata":{{"resourceVersion":"{version}","continue":"{next}"}},"items":[{objects}]}}"#
    );
    Answer::Body(vec![bytes(list)])
}

pub(crate) fn watch_from(version: u32) -> String {
    format!("watch=true&allowWatchBookmarks=true&resourceVersion={version}")
}

#[tokio::test(start_paused = true)]
async fn existing_objects_come_first_when_all_are_known() {
    let parts = [added("b", 900), added("a", 5)].map(bytes).into_iter().chain([
        Part::Pause(5 * SECOND),
        bytes(initial_events_end(901)),
        bytes(line("MODIFIED", "a", 902)),
    ]);
    let server = Server::new([Answer::Body(parts.collect()), open([bookmark(903)])]);
    let mut stream = Watch::new(&server.client()).stream(widgets());
    assert!(tokio::time::timeout(4 * SECOND, next(&mut stream)).await.is_err(), "not before the list is complete");
    assert_eq!(take(&mut stream).await, ["+b@900", "+a@5"]);
    assert_eq!(stream.resource_version(), None, "a watch from the version of either would miss something");
    assert_eq!(next(&mut stream).await, "=901");
    assert_eq!(stream.resource_version(), Some("901"));
    assert_eq!(take(&mut stream).await, ["~a@902", "=903"]);
    assert_eq!(server.queries(), [STREAMING.to_owned(), watch_from(902)]);
}

#[tokio::test(start_paused = true)]
async fn changes_during_the_list_are_folded_in() {
    let server = Server::new([open([
        added("a", 1),
        added("b", 2),
        added("c", 3),
        line("MODIFIED", "b", 4),
        line("DELETED", "a", 5),
        added("d", 6),
        line("DELETED", "unknown", 7),
        added("a", 8),
        initial_events_end(8),
    ])]);
    let mut stream = Watch::new(&server.client()).stream(widgets());
    assert_eq!(take(&mut stream).await, ["+b@4", "+c@3", "+d@6", "+a@8", "=8"]);
}

#[tokio::test(start_paused = true)]
async fn the_bookmark_tells_where_the_initial_events_end() {
    use futures_util::StreamExt;
    let server = Server::new([open([initial_events_end(8), bookmark(9)])]);
    let mut stream = Watch::new(&server.client()).stream(widgets());
    for expected in [true, false] {
        let Some(Ok(Event::Bookmark(bookmark))) = stream.next().await else { panic!("no bookmark") };
        assert_eq!(bookmark.ends_initial_events(), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn a_streaming_list_that_breaks_starts_again() {
    for broken in [then([added("phantom", 1)], Part::Reset), ended([added("phantom", 1)]), Answer::Unreachable] {
        let server = Server::new([broken, open([added("a", 2), initial_events_end(3)])]);
        let mut stream = Watch::new(&server.client()).stream(widgets());
        assert_eq!(take(&mut stream).await, ["+a@2", "=3"]);
        assert_eq!(server.queries(), [STREAMING; 2]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_without_streaming_lists_is_asked_for_a_list() {
    let hang = |lines: Vec<Part>| Answer::Body(lines.into_iter().chain([Part::Hang]).collect());
    let refusals = [
        vec![refusal(422, "Invalid")],
        vec![refusal(400, "BadRequest")],
        vec![ended([error(422, "Invalid")])],
        vec![ended([error(400, "BadRequest")])],
        // It does not know the option: a bookmark comes that ends nothing, or none.
        vec![hang(vec![bytes(added("x", 1)), bytes(bookmark(2))])],
        vec![hang(vec![bytes(added("x", 1))])],
        vec![hang(
            std::iter::once(bytes(added("x", 1)))
                .chain((2..2000).flat_map(|version| [Part::Pause(SECOND), bytes(line("MODIFIED", "x", version))]))
                .collect(),
        )],
        // A change comes at once, before there is a pause.
        vec![hang(
            (2..2000).flat_map(|version| [bytes(line("MODIFIED", "x", version)), Part::Pause(SECOND)]).collect(),
        )],
        vec![refusal(504, "Timeout"), refusal(504, "Timeout")],
        vec![ended([]), ended([])],
    ];
    for answers in refusals {
        let streaming = answers.len();
        let lists = [page("9", "", &[object("a", 4)]), open([added("b", 10)])];
        let server = Server::new(answers.into_iter().chain(lists));
        let mut stream = Watch::new(&server.client()).stream(widgets());
        assert_eq!(take(&mut stream).await, ["+a@4", "=9", "+b@10"]);
        let queries = server.queries();
        assert_eq!(queries[..streaming], vec![STREAMING; streaming]);
        assert_eq!(queries[streaming..], ["limit=500".to_owned(), watch_from(9)]);
        assert!(server.times()[streaming] < 15 * SECOND, "{:?}", server.times());
    }
}

#[tokio::test(start_paused = true)]
async fn without_bookmarks_there_is_no_streaming_list() {
    let server = Server::new([page("9", "", &[object("a", 4)]), open([added("b", 10)])]);
    let mut stream = Watch::new(&server.client()).bookmarks(false).stream(widgets());
    assert_eq!(take(&mut stream).await, ["+a@4", "=9", "+b@10"]);
    assert_eq!(server.queries(), ["limit=500", "watch=true&resourceVersion=9"]);
}

#[tokio::test(start_paused = true)]
async fn lists_page_by_page() {
    let server = Server::new([
        refusal(422, "Invalid"),
        page("9", "first", &[object("a", 1), object("b", 2)]),
        refusal(500, "InternalError"),
        page("9", "second/+", &[object("c", 3)]),
        page("9", "", &[]),
        open([added("d", 10)]),
    ]);
    let mut stream = Watch::new(&server.client()).stream(widgets().limit(2).label_selector("x"));
    assert_eq!(take(&mut stream).await, ["+a@1", "+b@2", "+c@3", "=9", "+d@10"]);
    let queries = server.queries();
    assert_eq!(
        queries[1..],
        [
            "labelSelector=x&limit=2",
            "labelSelector=x&limit=2&continue=first",
            "labelSelector=x&limit=2&continue=first",
            "labelSelector=x&limit=2&continue=second%2F%2B",
            "labelSelector=x&watch=true&allowWatchBookmarks=true&resourceVersion=9",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_page_that_expires_starts_the_list_again() {
    let server = Server::new([
        refusal(422, "Invalid"),
        page("9", "first", &[object("phantom", 1)]),
        refusal(410, "Expired"),
        page("12", "", &[object("a", 2)]),
        open([]),
    ]);
    let mut stream = Watch::new(&server.client()).stream(widgets());
    assert_eq!(take(&mut stream).await, ["+a@2", "=12"]);
    assert_eq!(server.queries()[1..], ["limit=500", "limit=500&continue=first", ""]);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_comes_again_makes_the_list_start_again_in_one_piece() {
    let server = Server::new([
        refusal(422, "Invalid"),
        page("9", "first", &[object("phantom", 1)]),
        page("9", "first", &[object("phantom", 1)]),
        page("12", "", &[object("a", 2)]),
        open([]),
    ]);
    let mut stream = Watch::new(&server.client()).stream(widgets());
    assert_eq!(take(&mut stream).await, ["+a@2", "=12"]);
    assert_eq!(server.queries()[1..], ["limit=500", "limit=500&continue=first", ""]);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_always_comes_again_is_an_error() {
    use futures_util::StreamExt;
    let server = Server::new([]).always(page("9", "first", &[object("a", 1)]));
    let mut stream = Watch::new(&server.client()).bookmarks(false).stream(widgets());
    let item = tokio::time::timeout(3600 * SECOND, stream.next()).await.expect("the list ends");
    let error = item.expect("an item").expect_err("an error");
    assert!(error.is_undecodable(), "{error:?}");
    assert!(error.to_string().contains("continue token"), "{error}");
    assert_eq!(server.queries(), ["limit=500", "limit=500&continue=first", "", "continue=first"]);
    assert_eq!(next(&mut stream).await, "end");
}

/// The service behind the other tests has the client's own timeout, which would come first.
#[tokio::test(start_paused = true)]
async fn a_page_that_never_comes_is_given_up() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let config = kubernetes_config::Config::new(format!("http://{}", listener.local_addr().unwrap()).parse().unwrap());
    let client =
        kubernetes_client::Client::builder(config).connect_timeout(None).request_timeout(None).build().unwrap();
    let (sender, mut told) = tokio::sync::mpsc::unbounded_channel();
    let watch = Watch::new(&client).bookmarks(false).idle_timeout(None).observe(move |transition| {
        let _ = sender.send((transition.reason(), transition.error().map(ToString::to_string)));
    });
    let mut stream = watch.stream(widgets());
    let started = tokio::time::Instant::now();
    let (reason, error) = tokio::select! {
        told = told.recv() => told.unwrap(),
        event = next(&mut stream) => panic!("{event}"),
    };
    assert_eq!(reason, Reason::Idle);
    assert!(error.as_deref().is_some_and(|error| error.ends_with("for 300s")), "{error:?}");
    assert_eq!(started.elapsed(), 300 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn version_zero_allows_any_state() {
    let server = Server::new([refusal(422, "Invalid"), page("9", "first", &[]), page("9", "", &[]), open([])]);
    let mut stream = Watch::new(&server.client()).stream(widgets().resource_version("0"));
    assert_eq!(next(&mut stream).await, "=9");
    assert_eq!(server.asked("resourceVersion"), ["0", "0", "none"]);
    assert_eq!(stream.resource_version(), Some("9"));
}

#[tokio::test(start_paused = true)]
async fn an_empty_version_is_none() {
    let server = Server::new([open([initial_events_end(9)])]);
    let mut stream = Watch::new(&server.client()).stream(widgets().resource_version(""));
    assert_eq!(next(&mut stream).await, "=9");
    assert_eq!(server.queries(), [STREAMING]);
}

#[tokio::test(start_paused = true)]
async fn a_list_that_can_not_be_had_is_an_error() {
    let cases = [
        (refusal(403, "Forbidden"), "the watch of /apis/example.com/v1/namespaces/shop/widgets failed"),
        (page("", "", &[]), "no resourceVersion to watch from"),
        (Answer::Body(vec![bytes("garbage")]), "the watch of /apis/example.com/v1/namespaces/shop/widgets failed"),
    ];
    for (answer, expected) in cases {
        let server = Server::new([refusal(422, "Invalid"), answer]);
        let mut stream = Watch::new(&server.client()).stream(widgets());
        let text = next(&mut stream).await;
        assert!(text.contains(expected), "{text}");
        assert_eq!(next(&mut stream).await, "end");
        assert_eq!(server.times().len(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn forbidden_does_not_lead_to_a_list() {
    let server = Server::new([refusal(403, "Forbidden")]);
    let mut stream = Watch::new(&server.client()).stream(widgets());
    assert!(next(&mut stream).await.contains("failed"));
    assert_eq!(server.times().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn many_objects_in_one_chunk_leave_the_runtime_its_turn() {
    let objects: String = (1..=1000).map(|version| added("a", version)).collect();
    let server = Server::new([open([objects + &initial_events_end(1001)])]);
    let mut stream = Watch::new(&server.client()).stream(widgets());
    let mut polls = 0;
    {
        let mut first = std::pin::pin!(next(&mut stream));
        let counted = std::future::poll_fn(|context| {
            polls += 1;
            first.as_mut().poll(context)
        });
        assert_eq!(counted.await, "+a@1");
    }
    assert!(polls > 5, "{polls} polls");
    for version in 2..=1000 {
        assert_eq!(next(&mut stream).await, format!("+a@{version}"));
    }
    assert_eq!(next(&mut stream).await, "=1001");
}
