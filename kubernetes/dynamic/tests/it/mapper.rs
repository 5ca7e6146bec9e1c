//! Names and types to resources: client-go's `restmapper` tests and controller-runtime's, as scenarios.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use kubernetes_core::GroupVersionKind;
use kubernetes_dynamic::{MapError, Mapper};
use serde_json::{Value, json};

use crate::script::{Script, aggregated, group, resource, respond, stale, status, version};

fn in_category(mut resource: Value, category: &str) -> Value {
    resource["categories"] = json!([category]);
    resource
}

/// As a cluster with some custom resources has it, in the server's order.
fn script() -> Script {
    let script = Script::default();
    let core = json!([group(
        "",
        json!([version(
            "v1",
            json!([
                in_category(resource("Pod", "pods", &["po"]), "all"),
                resource("Event", "events", &["ev"]),
                resource("ConfigMap", "configmaps", &["cm"]),
            ])
        )])
    )]);
    let one = |name, kind, plural, short: &[&str]| {
        group(name, json!([version("v1", json!([resource(kind, plural, short)]))]))
    };
    let groups = json!([
        group(
            "apps",
            json!([
                version("v1", json!([in_category(resource("Deployment", "deployments", &["deploy"]), "all")])),
                version(
                    "v1beta1",
                    json!([resource("Deployment", "deployments", &["deploy"]), resource("Old", "olds", &[])])
                ),
            ])
        ),
        one("events.k8s.io", "Event", "events", &["ev"]),
        one("storage.k8s.io", "StorageClass", "storageclasses", &["sc"]),
        one("metrics.k8s.io", "PodMetrics", "pods", &[]),
        one("a.example.com", "Cluster", "clusters", &["cl"]),
        one("b.example.com", "Cluster", "clusters", &["cl"]),
        one("c.example.com", "Ev", "evs", &["deployments", "cm"]),
        one("d.example.com", "Gateway", "gateways", &["gw"]),
    ]);
    script.aggregated(core, groups);
    script
}

async fn map(mapper: &Mapper, name: &str) -> String {
    match mapper.resource(name).await {
        Ok(resource) => resource.to_string(),
        Err(error) => format!("error: {error}"),
    }
}

#[tokio::test(start_paused = true)]
async fn names_of_every_form_lead_to_their_resource() {
    let mapper = Mapper::new(&script().client());
    for (name, resource) in [
        ("pods", "pods.v1."),
        ("pod", "pods.v1."),
        ("po", "pods.v1."),
        ("Pod", "pods.v1."),
        ("PODS", "pods.v1."),
        ("pods.v1.", "pods.v1."),
        ("deploy", "deployments.v1.apps"),
        ("deployment", "deployments.v1.apps"),
        ("Deployment", "deployments.v1.apps"),
        ("deployments.apps", "deployments.v1.apps"),
        ("deploy.apps", "deployments.v1.apps"),
        ("deployments.v1.apps", "deployments.v1.apps"),
        ("deployments.v1beta1.apps", "deployments.v1beta1.apps"),
        ("Deployment.v1beta1.apps", "deployments.v1beta1.apps"),
        ("olds", "olds.v1beta1.apps"),
        ("event", "events.v1."),
        ("events.events.k8s.io", "events.v1.events.k8s.io"),
        ("events.v1.events.k8s.io", "events.v1.events.k8s.io"),
        ("storageclass.storage", "storageclasses.v1.storage.k8s.io"),
        ("sc.stor", "storageclasses.v1.storage.k8s.io"),
        ("pods.metrics.k8s.io", "pods.v1.metrics.k8s.io"),
        ("PodMetrics", "pods.v1.metrics.k8s.io"),
        ("clusters.b.example.com", "clusters.v1.b.example.com"),
        ("cl.b", "clusters.v1.b.example.com"),
        ("gw", "gateways.v1.d.example.com"),
    ] {
        assert_eq!(map(&mapper, name).await, resource, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_full_name_counts_before_a_short_one_of_any_group() {
    let mapper = Mapper::new(&script().client());
    // `c.example.com` has the short names `deployments` and `cm`, and its kind is a short name of events.
    assert_eq!(map(&mapper, "deployments").await, "deployments.v1.apps");
    assert_eq!(map(&mapper, "deployments.c.example.com").await, "evs.v1.c.example.com");
    assert_eq!(map(&mapper, "cm").await, "configmaps.v1.", "Kubernetes' own counts before a custom one");
    assert_eq!(
        map(&mapper, "ev").await,
        "evs.v1.c.example.com",
        "it is the singular of one, and a short name of another"
    );
}

#[tokio::test(start_paused = true)]
async fn a_name_that_two_groups_have_is_ambiguous_or_means_the_first() {
    let client = script().client();
    let mapper = Mapper::new(&client);
    for name in ["cl", "clusters", "Cluster", "clusters.v1."] {
        let error = mapper.resource(name).await.unwrap_err();
        if name == "clusters.v1." {
            assert!(error.is_no_match(), "the core group has none: {error}");
            continue;
        }
        assert!(error.is_ambiguous() && !error.is_no_match(), "{name}");
        let expected =
            format!("{name:?} matches several resources: clusters.v1.a.example.com, clusters.v1.b.example.com");
        assert_eq!(error.to_string(), expected);
        assert_eq!(error.candidates().len(), 2);
    }
    let as_kubectl = Mapper::builder(&client).first_of_ambiguous().build();
    assert_eq!(map(&as_kubectl, "cl").await, "clusters.v1.a.example.com");
}

#[tokio::test(start_paused = true)]
async fn a_miss_names_what_is_similar_and_what_is_not_known() {
    let script = script();
    let mapper = Mapper::new(&script.client());
    let error = mapper.resource("deploymnets").await.unwrap_err();
    assert!(error.is_no_match() && error.failures().is_empty());
    assert_eq!(
        error.to_string(),
        "the server has no resource \"deploymnets\"; similar: deployments.v1.apps, evs.v1.c.example.com"
    );
    let error = mapper.resource("deployments.v2.apps").await.unwrap_err();
    assert_eq!(error.candidates()[0].to_string(), "deployments.v1.apps", "the same name in another version");
    let error = mapper.resource("nothing-like-it").await.unwrap_err();
    assert!(error.candidates().is_empty(), "{error}");

    let kind = GroupVersionKind::new("apps", "v2", "Deployment");
    let error = mapper.kind(&kind).await.unwrap_err();
    let expected = "the server has no resource of kind apps/v2, Kind=Deployment; similar: deployments.v1.apps";
    assert_eq!(error.to_string(), expected);

    let broken = json!([group("metrics.k8s.io", json!([stale("v1beta1", json!([]))]))]);
    script.json("/apis", aggregated(broken));
    mapper.invalidate();
    let error = mapper.resource("podmetrics").await.unwrap_err();
    let expected = "the server has no resource \"podmetrics\"; could not discover the resources of metrics.k8s.io/v1beta1: \
        its API server does not respond";
    assert_eq!(error.to_string(), expected);
}

#[tokio::test(start_paused = true)]
async fn text_that_names_nothing_is_refused_without_a_request() {
    let script = script();
    let mapper = Mapper::new(&script.client());
    mapper.discovery().await.unwrap();
    script.take_requests();
    for text in ["", ".apps", "deploy/web"] {
        let error = mapper.resource(text).await.unwrap_err();
        assert!(!error.is_no_match() && !error.is_ambiguous(), "{text}: {error}");
        assert!(error.to_string().contains("does not name a resource"), "{error}");
    }
    for text in ["deploy", "deploy/", "a/b/c"] {
        let error = mapper.object(text).await.unwrap_err();
        assert!(error.to_string().contains("expected `resource/name`"), "{error}");
    }
    assert!(script.take_requests().is_empty());
    let (resource, name) = mapper.object("deploy/web").await.unwrap();
    assert_eq!((resource.to_string().as_str(), name.as_str()), ("deployments.v1.apps", "web"));
}

#[tokio::test(start_paused = true)]
async fn lists_of_names_have_categories_and_each_resource_once() {
    let mapper = Mapper::new(&script().client());
    let names = |resources: Vec<_>| resources.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(names(mapper.category("all").await.unwrap()), ["pods.v1.", "deployments.v1.apps"]);
    assert_eq!(names(mapper.category("none").await.unwrap()), Vec::<String>::new());
    let resources = mapper.resources("cm, all,po.,deploy").await.unwrap();
    assert_eq!(names(resources), ["configmaps.v1.", "pods.v1.", "deployments.v1.apps"]);
    assert!(mapper.resources("all,nothing").await.unwrap_err().is_no_match());
}

#[tokio::test(start_paused = true)]
async fn kinds_lead_to_their_resource_in_the_version_asked_for_or_the_preferred_one() {
    let mapper = Mapper::new(&script().client());
    let kind = |version: &str, kind: &str| GroupVersionKind::new("apps", version, kind);
    assert_eq!(mapper.kind(&kind("v1beta1", "Deployment")).await.unwrap().version, "v1beta1");
    assert_eq!(mapper.kind(&kind("", "Deployment")).await.unwrap().version, "v1");
    assert_eq!(mapper.kind(&kind("", "Old")).await.unwrap().version, "v1beta1", "only that version has it");
    assert!(mapper.kind(&kind("v1", "deployment")).await.unwrap_err().is_no_match(), "a kind has its case");
    let object = mapper.resource("deploy").await.unwrap().object("web");
    assert_eq!(mapper.resource_of(&object).await.unwrap().to_string(), "deployments.v1.apps");
    let untyped = kubernetes_dynamic::DynamicObject::default();
    let error = mapper.resource_of(&untyped).await.unwrap_err();
    assert!(error.to_string().contains("has no `apiVersion` and `kind`"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_version_that_does_not_answer_is_the_last_resort() {
    let script = Script::default();
    let things = |name| json!([resource("Thing", name, &["th"])]);
    let first = group("a.example.com", json!([stale("v2", things("things")), version("v1", things("things"))]));
    let second = group("b.example.com", json!([stale("v1", things("others"))]));
    script.aggregated(json!([]), json!([second, first]));
    let mapper = Mapper::new(&script.client());
    assert_eq!(map(&mapper, "th").await, "things.v1.a.example.com");
    assert_eq!(map(&mapper, "others").await, "others.v1.b.example.com", "its own server says best what is wrong");
}

/// Answers `/apis` with a kind more from the second discovery on, and counts.
pub(crate) fn growing(script: &Script, from: usize) -> Arc<AtomicUsize> {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    script.json("/api", aggregated(json!([])));
    script.on("/apis", move |_| {
        let mut resources = vec![resource("Old", "olds", &[])];
        if count.fetch_add(1, Ordering::SeqCst) >= from {
            resources.push(resource("New", "news", &[]));
        }
        respond(200, &aggregated(json!([group("example.com", json!([version("v1", json!(resources))]))])))
    });
    asked
}

#[tokio::test(start_paused = true)]
async fn a_miss_asks_the_server_again_at_most_once_per_interval() {
    let script = Script::default();
    let asked = growing(&script, 1);
    let mapper = Mapper::builder(&script.client()).reload_interval(Duration::from_secs(10)).build();
    assert_eq!(map(&mapper, "olds").await, "olds.v1.example.com");
    for _ in 0..3 {
        assert!(mapper.resource("news").await.unwrap_err().is_no_match());
    }
    assert_eq!(asked.load(Ordering::SeqCst), 1, "it was asked just now");
    tokio::time::advance(Duration::from_secs(10)).await;
    assert_eq!(map(&mapper, "news").await, "news.v1.example.com");
    assert_eq!(asked.load(Ordering::SeqCst), 2);
    mapper.resource("olds").await.unwrap();
    assert_eq!(asked.load(Ordering::SeqCst), 2, "what is known takes no request");
}

#[tokio::test(start_paused = true)]
async fn what_is_known_grows_old() {
    let script = Script::default();
    let asked = growing(&script, 9);
    let mapper = Mapper::builder(&script.client()).ttl(Duration::from_secs(60)).build();
    mapper.resource("olds").await.unwrap();
    tokio::time::advance(Duration::from_secs(59)).await;
    mapper.resource("olds").await.unwrap();
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    tokio::time::advance(Duration::from_secs(1)).await;
    mapper.resource("olds").await.unwrap();
    assert_eq!(asked.load(Ordering::SeqCst), 2);
    mapper.invalidate();
    mapper.resource("olds").await.unwrap();
    assert_eq!(asked.load(Ordering::SeqCst), 3);

    // The server is away: what is known is used for longer, and it is not asked for every name.
    script.fail("/apis", 500, "InternalError");
    tokio::time::advance(Duration::from_secs(60)).await;
    script.take_requests();
    for _ in 0..3 {
        assert_eq!(map(&mapper, "olds").await, "olds.v1.example.com");
    }
    let requests = script.take_requests();
    assert_eq!(requests.iter().filter(|path| *path == "/apis").count(), 1, "{requests:?}");
    tokio::time::advance(Duration::from_secs(2)).await;
    let error = mapper.resource("news").await.unwrap_err();
    assert!(!error.is_no_match(), "nobody knows whether there is one: {error}");
    assert_eq!(error.request_error().unwrap().http_status().unwrap().as_u16(), 500);
}

#[tokio::test(start_paused = true)]
async fn however_many_ask_there_is_one_discovery() {
    let script = Script::default();
    let asked = growing(&script, 9);
    let mapper = Mapper::new(&script.client());
    let all: Vec<_> = (0..20)
        .map(|_| {
            let mapper = mapper.clone();
            tokio::spawn(async move { mapper.resource("olds").await.map(drop) })
        })
        .collect();
    for one in all {
        one.await.unwrap().unwrap();
    }
    assert_eq!(asked.load(Ordering::SeqCst), 1);

    // Those who wait for one that fails get its error, and do not try one after the other.
    let script = Script::default();
    script.fail("/apis", 403, "Forbidden");
    script.json("/api", aggregated(json!([])));
    let mapper = Mapper::new(&script.client());
    let results = futures_util::future::join_all((0..20).map(|_| mapper.resource("olds"))).await;
    assert!(results.iter().all(|result| result.as_ref().is_err_and(|error| error.request_error().is_some())));
    assert_eq!(script.take_requests(), ["/api", "/apis"]);
}

#[tokio::test(start_paused = true)]
async fn a_discovery_that_is_given_up_does_not_stop_the_others() {
    let script = Script::default();
    growing(&script, 9);
    let mapper = Mapper::new(&script.client());
    let mut given_up = Box::pin(mapper.resource("olds"));
    let _ = futures_util::poll!(&mut given_up);
    drop(given_up);
    assert_eq!(map(&mapper, "olds").await, "olds.v1.example.com");
}

#[tokio::test(start_paused = true)]
async fn a_kind_is_waited_for() {
    let script = Script::default();
    growing(&script, 3);
    let mapper = Mapper::new(&script.client());
    let new = GroupVersionKind::new("example.com", "v1", "New");
    let started = tokio::time::Instant::now();
    let resource = mapper.wait_for(&new).await.unwrap();
    assert_eq!(resource.to_string(), "news.v1.example.com");
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());

    let never = GroupVersionKind::new("example.com", "v1", "Never");
    let error = mapper.wait_for(&never).within(Duration::from_secs(30)).await.unwrap_err();
    assert!(error.is_timeout() && error.request_error().is_none());
    let expected = "timed out after 30s waiting for the server to have a resource of kind example.com/v1, Kind=Never";
    assert_eq!(error.to_string(), expected);

    // A server that is away is waited for, too; a lack of rights does not go away.
    script.on("/apis", |_| respond(503, &status(503, "ServiceUnavailable")));
    tokio::time::advance(Duration::from_secs(5)).await;
    let error = mapper.wait_for(&never).within(Duration::from_secs(60)).await.unwrap_err();
    assert!(error.is_timeout() && error.request_error().is_some(), "{error:?}");
    script.fail("/apis", 403, "Forbidden");
    tokio::time::advance(Duration::from_secs(5)).await;
    let error: MapError = mapper.wait_for(&never).within(Duration::from_secs(60)).await.unwrap_err();
    assert!(error.request_error().is_some_and(|error| error.is_forbidden()), "{error:?}");
}
