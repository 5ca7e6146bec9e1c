//! The recorder on the testing server: client-go's tests of `tools/events`, and the bounds.

use std::time::Duration;

use kubernetes_core::{DeleteRequest, ListRequest, Object as _};
use kubernetes_models::core::v1::ConfigMap;
use kubernetes_models::events::v1;
use kubernetes_testing::{Fault, TestServer};

use super::event::truncated;
use super::{Event, QUEUE, Recorder};

const MINUTE: Duration = Duration::from_secs(60);

fn map(name: &str) -> ConfigMap {
    let mut map = ConfigMap::named(name);
    map.metadata.namespace = Some("default".into());
    map.metadata.uid = Some("u1".into());
    map
}

async fn events(server: &TestServer) -> Vec<v1::Event> {
    ListRequest::<v1::Event>::all_namespaces().send(&server.client()).await.unwrap().items
}

fn counts(event: &v1::Event) -> Option<i32> {
    event.series.as_deref().map(|series| series.count)
}

fn scaled() -> Event {
    Event::normal("Scaled", "ScaleUp").note("scaled up to 3")
}

#[tokio::test(start_paused = true)]
async fn an_event_is_created() {
    let server = TestServer::in_process();
    let recorder = Recorder::with_instance(&server.client(), "example.com/scaler", "scaler-0");
    let other = map("other");
    recorder.record(&map("web"), scaled().related(&other).annotation("example.com/step", "2"));
    assert!(recorder.flush(MINUTE).await);
    let [event] = &events(&server).await[..] else { panic!("there is one event") };
    let text = |text: &Option<kubernetes_core::Str>| text.clone().unwrap_or_default();
    assert_eq!(text(&event.reason), "Scaled");
    assert_eq!(text(&event.action), "ScaleUp");
    assert_eq!(text(&event.note), "scaled up to 3");
    assert_eq!(text(&event.type_), "Normal");
    assert_eq!(text(&event.reporting_controller), "example.com/scaler");
    assert_eq!(text(&event.reporting_instance), "scaler-0");
    assert!(!event.event_time.is_zero() && event.series.is_none());
    let regarding = event.regarding.as_deref().unwrap();
    assert_eq!((text(&regarding.kind), text(&regarding.api_version)), ("ConfigMap".into(), "v1".into()));
    assert_eq!((text(&regarding.name), text(&regarding.uid)), ("web".into(), "u1".into()));
    assert_eq!(event.related.as_deref().map(|related| text(&related.name)), Some("other".into()));
    assert_eq!(event.metadata.annotations.get("example.com/step").map(|step| &**step), Some("2"));
    assert!(event.metadata.name.as_deref().unwrap().starts_with("web."), "{:?}", event.metadata.name);
    assert_eq!(recorder.counts().sent, 1);
}

#[tokio::test(start_paused = true)]
async fn an_event_about_a_cluster_scoped_object_is_in_the_default_namespace() {
    let server = TestServer::in_process();
    let recorder = Recorder::new(&server.client(), "example.com/scaler");
    let mut reference = map("system:Node_1").reference();
    reference.namespace = None;
    recorder.record_about(&reference, scaled());
    assert!(recorder.flush(MINUTE).await);
    let [event] = &events(&server).await[..] else { panic!("there is one event") };
    assert_eq!(event.metadata.namespace.as_deref(), Some("default"));
    assert!(event.metadata.name.as_deref().unwrap().starts_with("event."), "the object's name can't be in another");
}

/// client-go's `TestEventSeriesf`.
#[tokio::test(start_paused = true)]
async fn a_repeated_event_becomes_a_series() {
    let server = TestServer::in_process();
    let recorder = Recorder::new(&server.client(), "example.com/scaler");
    for index in 0..10 {
        // Another version and note are the same series.
        let mut web = map("web");
        web.metadata.resource_version = Some(index.to_string().into());
        recorder.record(&web, scaled().note(format!("scaled up to {index}")));
    }
    recorder.record(&map("web"), Event::warning("Scaled", "ScaleUp"));
    recorder.record(&map("web"), Event::normal("Scaled", "ScaleUp").related(&map("other")));
    tokio::time::sleep(Duration::from_secs(1)).await;
    let found = events(&server).await;
    assert_eq!(found.len(), 3);
    assert_eq!(found.iter().filter_map(counts).collect::<Vec<_>>(), [2], "later ones are counted in memory");
    let writes = server.requests().into_iter().filter(|request| request.verb() == "patch").count();
    assert_eq!((writes, recorder.counts().aggregated), (1, 8));
    // The counts of a program that ends are written.
    assert!(recorder.flush(MINUTE).await);
    assert_eq!(events(&server).await.iter().filter_map(counts).collect::<Vec<_>>(), [10]);
}

/// client-go's `TestFinishSeries` and `TestRefreshExistingEventSeries`.
#[tokio::test(start_paused = true)]
async fn the_count_of_a_series_is_written_now_and_then_and_at_its_end() {
    let server = TestServer::in_process();
    let recorder = Recorder::new(&server.client(), "example.com/scaler");
    // One in five minutes goes on forever.
    for _ in 0..8 {
        recorder.record(&map("web"), scaled());
        tokio::time::sleep(5 * MINUTE).await;
    }
    let found = events(&server).await;
    assert_eq!(found.len(), 1);
    let refreshed = counts(&found[0]).unwrap();
    assert!((7..=8).contains(&refreshed), "{refreshed}");
    recorder.record(&map("web"), scaled());
    tokio::time::sleep(8 * MINUTE).await;
    assert_eq!(counts(&events(&server).await[0]), Some(9), "the series has ended");
    recorder.record(&map("web"), scaled());
    tokio::time::sleep(MINUTE).await;
    let found = events(&server).await;
    assert_eq!(found.iter().map(counts).filter(Option::is_none).count(), 1, "and another has begun: {}", found.len());
}

#[tokio::test(start_paused = true)]
async fn an_event_that_has_expired_is_created_again() {
    let server = TestServer::in_process();
    let recorder = Recorder::new(&server.client(), "example.com/scaler");
    recorder.record(&map("web"), scaled());
    assert!(recorder.flush(MINUTE).await);
    let name = events(&server).await[0].metadata.name.clone().unwrap();
    DeleteRequest::<v1::Event>::namespaced("default", &name).send(&server.client()).await.unwrap();
    recorder.record(&map("web"), scaled());
    assert!(recorder.flush(MINUTE).await);
    assert_eq!(events(&server).await.iter().map(counts).collect::<Vec<_>>(), [Some(2)]);
}

#[tokio::test(start_paused = true)]
async fn an_event_is_sent_again_while_the_server_cannot_take_it() {
    let server = TestServer::in_process();
    let recorder = Recorder::new(&server.client(), "example.com/scaler");
    server.inject(Fault::status(500).resource("events").times(5));
    server.inject(Fault::disconnect().resource("events").times(3));
    recorder.record(&map("web"), scaled());
    assert!(recorder.flush(10 * MINUTE).await);
    assert_eq!(events(&server).await.len(), 1);
    assert_eq!((recorder.counts().sent, recorder.counts().dropped()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn an_event_is_given_up_after_twelve_attempts_or_a_refusal() {
    let server = TestServer::in_process();
    let recorder = Recorder::new(&server.client(), "example.com/scaler");
    server.inject(Fault::status(403).resource("events"));
    recorder.record(&map("web"), scaled());
    assert!(recorder.flush(MINUTE).await);
    assert_eq!(recorder.counts().refused, 1);
    server.inject(Fault::status(500).resource("events").always());
    recorder.record(&map("other"), scaled());
    assert!(recorder.flush(30 * MINUTE).await);
    assert_eq!(recorder.counts().failed, 1);
    assert!(server.requests().len() >= 12);
}

#[tokio::test(start_paused = true)]
async fn an_object_gets_a_burst_of_events_and_then_few() {
    let server = TestServer::in_process();
    let recorder = Recorder::new(&server.client(), "example.com/scaler");
    for index in 0..40 {
        recorder.record(&map("web"), Event::normal("Scaled", &format!("Step{index}")));
    }
    recorder.record(&map("other"), scaled());
    assert!(recorder.flush(MINUTE).await);
    assert_eq!(events(&server).await.len(), 26);
    assert_eq!(recorder.counts().filtered, 15);
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_drops_events_and_never_waits() {
    let server = TestServer::in_process();
    let recorder = Recorder::new(&server.client(), "example.com/scaler");
    server.inject(Fault::silence().resource("events").always());
    let start = tokio::time::Instant::now();
    for index in 0..QUEUE + 500 {
        recorder.record(&map(&format!("web-{index}")), scaled());
    }
    assert_eq!(start.elapsed(), Duration::ZERO);
    assert!(recorder.counts().overflowed >= 499, "{:?}", recorder.counts());
    assert!(!recorder.flush(Duration::from_secs(5)).await);
    assert!(start.elapsed() <= Duration::from_secs(6));
}

#[tokio::test(start_paused = true)]
async fn the_rest_is_sent_after_the_recorder_is_dropped() {
    let server = TestServer::in_process();
    let recorder = Recorder::new(&server.client(), "example.com/scaler");
    for _ in 0..3 {
        recorder.record(&map("web"), scaled());
    }
    drop(recorder);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(events(&server).await.iter().map(counts).collect::<Vec<_>>(), [Some(3)]);
}

#[test]
fn without_a_runtime_events_are_dropped() {
    let server = TestServer::in_process();
    let recorder = Recorder::new(&server.client(), "example.com/scaler");
    recorder.record(&map("web"), scaled());
    assert_eq!(recorder.counts().overflowed, 1);
}

#[test]
fn long_texts_are_cut_with_a_mark() {
    assert_eq!(truncated("web", 3), "web");
    assert_eq!(truncated("", 3), "");
    assert_eq!(truncated("website", 6), "web…");
    assert_eq!(truncated("wünsche", 5), "w…", "characters stay whole");
    let note = truncated(&"x".repeat(5000), 1024);
    assert!(note.len() == 1024 && note.ends_with("x…"));
}

#[tokio::test(start_paused = true)]
async fn elections_are_recorded_about_the_lease() {
    use kubernetes_election::{Election, LeaseConfig};

    let server = TestServer::in_process();
    let recorder = Recorder::new(&server.client(), "example.com/operator");
    let config = LeaseConfig::new("default", "operator").identity("operator-0").observe(recorder.election_observer());
    Election::new(&server.client(), config).unwrap().run(|_| async {}).await.unwrap();
    assert!(recorder.flush(MINUTE).await);
    let mut notes: Vec<_> = events(&server).await.into_iter().filter_map(|event| event.note).collect();
    notes.sort();
    assert_eq!(notes, ["operator-0 became leader", "operator-0 stopped leading"]);
    assert_eq!(events(&server).await[0].regarding.as_deref().unwrap().kind.as_deref(), Some("Lease"));
}

/// An event that the server can't take, as of a namespace whose webhook fails, does not delay others.
#[tokio::test(start_paused = true)]
async fn an_event_that_fails_does_not_hold_up_others() {
    let server = TestServer::builder().namespace("shop").in_process();
    server.inject(Fault::status(500).path("/apis/events.k8s.io/v1/namespaces/shop/events").times(20));
    let recorder = Recorder::new(&server.client(), "example.com/scaler");
    for index in 0..20 {
        let mut broken = map(&format!("broken-{index}"));
        broken.metadata.namespace = Some("shop".into());
        recorder.record(&broken, scaled());
    }
    recorder.record(&map("web"), scaled());
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!((events(&server).await.len(), recorder.counts().sent), (1, 1), "that of the other namespace");
    // A repetition of one that waits is written after it, with the count of all.
    let mut broken = map("broken-0");
    broken.metadata.namespace = Some("shop".into());
    (0..3).for_each(|_| recorder.record(&broken, scaled()));
    assert!(!recorder.flush(Duration::from_secs(1)).await, "some wait to be sent again");
    assert!(recorder.flush(MINUTE).await);
    let found = events(&server).await;
    assert_eq!((found.len(), found.iter().filter_map(counts).collect::<Vec<_>>()), (21, vec![4]));
}
