use std::sync::{Arc, Mutex};
use std::time::Duration;

use kubernetes_watch::{Reason, Watch};
use tokio::time::Instant;

use crate::streams::server::{Answer, Part, Server};
use crate::streams::{added, bookmark, bytes, ended, error, line, next, open, refusal, stream, take, then, widgets};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn asks_as_promised() {
    let server = Server::new([open([])]);
    let request = widgets().label_selector("app=web").resource_version("5").resource_version_match("Exact").limit(7);
    let mut stream = Watch::new(&server.client()).stream(request);
    assert!(tokio::time::timeout(SECOND, next(&mut stream)).await.is_err());
    let expected = "labelSelector=app%3Dweb&resourceVersion=5&watch=true&allowWatchBookmarks=true";
    assert_eq!(server.queries(), [expected]);
    let timeout: u32 = server.asked("timeoutSeconds")[0].parse().unwrap();
    assert!((300..=600).contains(&timeout), "{timeout}");
}

#[tokio::test(start_paused = true)]
async fn asks_as_it_is_told() {
    let server = Server::new([ended([]), open([added("a", 6)]), open([added("a", 6)])]);
    let watch = Watch::new(&server.client()).bookmarks(false);
    next(&mut watch.clone().timeout_seconds(30).stream(widgets().resource_version("5").timeout_seconds(40))).await;
    next(&mut watch.stream(widgets().resource_version("5").timeout_seconds(40))).await;
    assert_eq!(server.asked("timeoutSeconds"), ["30", "30", "40"]);
    assert_eq!(server.asked("allowWatchBookmarks"), ["none"; 3]);
}

#[tokio::test(start_paused = true)]
async fn reads_chunks_of_any_size() {
    let text =
        ["\n", &added("a", 6), "\r\n", &line("MODIFIED", "é€😀", 7), "\n\n", &line("DELETED", "é€😀", 8)].concat();
    for size in [1, 2, 3, 7, 64, 10_000] {
        let chunks = text.as_bytes().chunks(size).map(bytes).chain([bytes(""), Part::Hang]);
        let server = Server::new([Answer::Body(chunks.collect())]);
        let mut stream = stream(&server);
        assert_eq!(take(&mut stream).await, ["+a@6", "~é€😀@7", "-é€😀@8"], "chunks of {size}");
        assert_eq!(stream.resource_version(), Some("8"));
    }
}

#[tokio::test(start_paused = true)]
async fn resumes_from_the_last_version_whatever_happens() {
    let server = Server::new([
        ended([]),
        ended([added("a", 6), bookmark(7)]),
        then([added("b", 8)], Part::Reset),
        Answer::Unreachable,
        ended([added("c", 9), added("d", 10)[..20].into()]),
        ended([error(500, "InternalError")]),
        ended([error(504, "Timeout")]),
        ended([error(429, "TooManyRequests")]),
        refusal(500, "InternalError"),
        refusal(503, "ServiceUnavailable"),
        refusal(429, "TooManyRequests"),
        Answer::Refusal(502, None, "<html>Bad Gateway</html>".into()),
        open([added("d", 10)]),
    ]);
    let mut stream = stream(&server);
    assert_eq!(take(&mut stream).await, ["+a@6", "=7", "+b@8", "+c@9", "+d@10"]);
    let from = ["5", "5", "7", "8", "8", "9", "9", "9", "9", "9", "9", "9", "9"];
    assert_eq!(server.asked("resourceVersion"), from);
    assert_eq!(server.open(), 1, "connections that are given up are closed");
}

#[tokio::test(start_paused = true)]
async fn a_version_too_large_is_waited_for() {
    let status = r#"{"kind":"Status","status":"Failure","reason":"Timeout","code":504,"details":{"causes":[{"reason":"ResourceVersionTooLarge"}],"retryAfterSeconds":1}}"#;
    let server = Server::new([
        Answer::Refusal(504, None, status.into()),
        ended([format!("{{\"type\":\"ERROR\",\"object\":{status}}}\n")]),
        open([added("a", 6)]),
    ]);
    assert_eq!(next(&mut stream(&server)).await, "+a@6");
    let times = server.times();
    assert!(times.windows(2).all(|pair| pair[1] - pair[0] >= SECOND), "{times:?}");
}

#[tokio::test(start_paused = true)]
async fn retry_after_is_kept_within_a_bound() {
    for (asked, least) in [(7, 7), (100_000, 60)] {
        let server = Server::new([Answer::Refusal(429, Some(asked), String::new()), open([added("a", 6)])]);
        assert_eq!(next(&mut stream(&server)).await, "+a@6");
        let waited = server.times()[1];
        assert!((least * SECOND..(least + 1) * SECOND).contains(&waited), "{waited:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn silence_is_noticed() {
    let server = Server::new([open([added("a", 6)]), Answer::Silence, open([added("b", 7)])]);
    let mut stream = Watch::new(&server.client()).idle_timeout(20 * SECOND).stream(widgets().resource_version("5"));
    assert_eq!(take(&mut stream).await, ["+a@6", "+b@7"]);
    let times = server.times();
    assert_eq!(times[1], 20 * SECOND, "a watch that was alive is opened again at once");
    assert!((40 * SECOND..41 * SECOND).contains(&times[2]), "one that never was is not: {times:?}");
}

#[tokio::test(start_paused = true)]
async fn a_sign_of_life_is_enough() {
    let minute = || Part::Pause(60 * SECOND);
    let parts =
        vec![minute(), bytes(bookmark(5)), minute(), bytes(bookmark(6)), minute(), bytes(added("a", 7)), Part::Hang];
    let server = Server::new([Answer::Body(parts)]);
    let mut stream = stream(&server);
    assert_eq!(take(&mut stream).await, ["=5", "=6", "+a@7"]);
    assert_eq!(server.times().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_time_that_the_caller_takes_is_no_silence() {
    let parts = vec![bytes(added("a", 6)), Part::Pause(10 * SECOND), bytes(added("b", 7)), Part::Hang];
    let server = Server::new([Answer::Body(parts)]);
    let mut stream = Watch::new(&server.client()).idle_timeout(20 * SECOND).stream(widgets().resource_version("5"));
    assert_eq!(next(&mut stream).await, "+a@6");
    tokio::time::sleep(280 * SECOND).await;
    assert_eq!(next(&mut stream).await, "+b@7");
    assert_eq!(server.times().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn without_an_idle_timeout_it_waits_for_as_long_as_it_asked_the_server_to() {
    let day = Duration::from_secs(24 * 3600);
    let parts = vec![Part::Pause(day - SECOND), bytes(added("a", 6)), Part::Hang];
    let server = Server::new([Answer::Body(parts), open([])]);
    let watch = Watch::new(&server.client()).idle_timeout(None).timeout_seconds(24 * 3600);
    let mut stream = watch.stream(widgets().resource_version("5"));
    let event = tokio::time::timeout(2 * day, futures_util::StreamExt::next(&mut stream)).await;
    assert!(matches!(event, Ok(Some(Ok(_)))));
    assert_eq!(server.times().len(), 1);
    assert!(tokio::time::timeout(2 * day, futures_util::StreamExt::next(&mut stream)).await.is_err());
    assert_eq!(server.times()[1], day + 10 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_ends_every_watch_at_once_is_left_in_peace() {
    for answer in [ended([bookmark(5)]), Answer::Unreachable, refusal(503, "ServiceUnavailable")] {
        let server = Server::new([]).always(answer);
        let mut stream = Watch::new(&server.client()).stream(widgets().resource_version("5"));
        let started = Instant::now();
        while started.elapsed() < 600 * SECOND {
            let _ = tokio::time::timeout(600 * SECOND - started.elapsed(), next(&mut stream)).await;
        }
        let requests = server.times().len();
        assert!((15..60).contains(&requests), "{requests} requests in 10 minutes");
    }
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_ends_after_long_is_resumed_at_once() {
    let server = Server::new([
        Answer::Body(vec![Part::Pause(60 * SECOND)]),
        Answer::Body(vec![Part::Pause(60 * SECOND)]),
        open([added("a", 6)]),
    ]);
    assert_eq!(next(&mut stream(&server)).await, "+a@6");
    assert_eq!(server.times(), [Duration::ZERO, 60 * SECOND, 120 * SECOND]);
}

/// A short timeout must not make a quiet watch wait: what happens meanwhile would come late.
#[tokio::test(start_paused = true)]
async fn a_quiet_watch_with_a_short_timeout_is_resumed_at_once() {
    let quiet = |time| Answer::Body(vec![Part::Pause(time)]);
    let ended_by_server = |watch: Watch| (watch.timeout_seconds(2), quiet(2 * SECOND));
    let by_request = |watch: Watch| (watch, quiet(2 * SECOND));
    let silent = |watch: Watch| (watch.idle_timeout(2 * SECOND), open([]));
    type Case<'a> = (&'a dyn Fn(Watch) -> (Watch, Answer), Option<i64>);
    let cases: [Case<'_>; 3] = [(&ended_by_server, None), (&by_request, Some(2)), (&silent, None)];
    for (set, timeout) in cases {
        let server = Server::new([]);
        let (watch, answer) = set(Watch::new(&server.client()));
        let server = server.always(answer);
        let request = widgets().resource_version("5");
        let request = timeout.into_iter().fold(request, |request, seconds| request.timeout_seconds(seconds));
        let mut stream = watch.stream(request);
        assert!(tokio::time::timeout(601 * SECOND, next(&mut stream)).await.is_err());
        let times = server.times();
        assert!(times.windows(2).all(|pair| pair[1] - pair[0] == 2 * SECOND) && times.len() > 300, "{times:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_timeout_that_is_none_is_the_default() {
    for seconds in [0, -1, i64::MAX] {
        let server = Server::new([open([added("a", 6)])]);
        let request = widgets().resource_version("5").timeout_seconds(seconds);
        next(&mut Watch::new(&server.client()).stream(request)).await;
        let timeout: u32 = server.asked("timeoutSeconds")[0].parse().unwrap();
        assert!((300..=600).contains(&timeout), "{timeout}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_last_line_without_end_counts_if_it_is_complete() {
    let server = Server::new([ended([added("a", 6).trim_end().into()]), open([added("b", 7)])]);
    assert_eq!(take(&mut stream(&server)).await, ["+a@6", "+b@7"]);
    assert_eq!(server.asked("resourceVersion"), ["5", "6"]);
}

#[tokio::test(start_paused = true)]
async fn an_observer_is_told_why() {
    let server = Server::new([
        ended([added("a", 6)]),
        then([], Part::Reset),
        open([]),
        Answer::Refusal(429, Some(1), String::new()),
        ended([error(410, "Expired")]),
        open([added("b", 7)]),
    ]);
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    let watch = Watch::new(&server.client()).observe(move |transition| {
        assert_eq!(transition.error().is_none(), transition.reason() == Reason::Connected);
        assert_eq!(transition.path(), "/apis/example.com/v1/namespaces/shop/widgets");
        let version = transition.resource_version().map(str::to_owned);
        log.lock().unwrap().push((transition.reason(), version, transition.wait() > Duration::ZERO));
    });
    assert_eq!(take(&mut watch.stream(widgets().resource_version("5"))).await, ["+a@6", "+b@7"]);
    let told = |reason, version: &str, waits| (reason, Some(version.to_owned()), waits);
    let expected = [
        told(Reason::Connected, "5", false),
        told(Reason::Ended, "6", true),
        told(Reason::Connected, "6", false),
        told(Reason::Broken, "6", true),
        told(Reason::Connected, "6", false),
        told(Reason::Idle, "6", false),
        told(Reason::Unavailable, "6", true),
        told(Reason::Connected, "6", false),
        told(Reason::Gone, "6", true),
        told(Reason::Connected, "6", false),
    ];
    assert_eq!(*seen.lock().unwrap(), expected);
}

#[tokio::test(start_paused = true)]
async fn giving_up_a_wait_loses_nothing() {
    let parts = (6..20).flat_map(|version| {
        let text = added("a", version);
        let (first, second) = text.split_at(30);
        [bytes(first), Part::Pause(SECOND), bytes(second), Part::Pause(SECOND)]
    });
    let server = Server::new([Answer::Body(parts.chain([Part::Hang]).collect())]);
    let mut stream = stream(&server);
    let mut seen = Vec::new();
    while seen.len() < 14 {
        if let Ok(event) = tokio::time::timeout(SECOND / 3, next(&mut stream)).await {
            seen.push(event);
        }
    }
    assert_eq!(seen, (6..20).map(|version| format!("+a@{version}")).collect::<Vec<_>>());
    assert_eq!(server.times().len(), 1);
}
