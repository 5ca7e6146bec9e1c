//! Streams that do not reconnect, and the counts of all.

use std::time::Duration;

use futures_util::StreamExt;
use kubernetes_watch::{Reason, Watch};

use crate::streams::server::{Answer, Part, Server};
use crate::streams::{added, bookmark, ended, error, initial_events_end, next, open, refusal, take, then, widgets};

fn once(server: &Server) -> Watch {
    Watch::new(&server.client()).reconnect(false)
}

#[tokio::test(start_paused = true)]
async fn it_ends_when_the_server_ends_it() {
    let server = Server::new([ended([added("a", 6)]), ended([added("b", 7)])]);
    let watch = once(&server);
    let mut stream = watch.stream(widgets().resource_version("5"));
    assert_eq!(take(&mut stream).await, ["+a@6", "end", "end"]);
    assert_eq!((server.times().len(), server.open()), (1, 0));
    assert_eq!(stream.resource_version(), Some("6"));
    assert_eq!((watch.counts().of(Reason::Ended), watch.counts().failures()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn whatever_goes_wrong_is_an_error_at_once() {
    for (answer, expected) in [
        (then([], Part::Reset), "failed"),
        (Answer::Unreachable, "failed"),
        (refusal(503, "ServiceUnavailable"), "failed"),
        (refusal(410, "Expired"), "failed"),
        (ended([error(410, "Expired")]), "410"),
        (Answer::Body(vec![Part::Hang]), "was silent for"),
        (ended(["{\"type\":\"ADD".into()]), "in the middle of an event"),
    ] {
        let server = Server::new([answer]).always(open([added("a", 6)]));
        let mut stream = once(&server).stream(widgets().resource_version("5"));
        let failure = stream.next().await.expect("an item").expect_err("an error").to_string();
        assert!(failure.contains(expected), "{failure}");
        assert_eq!(next(&mut stream).await, "end");
        assert_eq!((server.times().len(), server.open()), (1, 0), "{failure}");
    }
}

#[tokio::test(start_paused = true)]
async fn listing_first_is_no_reconnection() {
    // A streaming list, upon which the same connection goes on.
    let server = Server::new([ended([added("a", 1), initial_events_end(9), added("b", 10)])]);
    let mut stream = once(&server).stream(widgets());
    assert_eq!(take(&mut stream).await, ["+a@1", "=9", "+b@10", "end"]);

    // A server without: a list, and then one watch.
    let page = Answer::Body(vec![Part::Bytes(br#"{"metadata":{"resourceVersion":"9"},"items":[]}"#.into())]);
    let server = Server::new([refusal(422, "Invalid"), page, ended([added("b", 10)])]);
    let mut stream = once(&server).stream(widgets());
    assert_eq!(take(&mut stream).await, ["=9", "+b@10", "end"]);
    assert_eq!(server.times().len(), 3);

    // A list that breaks off is not a complete list.
    let server = Server::new([ended([added("a", 1)])]);
    let mut stream = once(&server).stream(widgets());
    assert!(next(&mut stream).await.starts_with("the server ended the watch"));
    assert_eq!(next(&mut stream).await, "end");
}

#[tokio::test(start_paused = true)]
async fn what_streams_see_is_counted() {
    let server = Server::new([
        open([added("a", 1), added("b", 2), initial_events_end(9), bookmark(10)]),
        ended([added("c", 11)]),
        then([], Part::Reset),
        refusal(404, "NotFound"),
    ]);
    let watch = Watch::new(&server.client()).idle_timeout(Duration::from_secs(30));
    let clone = watch.clone();
    let mut stream = clone.stream(widgets());
    while stream.next().await.is_some() {}
    let counts = watch.counts();
    let expected = [
        ("added", 3),
        ("modified", 0),
        ("deleted", 0),
        ("bookmarks", 2),
        ("failures", 1),
        ("connected", 3),
        ("listed", 1),
        ("ended", 1),
        ("empty", 0),
        ("idle", 1),
        ("overdue", 0),
        ("unavailable", 0),
        ("broken", 1),
        ("gone", 0),
        ("ahead", 0),
        ("refused", 0),
        ("no_streaming_list", 0),
    ];
    assert_eq!(counts.iter().collect::<Vec<_>>(), expected);
    assert_eq!((counts.events(), counts.reconnects()), (3, 3));
    assert_eq!(Watch::new(&server.client()).counts(), Default::default(), "another watch counts for itself");
}
