//! Reasons for another discovery: callers that invalidate the last, and changes of definitions.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kubernetes_core::Patch;
use kubernetes_dynamic::{Discovery, Mapper};
use kubernetes_testing::TestServer;
use serde_json::{Value, json};

use crate::mapper::growing;
use crate::script::{Script, aggregated, group, resource, respond, version};
use crate::server::{define, lantern};

fn document(kinds: &[(&str, &str)]) -> Value {
    let resources: Vec<_> = kinds.iter().map(|(kind, plural)| resource(kind, plural, &[])).collect();
    aggregated(json!([group("example.com", json!([version("v1", json!(resources))]))]))
}

fn has(discovery: &Discovery, plural: &str) -> bool {
    discovery.resources().any(|resource| resource.plural == plural)
}

#[tokio::test(start_paused = true)]
async fn an_invalidation_outlives_a_discovery_that_fails() {
    let script = Script::default();
    script.json("/api", aggregated(json!([])));
    script.json("/apis", document(&[("Old", "olds")]));
    let mapper = Mapper::new(&script.client());
    mapper.discovery().await.unwrap();
    script.fail("/apis", 500, "InternalError");
    mapper.invalidate();
    script.take_requests();
    for _ in 0..3 {
        assert!(has(&mapper.discovery().await.unwrap(), "olds"), "what is known is used for longer");
    }
    let requests = script.take_requests();
    assert_eq!(requests.iter().filter(|path| *path == "/apis").count(), 1, "the interval is kept: {requests:?}");

    script.json("/apis", document(&[("New", "news")]));
    tokio::time::advance(Duration::from_secs(1)).await;
    assert!(has(&mapper.discovery().await.unwrap(), "news"));
}

#[tokio::test(start_paused = true)]
async fn an_invalidation_outlives_a_discovery_that_is_given_up() {
    let script = Script::default();
    let asked = growing(&script, 1);
    let mapper = Mapper::new(&script.client());
    mapper.discovery().await.unwrap();
    mapper.invalidate();
    let mut given_up = Box::pin(mapper.discovery());
    assert!(futures_util::poll!(&mut given_up).is_pending());
    drop(given_up);
    assert!(has(&mapper.discovery().await.unwrap(), "news"));
    let before = asked.load(Ordering::SeqCst);
    mapper.discovery().await.unwrap();
    assert_eq!(asked.load(Ordering::SeqCst), before, "once it has been done, it is done");
}

#[tokio::test(start_paused = true)]
async fn a_discovery_that_began_before_an_invalidation_is_not_joined() {
    let script = Script::default();
    let mapper = Arc::new(Mutex::new(None::<Mapper>));
    let asked = Arc::new(AtomicUsize::new(0));
    let (invalidated, count) = (Arc::clone(&mapper), Arc::clone(&asked));
    script.json("/api", aggregated(json!([])));
    script.on("/apis", move |_| {
        let is_first = count.fetch_add(1, Ordering::SeqCst) == 0;
        if is_first {
            invalidated.lock().unwrap().as_ref().unwrap().invalidate();
        }
        respond(200, &document(if is_first { &[("Old", "olds")] } else { &[("New", "news")] }))
    });
    let asking = Mapper::new(&script.client());
    *mapper.lock().unwrap() = Some(asking.clone());
    let (_, second, third) = tokio::join!(asking.discovery(), asking.discovery(), asking.discovery());
    assert!(has(&second.unwrap(), "news") && has(&third.unwrap(), "news"));
    assert_eq!(asked.load(Ordering::SeqCst), 2, "the second is joined by the third");
}

#[tokio::test(start_paused = true)]
async fn a_miss_in_a_discovery_that_began_before_an_invalidation_asks_at_once() {
    let script = Script::default();
    let mapper = Mapper::new(&script.client());
    let (invalidated, asked) = (Mutex::new(None::<Mapper>), AtomicUsize::new(0));
    *invalidated.lock().unwrap() = Some(mapper.clone());
    script.json("/api", aggregated(json!([])));
    script.on("/apis", move |_| {
        let is_first = asked.fetch_add(1, Ordering::SeqCst) == 0;
        // Taken, so that the script does not keep the mapper, which has its client.
        if let Some(mapper) = invalidated.lock().unwrap().take() {
            mapper.invalidate();
        }
        respond(200, &document(if is_first { &[("Old", "olds")] } else { &[("New", "news")] }))
    });
    assert_eq!(mapper.resource("news").await.unwrap().to_string(), "news.v1.example.com");
}

#[tokio::test(start_paused = true)]
async fn changes_of_definitions_keep_the_interval_between_discoveries() {
    let server = TestServer::in_process();
    let client = server.client();
    let mapper = Mapper::new(&client);
    define(&mapper, &client, "Namespaced", &["v1"]).await;
    let _watch = mapper.watch_definitions();
    let definitions = mapper.resource("crd").await.unwrap().cluster();
    tokio::time::sleep(Duration::from_secs(10)).await;
    mapper.kind(&lantern()).await.unwrap();
    server.forget_requests();
    for round in 0..30 {
        let patch = Patch::merge(&json!({"metadata": {"labels": {"round": round.to_string()}}}));
        definitions.patch("lanterns.light.example.com", &patch).send(&client).await.unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
        mapper.kind(&lantern()).await.unwrap();
    }
    let discoveries = server.requests().iter().filter(|request| request.path.ends_with("/apis")).count();
    assert!((2..=4).contains(&discoveries), "{discoveries} discoveries in 3 s");
}
