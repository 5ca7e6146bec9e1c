//! Discovery with all kinds of servers: the scenarios of client-go's `discovery_client_test.go`, and failures.

use kubernetes_core::GroupVersionKind;
use kubernetes_dynamic::Discovery;
use serde_json::{Value, json};

use crate::script::{Script, accept, aggregated, core, group, resource, respond, stale, status, version};

const V2: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

fn apps() -> Value {
    group(
        "apps",
        json!([
            version("v1", json!([resource("Deployment", "deployments", &["deploy"])])),
            version("v1beta1", json!([resource("Deployment", "deployments", &[]), resource("Old", "olds", &[])])),
        ]),
    )
}

fn classic_groups(groups: &[(&str, &[&str])]) -> Value {
    let groups: Vec<_> = groups
        .iter()
        .map(|(name, versions)| {
            let version = |version: &&str| json!({"groupVersion": format!("{name}/{version}"), "version": version});
            // The preferred version is not the first.
            json!({"name": name, "versions": versions.iter().map(version).collect::<Vec<_>>(),
                "preferredVersion": version(versions.last().unwrap())})
        })
        .collect();
    json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
}

fn classic_resources(group_version: &str, names: &[(&str, &str)]) -> Value {
    let resources: Vec<_> = names
        .iter()
        .map(|(name, kind)| {
            json!({"name": name, "singularName": "", "namespaced": true, "kind": kind, "verbs": ["get"]})
        })
        .collect();
    json!({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": resources})
}

fn names(discovery: &Discovery) -> Vec<String> {
    discovery.resources().map(ToString::to_string).collect()
}

#[tokio::test]
async fn aggregated_discovery_takes_two_requests() {
    let script = Script::default();
    for (path, items) in [("/api", core()), ("/apis", json!([apps()]))] {
        script.on(path, move |request| {
            assert_eq!(accept(request), format!("{V2},application/json"), "the order is part of the contract");
            assert_eq!(request.uri().query(), Some("timeout=32s"));
            respond(200, &aggregated(items.clone()))
        });
    }
    let discovery = Discovery::run(&script.client()).await.unwrap();
    assert_eq!(script.take_requests(), ["/api", "/apis"]);
    assert_eq!(names(&discovery), ["pods.v1.", "deployments.v1.apps", "deployments.v1beta1.apps", "olds.v1beta1.apps"]);
    let preferred: Vec<_> = discovery.preferred_resources().map(ToString::to_string).collect();
    assert_eq!(preferred, ["pods.v1.", "deployments.v1.apps", "olds.v1beta1.apps"]);
    let deployment = discovery.kind(&GroupVersionKind::new("apps", "v1", "Deployment")).unwrap();
    assert!(deployment.supports("watch") && !deployment.supports("patch"));
    assert_eq!(discovery.group("apps").unwrap().preferred_version().unwrap().version, "v1");
    assert!(discovery.failures().is_empty());
}

#[tokio::test]
async fn a_kind_without_a_version_is_one_of_its_resources_version() {
    // As kube-apiserver lists built-in kinds; a group may be the core group, whose name is empty.
    let script = Script::default();
    let mut deployments = resource("Deployment", "deployments", &[]);
    let of_type = |group: &str, version: &str, kind: &str| json!({"group": group, "version": version, "kind": kind});
    deployments["subresources"] = json!([
        {"subresource": "status", "responseKind": of_type("", "", "Deployment"), "verbs": ["get"]},
        {"subresource": "scale", "responseKind": of_type("autoscaling", "v1", "Scale"), "verbs": ["get"]},
        {"subresource": "binding", "responseKind": of_type("", "v1", "Binding"), "verbs": ["create"]},
    ]);
    script.aggregated(core(), json!([group("apps", json!([version("v1", json!([deployments]))]))]));
    let discovery = Discovery::run(&script.client()).await.unwrap();
    let deployments = discovery.kind(&GroupVersionKind::new("apps", "v1", "Deployment")).unwrap();
    let kinds: Vec<_> = deployments.subresources.iter().map(|of| of.kind.to_string()).collect();
    assert_eq!(kinds, ["apps/v1, Kind=Deployment", "autoscaling/v1, Kind=Scale", "/v1, Kind=Binding"]);
}

#[tokio::test]
async fn a_server_may_be_asked_for_what_it_has_itself() {
    let script = Script::default();
    for path in ["/api", "/apis"] {
        script.on(path, |request| {
            assert_eq!(accept(request), format!("{V2};profile=nopeer,{V2},application/json"));
            respond(200, &aggregated(core()))
        });
    }
    Discovery::run_without_peers(&script.client()).await.unwrap();
}

#[tokio::test]
async fn the_form_is_decided_response_by_response() {
    // A proxy drops the parameters of the media type, and one of two paths answers in the classic form.
    let script = Script::default();
    script.json("/api", aggregated(core()));
    script.json("/apis", classic_groups(&[("apps", &["v1beta1", "v1"]), ("batch", &["v1"])]));
    let mut v1 = classic_resources("apps/v1", &[("deployments", "Deployment"), ("deployments/status", "Deployment")]);
    v1["resources"].as_array_mut().unwrap().push(json!({"name": "deployments/scale", "singularName": "",
        "namespaced": true, "group": "autoscaling", "version": "v1", "kind": "Scale", "verbs": ["get", "update"]}));
    script.json("/apis/apps/v1", v1);
    script.json("/apis/apps/v1beta1", classic_resources("apps/v1beta1", &[("deployments", "Deployment")]));
    script.json("/apis/batch/v1", classic_resources("batch/v1", &[("jobs", "Job"), ("lost/status", "Lost")]));
    let discovery = Discovery::run(&script.client()).await.unwrap();
    assert_eq!(script.take_requests(), ["/api", "/apis", "/apis/apps/v1", "/apis/apps/v1beta1", "/apis/batch/v1"]);
    let expected = ["pods.v1.", "deployments.v1.apps", "deployments.v1beta1.apps", "jobs.v1.batch"];
    assert_eq!(names(&discovery), expected, "the preferred version comes first, a subresource is not a resource");
    let deployments = discovery.kind(&GroupVersionKind::new("apps", "v1", "Deployment")).unwrap();
    let status = &deployments.subresource("status").unwrap().kind;
    assert_eq!(*status, GroupVersionKind::new("apps", "v1", "Deployment"), "of the list's own version");
    assert_eq!(deployments.subresource("scale").unwrap().kind, GroupVersionKind::new("autoscaling", "v1", "Scale"));
    assert!(deployments.subresource("eviction").is_none());
}

#[tokio::test]
async fn a_server_that_accepts_plain_json_only_is_asked_again() {
    let script = Script::default();
    let answers =
        [("/api", json!({"kind": "APIVersions", "versions": ["v1"]})), ("/apis", classic_groups(&[("apps", &["v1"])]))];
    for (path, document) in answers {
        script.on(path, move |request| match accept(request) {
            "application/json" => respond(200, &document),
            _ => respond(406, &status(406, "NotAcceptable")),
        });
    }
    script.json("/api/v1", classic_resources("v1", &[("pods", "Pod")]));
    script.json("/apis/apps/v1", classic_resources("apps/v1", &[("deployments", "Deployment")]));
    let discovery = Discovery::run(&script.client()).await.unwrap();
    assert_eq!(names(&discovery), ["pods.v1.", "deployments.v1.apps"]);
    assert_eq!(script.take_requests(), ["/api", "/api", "/api/v1", "/apis", "/apis", "/apis/apps/v1"]);
}

#[tokio::test]
async fn a_version_whose_server_is_down_is_reported_beside_the_others() {
    let script = Script::default();
    let metrics = json!([
        stale("v1beta1", json!([resource("PodMetrics", "pods", &[])])),
        version("v1alpha1", json!([resource("PodMetrics", "pods", &[])])),
    ]);
    script.aggregated(core(), json!([group("metrics.k8s.io", metrics), apps()]));
    let discovery = Discovery::run(&script.client()).await.unwrap();
    let failure = &discovery.failures()[0];
    assert!(failure.is_stale() && failure.error().is_none() && discovery.failures().len() == 1);
    assert_eq!(failure.to_string(), "metrics.k8s.io/v1beta1: its API server does not respond");
    let group = discovery.group("metrics.k8s.io").unwrap();
    assert_eq!(group.preferred_version().unwrap().version, "v1alpha1", "the first that answers");
    assert!(group.versions[0].is_stale() && group.versions[0].resources.len() == 1, "what was known is kept");
    assert!(discovery.kind(&GroupVersionKind::new("apps", "v1", "Deployment")).is_some());
}

#[tokio::test]
async fn a_group_that_fails_in_the_classic_form_does_not_fail_the_others() {
    let script = Script::default();
    script.json("/api", json!({"kind": "APIVersions", "versions": ["v1"]}));
    script.json("/api/v1", classic_resources("v1", &[("pods", "Pod")]));
    script.json("/apis", classic_groups(&[("secret.example.com", &["v1"]), ("down.example.com", &["v1"])]));
    script.fail("/apis/secret.example.com/v1", 403, "Forbidden");
    script.fail("/apis/down.example.com/v1", 503, "ServiceUnavailable");
    let discovery = Discovery::run(&script.client()).await.unwrap();
    assert_eq!(names(&discovery), ["pods.v1."]);
    let mut failed: Vec<_> = discovery.failures().iter().map(|failure| failure.group_version().to_string()).collect();
    failed.sort();
    assert_eq!(failed, ["down.example.com/v1", "secret.example.com/v1"]);
    let forbidden = discovery.failures().iter().find(|failure| failure.error().is_some_and(|e| e.is_forbidden()));
    assert!(
        forbidden.unwrap().to_string().starts_with("secret.example.com/v1: GET /apis/secret.example.com/v1 failed")
    );
    assert!(discovery.group("down.example.com").unwrap().versions[0].is_stale());
}

#[tokio::test]
async fn the_core_group_may_be_missing_and_the_others_may_not() {
    let script = Script::default();
    script.aggregated(core(), json!([apps()]));
    for (code, reason, failures) in [(404, "NotFound", 0), (403, "Forbidden", 1)] {
        script.fail("/api", code, reason);
        let discovery = Discovery::run(&script.client()).await.unwrap();
        assert_eq!((discovery.groups().len(), discovery.failures().len()), (1, failures), "{reason}");
    }
    script.fail("/api", 500, "InternalError");
    assert!(Discovery::run(&script.client()).await.is_err());
    script.json("/api", aggregated(core()));
    for (code, reason) in [(404, "NotFound"), (403, "Forbidden"), (401, "Unauthorized")] {
        script.fail("/apis", code, reason);
        let error = Discovery::run(&script.client()).await.unwrap_err();
        assert_eq!(error.http_status().unwrap().as_u16(), code);
    }
}

#[tokio::test]
async fn a_group_that_vanishes_between_two_requests_is_not_in_the_result() {
    let script = Script::default();
    script.json("/api", json!({"kind": "APIVersions", "versions": []}));
    let mut asked = 0;
    script.on("/apis", move |_| {
        asked += 1;
        let groups: &[(&str, &[&str])] =
            if asked == 1 { &[("gone.example.com", &["v1"]), ("apps", &["v1"])] } else { &[("apps", &["v1"])] };
        respond(200, &classic_groups(groups))
    });
    script.json("/apis/apps/v1", classic_resources("apps/v1", &[("deployments", "Deployment")]));
    let discovery = Discovery::run(&script.client()).await.unwrap();
    assert_eq!(names(&discovery), ["deployments.v1.apps"]);
    assert!(discovery.failures().is_empty());
    let requests = script.take_requests();
    assert_eq!(requests.iter().filter(|path| *path == "/apis").count(), 2, "{requests:?}");

    // One that stays listed is a failure in the end.
    script.json("/apis", classic_groups(&[("gone.example.com", &["v1"]), ("apps", &["v1"])]));
    let discovery = Discovery::run(&script.client()).await.unwrap();
    assert_eq!(discovery.failures()[0].group_version().group, "gone.example.com");
    let requests = script.take_requests();
    assert_eq!(requests.iter().filter(|path| *path == "/apis").count(), 3, "{requests:?}");
}

#[tokio::test]
async fn a_document_of_another_kind_is_an_error_that_says_so() {
    let script = Script::default();
    script.aggregated(core(), json!([]));
    for (document, message) in [
        (json!({"kind": "Pod", "apiVersion": "v1"}), "kind: expected API groups, found \"Pod\""),
        (json!({"hello": "world"}), "is this the address of an API server?"),
        (json!({"kind": "APIGroupDiscoveryList", "items": [{"versions": [{"resources": [{"verbs": 1}]}]}]}), "verbs"),
    ] {
        script.json("/apis", document);
        let error = Discovery::run(&script.client()).await.unwrap_err();
        assert!(error.is_decode(), "{error:?}");
        assert!(format!("{error:?}").contains(message), "{error:?} lacks {message}");
    }
}
