use std::time::Duration;

use http_body_util::BodyExt;
use kubernetes_testing::{Fault, RandomFaults, TestServer};
use serde_json::json;
use tokio::time::Instant;

use crate::support::{JSON, MAPS, create, get, open, post, send};

/// The chunks of an answer, and whether the connection was lost at the end.
async fn chunks(server: &TestServer, path: &str) -> (Vec<Vec<u8>>, bool) {
    let mut body = open(server, "GET", path, JSON, String::new()).await.expect("a head").into_body();
    let mut chunks = Vec::new();
    while let Some(frame) = body.frame().await {
        match frame {
            Ok(frame) => chunks.push(frame.into_data().expect("data").to_vec()),
            Err(_) => return (chunks, true),
        }
    }
    (chunks, false)
}

/// A watch of three events that ends by itself after a second of the paused clock.
async fn watched(fault: Option<Fault>) -> (Vec<Vec<u8>>, bool) {
    // The same times in the events of each server, whose bytes are compared.
    let server = TestServer::builder().now(jiff::Timestamp::UNIX_EPOCH).in_process();
    let version = server.resource_version();
    for name in ["a", "b", "c"] {
        let data = json!({"text": if name == "b" { "größer" } else { "" }});
        assert_eq!(post(&server, MAPS, json!({"metadata": {"name": name}, "data": data})).await.status, 201);
    }
    if let Some(fault) = fault {
        server.inject(fault.verb("watch"));
    }
    chunks(&server, &format!("{MAPS}?watch=1&resourceVersion={version}&timeoutSeconds=1")).await
}

#[tokio::test(start_paused = true)]
async fn bytes_are_damaged_as_asked() {
    let (lines, lost) = watched(None).await;
    assert_eq!((lines.len(), lost), (3, false));
    let whole = lines.concat();

    let (damaged, lost) = watched(Some(Fault::reset_after(10))).await;
    assert_eq!((damaged.concat(), lost), (whole[..10].to_vec(), true));
    let (damaged, lost) = watched(Some(Fault::split(7))).await;
    assert_eq!((damaged.concat(), lost), (whole.clone(), false));
    assert!(damaged.iter().all(|chunk| chunk.len() <= 7));
    let (damaged, _) = watched(Some(Fault::merge())).await;
    assert_eq!(damaged, std::slice::from_ref(&whole));
    let (damaged, lost) = watched(Some(Fault::half_character())).await;
    let damaged = damaged.concat();
    assert!(!lost && whole.starts_with(&damaged) && std::str::from_utf8(&damaged).is_err());
    let (damaged, _) = watched(Some(Fault::truncate_line(3))).await;
    assert_eq!(damaged.concat(), [&lines[0][..], &lines[1], &lines[2][..lines[2].len() / 2]].concat());
    let (damaged, _) = watched(Some(Fault::garbage_line(2))).await;
    assert_eq!(damaged.concat(), [&lines[0][..], b"<html>502 Bad Gateway</html>\n", &lines[1], &lines[2]].concat());
    assert_eq!(watched(Some(Fault::end_at_once())).await, (vec![], false));
    assert_eq!(watched(Some(Fault::end_after(2))).await, (lines[..2].to_vec(), false));
    let (gone, _) = watched(Some(Fault::gone_event())).await;
    assert!(String::from_utf8_lossy(&gone.concat()).contains(r#""code":410"#));
}

#[tokio::test(start_paused = true)]
async fn bookmarks_come_twice_or_not_at_all() {
    // At the beginning, after a minute and before the end.
    for (fault, count) in [(Fault::duplicate_bookmarks(), 6), (Fault::drop_bookmarks(), 0)] {
        let server = TestServer::in_process();
        server.inject(fault);
        let query = "watch=1&resourceVersion=0&allowWatchBookmarks=1&timeoutSeconds=90";
        let (lines, _) = chunks(&server, &format!("{MAPS}?{query}")).await;
        assert_eq!(lines.len(), count);
    }
}

#[tokio::test]
async fn faults_happen_to_the_requests_they_are_for() {
    let server = TestServer::in_process();
    server.inject(Fault::status(503).verb("list").nth(2));
    server.inject(Fault::status(429).retry_after(3).method(http::Method::POST).times(2));
    server.inject(Fault::status(500).path("/version").always());
    create_is(&server, 429).await;
    let mut codes = Vec::new();
    for _ in 0..3 {
        codes.push(get(&server, MAPS).await.status);
    }
    assert_eq!(codes, [200, 503, 200]);
    let refused = post(&server, MAPS, json!({"metadata": {"name": "a"}})).await;
    assert_eq!((refused.status, &refused.headers["retry-after"]), (429, &"3".parse().unwrap()));
    create_is(&server, 201).await;
    assert_eq!((get(&server, "/version").await.status, get(&server, "/version").await.status), (500, 500));
    server.clear_faults();
    assert_eq!(get(&server, "/version").await.status, 200);
}

async fn create_is(server: &TestServer, status: u16) {
    assert_eq!(post(server, MAPS, json!({"metadata": {"name": "a"}})).await.status, status);
}

#[tokio::test(start_paused = true)]
async fn answers_are_late_lost_or_never_come() {
    let server = TestServer::in_process();
    let start = Instant::now();
    server.inject(Fault::delay(Duration::from_secs(5)));
    create(&server, "a").await;
    assert_eq!(start.elapsed().as_secs(), 5);

    server.inject(Fault::disconnect());
    let body = json!({"metadata": {"name": "b"}}).to_string();
    assert!(open(&server, "POST", MAPS, JSON, body).await.is_err());
    assert_eq!(get(&server, MAPS).await.names(), ["a", "b"], "it was carried out all the same");

    server.inject(Fault::silence());
    let silent = tokio::time::timeout(Duration::from_secs(60), get(&server, MAPS)).await;
    assert!(silent.is_err());

    server.inject(Fault::compaction());
    assert_eq!(get(&server, &format!("{MAPS}?resourceVersion=101&resourceVersionMatch=Exact")).await.status, 410);
}

#[tokio::test(start_paused = true)]
async fn a_seed_decides_what_goes_wrong() {
    let run = |seed| async move {
        let server = TestServer::in_process();
        server.inject_random(RandomFaults::seeded(seed).share(0.5).reads_only());
        let mut outcomes = Vec::new();
        for _ in 0..40 {
            let answer = open(&server, "GET", MAPS, JSON, String::new()).await;
            outcomes.push(answer.map(|answer| answer.status().as_u16()).ok());
        }
        outcomes
    };
    let outcomes = run(3).await;
    assert_eq!(outcomes, run(3).await);
    assert!(outcomes.contains(&Some(200)) && outcomes.contains(&None) && outcomes.contains(&Some(429)), "{outcomes:?}");
}

#[tokio::test]
async fn requests_are_recorded_with_what_became_of_them() {
    let server = TestServer::in_process();
    server.inject(Fault::status(409).verb("create"));
    post(&server, MAPS, json!({"metadata": {"name": "a"}})).await;
    get(&server, &format!("{MAPS}/a?x=y")).await;
    let requests = server.requests();
    assert_eq!(format!("{:?}", requests[0]), format!("POST {MAPS} → 409"));
    assert_eq!((requests[0].verb(), requests[0].resource()), ("create", "configmaps"));
    assert_eq!(requests[0].json()["metadata"]["name"], "a");
    assert_eq!((requests[1].name(), requests[1].namespace(), &*requests[1].query), (Some("a"), Some("default"), "x=y"));
    server.forget_requests();
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn each_status_has_a_request_of_its_own() {
    let server = TestServer::in_process();
    server.inject(Fault::status(503));
    server.inject(Fault::status(429));
    let mut codes = Vec::new();
    for _ in 0..3 {
        codes.push(get(&server, MAPS).await.status);
    }
    assert_eq!(codes, [503, 429, 200]);
}

#[tokio::test]
async fn what_happens_to_events_waits_for_a_watch() {
    let server = TestServer::in_process();
    server.inject(Fault::gone_event());
    assert_eq!(get(&server, MAPS).await.body["kind"], "ConfigMapList");
    assert_eq!(get(&server, &format!("{MAPS}?watch=1")).await.body["object"]["code"], 410);
}

#[tokio::test]
async fn the_oldest_requests_are_forgotten_beyond_the_limits() {
    let paths = |server: &TestServer| -> Vec<String> {
        server.requests().iter().map(|request| request.path.rsplit('/').next().unwrap_or_default().to_owned()).collect()
    };
    let server = TestServer::builder().record_limits(2, usize::MAX).in_process();
    for name in ["a", "b", "c"] {
        get(&server, &format!("{MAPS}/{name}")).await;
    }
    assert_eq!(paths(&server), ["b", "c"]);
    assert!(server.requests().iter().all(|request| request.status.is_some_and(|status| status == 404)));

    let server = TestServer::builder().record_limits(usize::MAX, 10_000).in_process();
    for size in [6_000, 3_000, 2_000] {
        send(&server, "PUT", &format!("{MAPS}/{size}"), JSON, "x".repeat(size).into()).await;
    }
    assert_eq!(paths(&server), ["3000", "2000"], "6000 bytes more would be too many");
    send(&server, "PUT", &format!("{MAPS}/large"), JSON, "x".repeat(20_000).into()).await;
    assert!(server.requests().is_empty());
}
