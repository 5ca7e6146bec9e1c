//! The 16 cases of the asynchronous client's test.

use std::time::Duration;

use futures_util::StreamExt;
use kubernetes_watch::Watch;

use super::{failure, from, lines, with_timeout};
use crate::streams::server::{Answer, Part, Server};
use crate::streams::{added, bookmark, ended, error, next, open, refusal, status, stream, take, then, widgets};

#[tokio::test(start_paused = true)]
async fn case_1_watch_with_decode() {
    let server = Server::new([open([added("test1", 1), added("test2", 2), "should_not_happened\n".into()])]);
    let mut stream = from(&server, "123");
    assert_eq!(take(&mut stream).await, ["+test1@1", "+test2@2"]);
    stream.stop();
    assert_eq!(next(&mut stream).await, "end");
    assert_eq!(server.asked("resourceVersion"), ["123"]);
    assert_eq!(stream.resource_version(), Some("2"));
}

#[tokio::test(start_paused = true)]
async fn case_2_watch_for_follow() {
    let server = Server::new([ended(["log_line_1\n".into(), "log_line_2\n".into()])]);
    assert_eq!(lines(&server).await, ["log_line_1", "log_line_2"]);
    assert_eq!(server.times().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn case_3_watch_empty_response() {
    let server = Server::new([ended([added("a", 6), added("b", 7)])]);
    let mut stream = with_timeout(&server).stream(widgets().resource_version("5"));
    assert_eq!(take(&mut stream).await, ["+a@6", "+b@7", "end"]);
}

// 4 to 6, unmarshal_with_float_object, with_no_return_type and with_empty_return_type: as cases 11 and 12 of the other.

#[tokio::test(start_paused = true)]
async fn case_7_unmarshal_with_error_event() {
    let gone = error(410, "Gone").replace("\"code\"", "\"message\":\"too old resource version: 1 (8146471)\",\"code\"");
    let server = Server::new([]).always(ended([gone]));
    let failure = failure(&mut stream(&server)).await;
    let expected = "with error 410, Gone: too old resource version: 1 (8146471)";
    assert!(failure.to_string().ends_with(expected), "{failure}");

    // Q9: neither a reason nor a code is needed.
    let bare = "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"message\":\"no\"}}\n";
    let server = Server::new([]).always(ended([bare.into()]));
    let failure = super::failure(&mut stream(&server)).await;
    assert!(failure.to_string().ends_with("with error, without a reason: no"), "{failure}");
}

#[tokio::test(start_paused = true)]
async fn case_8_unmarshal_with_error_from_a_gateway() {
    // GKE sent a Status without an event around it.
    let server = Server::new([ended([status(401, "Unauthorized") + "\n"])]);
    assert!(failure(&mut stream(&server)).await.is_unauthorized());
}

// 9, unmarshal_with_custom_object: as case 13 of the other. 10, watch_with_exception: as its case 17.

#[tokio::test(start_paused = true)]
async fn case_11_watch_timeout() {
    let server = Server::new([open([added("a", 1555)]), open([added("b", 1556)])]);
    let watch = Watch::new(&server.client()).idle_timeout(Duration::from_secs(10));
    let mut stream = watch.stream(widgets().resource_version("5"));
    assert_eq!(take(&mut stream).await, ["+a@1555", "+b@1556"]);
    assert_eq!(server.asked("resourceVersion"), ["5", "1555"]);
}

#[tokio::test(start_paused = true)]
async fn case_12_watch_retry_410() {
    let gone = || ended([error(410, "Gone")]);
    for once in [gone(), refusal(410, "Gone")] {
        let server = Server::new([once.clone(), open([added("a", 6)])]);
        assert_eq!(next(&mut stream(&server)).await, "+a@6", "once is survived");

        let server = Server::new([once.clone(), gone(), open([added("a", 6)])]);
        assert!(failure(&mut stream(&server)).await.is_gone(), "twice in a row is not");

        let server = Server::new([once, open([added("a", 6)])]);
        let mut stream = with_timeout(&server).stream(widgets().resource_version("5"));
        assert!(failure(&mut stream).await.is_gone(), "nor is once, with a timeout");
    }
}

#[tokio::test(start_paused = true)]
async fn case_13_watch_timeout_with_resource_version() {
    let server = Server::new([Answer::Silence, open([])]);
    let mut stream = from(&server, "10");
    assert!(tokio::time::timeout(Duration::from_secs(120), stream.next()).await.is_err());
    assert_eq!(server.asked("resourceVersion"), ["10", "10"]);
}

#[tokio::test(start_paused = true)]
async fn case_14_unmarshal_bookmark() {
    let server = Server::new([then([bookmark(1)], Part::Reset), open([])]);
    let mut stream = stream(&server);
    assert_eq!(next(&mut stream).await, "=1");
    assert!(tokio::time::timeout(Duration::from_secs(30), stream.next()).await.is_err());
    assert_eq!(server.asked("resourceVersion"), ["5", "1"]);
}

// 15, unmarshal_partial_bookmark: as case 14 of the other. 16, a bookmark without a version: as its cases 15 and 16.
