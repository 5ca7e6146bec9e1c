use std::time::Duration;

use futures_util::StreamExt;
use kubernetes_core::Status;
use kubernetes_watch::Error;

use crate::streams::server::{Answer, Part, Server};
use crate::streams::{added, bytes, ended, error, next, open, refusal, stream, take};

async fn failure(answers: impl IntoIterator<Item = Answer>) -> (Error, Server) {
    let server = Server::new(answers);
    let mut stream = stream(&server);
    let failure = stream.next().await.expect("an item").expect_err("an error");
    assert_eq!(take(&mut stream).await, ["end", "end"], "an error is final");
    assert_eq!(server.open(), 0);
    (failure, server)
}

#[tokio::test(start_paused = true)]
async fn a_forgotten_version_is_retried_once() {
    for gone in [
        refusal(410, "Expired"),
        refusal(410, "Gone"),
        Answer::Refusal(410, None, "gone".into()),
        ended([error(410, "Expired")]),
        ended([error(410, "Gone")]),
        ended([error(410, "")]),
        ended([error(410, "Compacted")]),
        ended([error(0, "Expired")]),
        ended([error(410, "Expired").trim_end().into()]),
    ] {
        let (failure, server) = failure([gone.clone(), gone.clone()]).await;
        assert!(failure.is_gone(), "{failure:?}");
        assert_eq!(server.asked("resourceVersion"), ["5", "5"]);

        let server = Server::new([gone.clone(), ended([added("a", 6)]), gone, open([added("b", 7)])]);
        assert_eq!(take(&mut stream(&server)).await, ["+a@6", "+b@7"], "after progress it is retried again");
    }
}

#[tokio::test(start_paused = true)]
async fn after_a_quiet_healthy_watch_it_is_retried_again() {
    let gone = || refusal(410, "Expired");
    let quiet = || Answer::Body(vec![Part::Pause(Duration::from_secs(300))]);
    let server = Server::new([gone(), quiet(), gone(), quiet(), gone(), open([added("a", 6)])]);
    assert_eq!(next(&mut stream(&server)).await, "+a@6");
    assert_eq!(server.asked("resourceVersion"), ["5"; 6]);

    let (failure, server) = failure([gone(), quiet(), gone(), gone()]).await;
    assert!(failure.is_gone(), "{failure:?}");
    assert_eq!(server.times().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_takes_its_time_to_forget_is_not_asked_for_ever() {
    let late = Answer::Body(vec![Part::Pause(Duration::from_secs(20)), crate::streams::bytes(error(410, "Expired"))]);
    let (failure, server) = failure([late.clone(), late]).await;
    assert!(failure.is_gone(), "{failure:?}");
    assert_eq!(server.times().len(), 2);
}

/// A server whose data was restored from a backup.
#[tokio::test(start_paused = true)]
async fn a_version_that_the_server_does_not_come_to_know_is_given_up() {
    let status = r#"{"kind":"Status","status":"Failure","reason":"Timeout","code":504,"details":{"causes":[{"reason":"ResourceVersionTooLarge"}],"retryAfterSeconds":1}}"#;
    let ahead =
        || [Part::Pause(Duration::from_secs(3)), bytes(format!("{{\"type\":\"ERROR\",\"object\":{status}}}\n"))];
    for answer in [Answer::Refusal(504, None, status.into()), Answer::Body(ahead().into())] {
        let server = Server::new([]).always(answer.clone());
        let failure = stream(&server).next().await.expect("an item").expect_err("an error");
        assert!(failure.is_gone(), "{failure:?}");
        assert!(failure.status().is_some_and(Status::is_resource_version_too_large), "it is distinguished from a 410");
        let times = server.times();
        assert_eq!(times.len(), 11);
        // Ten waits, each at least half of its step.
        assert!(times[10] > Duration::from_secs(85), "a server may lag for a while: {times:?}");

        // One that lags comes to know it, however often.
        let lagging = std::iter::repeat_n(answer.clone(), 9).chain([ended([added("a", 6)])]);
        let again = std::iter::repeat_n(answer, 9).chain([open([added("b", 7)])]);
        let server = Server::new(lagging.chain(again));
        assert_eq!(take(&mut stream(&server)).await, ["+a@6", "+b@7"]);
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_retry_can_not_cure_is_final() {
    type Predicate = fn(&Error) -> bool;
    let cases: [(u16, &str, Predicate); 5] = [
        (401, "Unauthorized", Error::is_unauthorized),
        (403, "Forbidden", Error::is_forbidden),
        (404, "NotFound", Error::is_not_found),
        (405, "MethodNotAllowed", |error| error.status().and_then(|status| status.code) == Some(405)),
        (400, "BadRequest", |error| error.status().and_then(|status| status.code) == Some(400)),
    ];
    for (code, reason, is_expected) in cases {
        for answer in [refusal(code, reason), ended([error(code, reason)])] {
            let (failure, server) = failure([answer]).await;
            assert!(is_expected(&failure) && !failure.is_gone(), "{failure:?}");
            assert_eq!(server.times().len(), 1);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_says_what_failed() {
    let status = r#"{"kind":"Status","status":"Failure","message":"too old resource version: 5 (9)","reason":"Expired","code":410}"#;
    let text = format!("{{\"type\":\"ERROR\",\"object\":{status}}}\n");
    let (failure, _) = failure([ended([text.clone()]), ended([text])]).await;
    assert_eq!(
        failure.to_string(),
        "the server ended the watch of /apis/example.com/v1/namespaces/shop/widgets with error 410, Expired: \
         too old resource version: 5 (9)"
    );

    let server = Server::new([]).always(ended(["{\"type\":\"ERROR\",\"object\":{}}\n".into()]));
    let text = next(&mut stream(&server)).await;
    assert!(text.contains("with error, without a reason"), "{text}");
}

/// `fn main() -> Result<(), Box<dyn Error>>` prints this form.
#[tokio::test(start_paused = true)]
async fn an_error_is_legible_when_main_returns_it() {
    let path = "/apis/example.com/v1/namespaces/shop/widgets";
    let (forbidden, _) = failure([refusal(403, "Forbidden")]).await;
    let expected = format!("the watch of {path} failed; caused by: GET {path} failed: 403 Forbidden");
    assert_eq!(format!("{forbidden:?}"), expected);
    assert_eq!(format!("{forbidden:#?}"), expected);

    let (garbage, _) = failure([open(["garbage\n".into()])]).await;
    let shown = format!("{garbage:?}");
    let expected = format!("can't decode an event of the watch of {path}; caused by: expected");
    assert!(shown.starts_with(&expected), "{shown}");

    let lines = r#"{"kind":"Status","code":403,"reason":"Forbidden","message":"one\ntwo\u001b[31m"}"#;
    let (error, _) = failure([ended([format!("{{\"type\":\"ERROR\",\"object\":{lines}}}\n")])]).await;
    let shown = format!("{error:?}");
    assert!(shown.ends_with("one two[31m"), "{shown}");
}

#[tokio::test(start_paused = true)]
async fn a_status_in_place_of_an_event_is_an_error() {
    let (failure, _) = failure([ended([crate::streams::status(401, "Unauthorized") + "\n"])]).await;
    assert!(failure.is_unauthorized());
}
