//! Applying, creating and replacing.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use kubernetes_client::Error;
use kubernetes_core::{Object, Patch};
use kubernetes_testing::{Fault, TestServer};
use kubernetes_utils::manifests::{Action, ManifestEvent};

use super::{Succeeded as _, WIDGETS, config_map, config_maps, get, read, resource, server, writes};

const MIXED: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: new}
spec: {replicas: 2, selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web, image: 'web:1'}]}}}
---
apiVersion: example.com/v1
kind: Widget
metadata: {name: w, namespace: new}
spec: {size: 1}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: hooks}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: web, namespace: new}
---
apiVersion: v1
kind: Namespace
metadata: {name: new}
---
";

#[tokio::test(start_paused = true)]
async fn kinds_go_in_order_and_what_others_need_is_awaited() {
    let server = server();
    let manifests = read(&format!("{MIXED}{WIDGETS}"));
    let report = manifests.apply("test").send(&server.client()).await.unwrap().succeeded();
    let lines: Vec<_> = report.iter().map(ToString::to_string).collect();
    let expected = [
        "namespaces new applied",
        "customresourcedefinitions.apiextensions.k8s.io widgets.example.com applied",
        "serviceaccounts new/web applied",
        "deployments.apps new/web applied",
        "widgets.example.com new/w applied",
        "validatingwebhookconfigurations.admissionregistration.k8s.io hooks applied",
    ];
    assert_eq!(lines, expected);
    assert!(report.iter().all(|outcome| outcome.target.uid.is_some()), "the server's objects are known");
    assert_eq!(writes(&server).len(), 6, "one request for each object");
    let widgets = resource("example.com", "Widget", "widgets", true);
    let widget = get(&server, &widgets, "new", "w").await.unwrap();
    assert_eq!(widget.metadata().managed_fields[0].manager.as_deref(), Some("test"));
}

#[tokio::test(start_paused = true)]
async fn a_second_run_changes_nothing() {
    let server = server();
    let manifests = read(&format!("{MIXED}{WIDGETS}"));
    manifests.apply("test").send(&server.client()).await.unwrap().check().unwrap();
    let version = server.resource_version();
    manifests.apply("test").send(&server.client()).await.unwrap().check().unwrap();
    assert_eq!(server.resource_version(), version);
}

#[tokio::test(start_paused = true)]
async fn created_configured_and_unchanged_objects_are_told_apart() {
    let server = server();
    let client = server.client();
    let lines = async |text: &str, dry_run: bool| {
        let manifests = read(text);
        let report = manifests.apply("test").skip_unchanged(true).dry_run(dry_run).send(&client).await.unwrap();
        let report = report.succeeded();
        assert_eq!(report.targets().len(), report.len(), "all of them exist");
        report.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let (a, b) = (config_map("a", "1"), config_map("b", "1"));
    assert_eq!(lines(&a, true).await, ["configmaps shop/a created"]);
    assert_eq!(lines(&a, false).await, ["configmaps shop/a created"]);
    writes(&server);
    let both = format!("{a}{b}");
    assert_eq!(lines(&both, false).await, ["configmaps shop/a unchanged", "configmaps shop/b created"]);
    assert_eq!(writes(&server), ["patch configmaps/b"], "what is unchanged is not sent");
    let changed = format!("{}{b}", config_map("a", "2"));
    for dry_run in [true, false] {
        let lines = lines(&changed, dry_run).await;
        assert_eq!(lines, ["configmaps shop/a configured", "configmaps shop/b unchanged"], "{dry_run}");
    }
    // Another manager's fields are no change, and a field that this one has lost is.
    let theirs = "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: shop, labels: {their: own}}}";
    read(theirs).apply("somebody").send(&client).await.unwrap().check().unwrap();
    assert_eq!(lines(&config_map("a", "2"), false).await, ["configmaps shop/a unchanged"]);
    read(&config_map("a", "3")).apply("somebody").force(true).send(&client).await.unwrap().check().unwrap();
    let conflict = read(&config_map("a", "2"));
    let report = conflict.apply("test").skip_unchanged(true).send(&client).await.unwrap();
    assert_eq!(report.failures().count(), 1, "{report:?}");
}

#[tokio::test(start_paused = true)]
async fn fields_of_client_side_apply_move_though_nothing_else_changes() {
    let server = server();
    let client = server.client();
    let manifests = read(&config_map("a", "1"));
    manifests.apply("test").send(&client).await.unwrap().check().unwrap();
    let shop = config_maps().in_namespace("shop");
    let patch = Patch::merge(&serde_json::json!({"metadata": {"annotations":
        {"kubectl.kubernetes.io/last-applied-configuration": "{}"}}, "data": {"more": "x"}}));
    shop.patch("a", &patch).field_manager("kubectl-client-side-apply").send(&client).await.unwrap();
    let report = manifests.apply("test").skip_unchanged(true).send(&client).await.unwrap().succeeded();
    let outcome = report.into_iter().next().unwrap();
    assert_eq!(outcome.result.unwrap(), Action::Configured);
    assert!(!outcome.object.unwrap().has("/data/more"));
}

#[tokio::test(start_paused = true)]
async fn a_failure_does_not_hide_the_others_but_keeps_back_what_needs_the_object() {
    let server = server();
    server.inject(Fault::status(500).verb("patch").resource("customresourcedefinitions").always());
    server.inject(Fault::status(422).verb("patch").path("/api/v1/namespaces/new/serviceaccounts/web").always());
    let manifests = read(&format!("{MIXED}{WIDGETS}"));
    let report = manifests.apply("test").send(&server.client()).await.unwrap();
    let failures: Vec<_> = report.failures().map(ToString::to_string).collect();
    assert_eq!(failures.len(), 3, "{failures:?}");
    assert!(
        failures.iter().any(|line| line.starts_with(
            "test.yaml:7:1: widgets.example.com new/w: not sent, because \
        it needs customresourcedefinitions.apiextensions.k8s.io widgets.example.com, which failed"
        )),
        "{failures:?}"
    );
    let widget = report.failures().find(|failure| failure.target.resource.plural == "widgets").unwrap();
    assert!(widget.result.as_ref().unwrap_err().is_blocked());
    assert!(get(&server, &resource("apps", "Deployment", "deployments", true), "new", "web").await.is_some());
    assert!(report.check().is_err());
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_keeps_nothing_and_says_what_it_could_not_check() {
    let server = server();
    let version = server.resource_version();
    let report = read(&format!("{MIXED}{WIDGETS}{}", config_map("a", "1")));
    let report = report.apply("test").dry_run(true).send(&server.client()).await.unwrap().succeeded();
    assert_eq!(server.resource_version(), version);
    let unchecked = report.iter().filter(|outcome| outcome.result.as_ref().unwrap() == &Action::Unchecked);
    let mut unchecked: Vec<_> = unchecked.map(|outcome| outcome.target.to_string()).collect();
    unchecked.sort();
    assert_eq!(unchecked, ["deployments.apps new/web", "serviceaccounts new/web", "widgets.example.com new/w"]);
}

#[tokio::test(start_paused = true)]
async fn conflicts_name_field_and_manager() {
    let server = server();
    read(&config_map("a", "1")).apply("first").send(&server.client()).await.unwrap().check().unwrap();
    let second = read(&config_map("a", "2"));
    let report = second.apply("second").send(&server.client()).await.unwrap();
    let failure = report.failures().next().unwrap();
    let conflicts = failure.result.as_ref().unwrap_err().conflicts();
    assert_eq!((conflicts[0].field.as_str(), conflicts[0].manager.as_str()), (".data.key", "first"));
    assert!(failure.to_string().ends_with(".data.key is owned by first"), "{failure}");
    second.apply("second").force(true).send(&server.client()).await.unwrap().check().unwrap();
    let map = get(&server, &config_maps(), "shop", "a").await.unwrap();
    assert_eq!(map.get::<String>("/data/key").unwrap().as_deref(), Some("2"));
}

#[tokio::test(start_paused = true)]
async fn fields_of_client_side_apply_move_to_the_manager() {
    let server = server();
    let client = server.client();
    let annotation = "{\"metadata\":{\"annotations\":{\"kubectl.kubernetes.io/last-applied-configuration\":\"{}\"}}}";
    let mut created = read(&config_map("a", "1")).into_iter().next().unwrap().object;
    created.set("/data/old", &"x".to_owned()).unwrap();
    let shop = config_maps().in_namespace("shop");
    shop.create(&created).field_manager("kubectl-client-side-apply").send(&client).await.unwrap();
    let patch = Patch::merge(&serde_json::from_str::<serde_json::Value>(annotation).unwrap());
    shop.patch("a", &patch).field_manager("kubectl-client-side-apply").send(&client).await.unwrap();

    let report = read(&config_map("a", "1")).apply("test").send(&client).await.unwrap().succeeded();
    let map = report.into_iter().next().unwrap().object.unwrap();
    assert_eq!(map.get::<String>("/data/old").unwrap(), None, "what the manifest no longer has is removed");
    let managers: Vec<_> = map.metadata.managed_fields.iter().map(|entry| entry.manager.as_deref().unwrap()).collect();
    assert_eq!(managers, ["test"]);
    assert!(map.metadata.annotations.is_empty());
}

#[tokio::test(start_paused = true)]
async fn unknown_fields_are_refused_unless_asked_otherwise() {
    let server = server();
    let text = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\nspec: {replicsa: 1}";
    let _ = read(text).apply("test").send(&server.client()).await.unwrap();
    let queries: Vec<_> =
        server.requests().iter().filter(|it| it.verb() == "patch").map(|it| it.query.clone()).collect();
    assert!(queries[0].contains("fieldValidation=Strict"), "{queries:?}");
    server.forget_requests();
    let _ = read(text).apply("test").field_validation("Ignore").send(&server.client()).await.unwrap();
    let queries: Vec<_> =
        server.requests().iter().filter(|it| it.verb() == "patch").map(|it| it.query.clone()).collect();
    assert!(queries[0].contains("fieldValidation=Ignore"), "{queries:?}");
}

#[tokio::test(start_paused = true)]
async fn an_object_is_sent_again_while_its_new_namespace_is_not_known_everywhere() {
    let server = server();
    server.inject(Fault::status(404).verb("patch").resource("serviceaccounts").times(2));
    let report = read(MIXED.split("---").filter(|it| !it.contains("Widget")).collect::<Vec<_>>().join("---").as_str());
    report.apply("test").send(&server.client()).await.unwrap().check().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_definition_that_is_never_established_holds_back_its_objects_for_a_limit() {
    let server = server();
    let client = server.client();
    // The controllers of the server establish a definition when it is created: this one's names are taken.
    let other =
        WIDGETS.replace("widgets.example.com", "gadgets.example.com").replace("plural: widgets", "plural: gadgets");
    read(&other).apply("test").send(&client).await.unwrap().check().unwrap();
    let definitions = resource("apiextensions.k8s.io", "CustomResourceDefinition", "customresourcedefinitions", false);
    let status = Patch::merge(&serde_json::json!({"status": {"conditions":
        [{"type": "Established", "status": "False", "reason": "Installing", "message": "", "lastTransitionTime": null}]}}));
    let patch = definitions.cluster();
    patch.patch("gadgets.example.com", &status).subresource("status").send(&client).await.unwrap();
    let gadget = "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: g, namespace: shop}";
    let waited = Arc::new(Mutex::new(0));
    let counter = Arc::clone(&waited);
    let report = read(&format!("{other}{gadget}"));
    let report = report.apply("test").wait_limit(Duration::from_secs(5)).observe(move |event| {
        if let ManifestEvent::Waiting(target) = event {
            assert_eq!(target.key.name(), "gadgets.example.com");
            *counter.lock().unwrap() += 1;
        }
    });
    let report = report.send(&client).await.unwrap();
    let failures: Vec<_> = report.failures().collect();
    assert_eq!((failures.len(), *waited.lock().unwrap()), (2, 1), "{failures:?}");
    assert!(failures[0].result.as_ref().unwrap_err().is_timeout());
    assert!(failures[1].result.as_ref().unwrap_err().is_blocked());
}

#[tokio::test(start_paused = true)]
async fn progress_is_told() {
    let server = server();
    let log = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&log);
    let manifests = read(&config_map("a", "1"));
    let apply = manifests.apply("test").observe(move |event| {
        seen.lock().unwrap().push(match event {
            ManifestEvent::Planned { objects } => format!("planned {objects}"),
            ManifestEvent::Started(target) => format!("started {target}"),
            ManifestEvent::Finished(outcome) => format!("finished {outcome}"),
            other => format!("{other:?}"),
        });
    });
    apply.send(&server.client()).await.unwrap().check().unwrap();
    assert_eq!(*log.lock().unwrap(), ["planned 1", "started configmaps shop/a", "finished configmaps shop/a applied"]);
}

#[tokio::test(start_paused = true)]
async fn requests_are_bounded() {
    let server = TestServer::builder().namespace("shop").in_process();
    server.inject(Fault::delay(Duration::from_secs(1)).verb("patch").always());
    let text: String = (0..40).map(|index| config_map(&format!("m{index}"), "1")).collect();
    let start = tokio::time::Instant::now();
    let report = read(&text).apply("test").concurrency(10).send(&server.client()).await.unwrap().succeeded();
    assert_eq!((report.len(), start.elapsed().as_secs()), (40, 4), "ten at a time");
}

#[tokio::test(start_paused = true)]
async fn objects_are_created_and_replaced() {
    let server = server();
    let client = server.client();
    let one = read(&config_map("a", "1"));
    let report = one.create().field_manager("creator").send(&client).await.unwrap().succeeded();
    assert_eq!(report.iter().next().unwrap().to_string(), "configmaps shop/a created");
    let again = one.create().send(&client).await.unwrap();
    let error = again.failures().next().unwrap().result.as_ref().unwrap_err();
    assert!(error.request_error().unwrap().is_already_exists(), "{error}");

    let generated = read("apiVersion: v1\nkind: ConfigMap\nmetadata: {generateName: b-, namespace: shop}");
    let report = generated.create().send(&client).await.unwrap().succeeded();
    let name = report.iter().next().unwrap().target.key.name().to_owned();
    assert!(name.starts_with("b-") && name.len() > 2, "{name}");

    let two = read(&format!("{}{}", config_map("a", "2"), config_map("missing", "2")));
    server.inject(Fault::status(409).verb("update").times(1));
    let report = two.replace().send(&client).await.unwrap();
    let lines: Vec<_> = report.iter().map(ToString::to_string).collect();
    assert!(lines.contains(&"configmaps shop/a replaced".to_owned()), "{lines:?}");
    assert_eq!(report.failures().count(), 1, "one that does not exist can't be replaced");
    let map = get(&server, &config_maps(), "shop", "a").await.unwrap();
    assert_eq!(map.get::<String>("/data/key").unwrap().as_deref(), Some("2"));
    let old = read("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: shop, resourceVersion: '1'}");
    writes(&server);
    let report = old.replace().send(&client).await.unwrap();
    assert!(report.failures().next().unwrap().result.as_ref().unwrap_err().request_error().unwrap().is_conflict());
    assert_eq!(writes(&server), ["update configmaps/a"], "another try can't succeed");
}

#[tokio::test(start_paused = true)]
async fn objects_without_a_namespace_go_to_that_of_the_client_or_of_the_call() {
    let server = server();
    let map = read("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}");
    map.apply("test").send(&server.client()).await.unwrap().check().unwrap();
    assert!(get(&server, &config_maps(), "default", "a").await.is_some());
    map.apply("test").namespace("shop").send(&server.client()).await.unwrap().check().unwrap();
    assert!(get(&server, &config_maps(), "shop", "a").await.is_some());
}

/// Programs print `{error:#}`, and ask the client's error for the reason.
#[tokio::test]
async fn errors_show_their_causes_and_lead_to_that_of_the_client() {
    let server = server();
    server.inject(Fault::status(403).verb("patch").resource("configmaps").always());
    let report = read(&config_map("a", "1")).apply("test").send(&server.client()).await.unwrap();
    let error = report.check().unwrap_err();
    assert!(Error::find(&error).is_some_and(Error::is_forbidden), "{error:#}");
    assert_eq!(format!("{error:#}").matches("403").count(), 1, "{error:#}");

    let server = self::server();
    server.inject(Fault::status(401).method(kubernetes_core::Method::GET).always());
    let error = read(&config_map("a", "1")).apply("test").send(&server.client()).await.unwrap_err();
    assert!(Error::find(&error).is_some_and(Error::is_unauthorized), "{error:#}");
    assert!(!error.to_string().contains("401") && format!("{error:#}").contains("401"), "{error:#}");
}
