//! Sets of objects that are applied together: the cases of kubectl's tests of ApplySet
//! (<https://github.com/kubernetes/kubectl/blob/v0.37.2/pkg/cmd/apply/apply_test.go>), and more.

use std::time::Duration;

use kubernetes_core::{ObjectKey, Patch};
use kubernetes_dynamic::{ApiResource, Mapper};
use kubernetes_testing::{Fault, TestServer};
use kubernetes_utils::manifests::{ManifestError, ManifestEvent, Manifests, ProblemKind, Report};
use kubernetes_utils::{ApplySet, Target};
use serde_json::{Value, json};

use super::{Succeeded as _, WIDGETS, config_map, config_maps, get, read, resource, server, writes};

fn set() -> ApplySet {
    ApplySet::secret("shop", "my-set", "tool/1.0").unwrap()
}

fn secrets() -> ApiResource {
    resource("", "Secret", "secrets", true)
}

async fn prune(server: &TestServer, manifests: &Manifests, set: ApplySet) -> Result<Report, ManifestError> {
    manifests.apply("test").prune(set).send(&server.client()).await
}

/// The annotations of the parent.
async fn parent(server: &TestServer) -> Value {
    let parent = get(server, &secrets(), "shop", "my-set").await.unwrap();
    let of =
        |key: &str| parent.metadata.annotations.get(&format!("applyset.kubernetes.io/{key}")).map(ToString::to_string);
    json!([of("tooling"), of("contains-group-kinds"), of("additional-namespaces")])
}

fn lines(report: &Report) -> Vec<String> {
    let mut lines: Vec<_> = report.iter().map(ToString::to_string).collect();
    lines.sort();
    lines
}

/// From `TestApplySetParentManagement`.
#[test]
fn ids_are_those_of_kubectl() {
    let set = ApplySet::secret("test", "my-set", "kubectl/v1.37.2").unwrap();
    assert_eq!(set.id(), "applyset-0eFHV8ySqp7XoShsGvyWFQD3s96yqwHmzc4e0HR1dsY-v1");
    assert_ne!(set.id(), ApplySet::config_map("test", "my-set", "kubectl/v1.37.2").unwrap().id());
}

#[test]
fn toolings_and_parents_are_checked() {
    for tooling in ["", "tool", "/1", "tool/", "to ol/1", "tool/1\n"] {
        let error = ApplySet::secret("shop", "s", tooling).unwrap_err().to_string();
        assert!(error.ends_with("is not a valid tooling: expected `name/version`"), "{error}");
    }
    assert!(ApplySet::secret("shop", "", "t/1").unwrap_err().to_string().ends_with("has no name"));
    assert!(ApplySet::secret("", "s", "t/1").unwrap_err().to_string().contains("has no namespace"));
    assert_eq!(ApplySet::secret("shop", "s", "example.com/tool/1").unwrap().tooling(), "example.com/tool/1");
}

#[tokio::test(start_paused = true)]
async fn what_is_gone_from_the_manifests_is_deleted() {
    let server = server();
    let both = read(&format!("{}{}", config_map("a", "1"), config_map("b", "1")));
    prune(&server, &both, set()).await.unwrap().check().unwrap();
    assert_eq!(
        writes(&server),
        ["patch secrets/my-set", "patch configmaps/a", "patch configmaps/b", "patch secrets/my-set"],
        "the parent is written before and after the members"
    );
    assert_eq!(parent(&server).await, json!(["tool/1.0", "ConfigMap", ""]));
    let map = get(&server, &config_maps(), "shop", "a").await.unwrap();
    assert_eq!(map.metadata.labels.get("applyset.kubernetes.io/part-of").unwrap(), &set().id());
    let kept = get(&server, &secrets(), "shop", "my-set").await.unwrap();
    assert_eq!(kept.metadata.labels.get("applyset.kubernetes.io/id").unwrap(), &set().id());
    assert_eq!(kept.metadata.managed_fields[0].manager.as_deref(), Some("tool-applyset"));

    let version = server.resource_version();
    prune(&server, &both, set()).await.unwrap().check().unwrap();
    assert_eq!(server.resource_version(), version, "a second run changes nothing");

    // One more of the same labels, but of no manifest: kubectl deletes it, too.
    let one = read(&config_map("a", "1"));
    let report = prune(&server, &one, set()).await.unwrap().succeeded();
    assert_eq!(lines(&report), ["configmaps shop/a applied", "configmaps shop/b pruned"]);
    assert!(get(&server, &config_maps(), "shop", "b").await.is_none());

    let report = prune(&server, &Manifests::default(), set()).await.unwrap().succeeded();
    assert_eq!(lines(&report), ["configmaps shop/a pruned"]);
    assert_eq!(parent(&server).await, json!(["tool/1.0", "", ""]));
}

#[tokio::test(start_paused = true)]
async fn kinds_and_namespaces_are_noted_until_nothing_is_left_of_them() {
    let server = TestServer::builder().require_namespaces(true).namespace("shop").namespace("other").in_process();
    let text = format!(
        "{WIDGETS}apiVersion: example.com/v1\nkind: Widget\nmetadata: {{name: w, namespace: other}}\n---\n{}\
         apiVersion: v1\nkind: Namespace\nmetadata: {{name: new}}\n---\n\
         apiVersion: apps/v1\nkind: ReplicaSet\nmetadata: {{name: r, namespace: new}}",
        config_map("a", "1")
    );
    prune(&server, &read(&text), set()).await.unwrap().check().unwrap();
    let kinds = "ConfigMap,CustomResourceDefinition.apiextensions.k8s.io,Namespace,ReplicaSet.apps,Widget.example.com";
    assert_eq!(parent(&server).await, json!(["tool/1.0", kinds, "new,other"]));
    writes(&server);
    let report = prune(&server, &read(&config_map("a", "1")), set()).await.unwrap().succeeded();
    let expected = [
        "configmaps shop/a applied",
        "customresourcedefinitions.apiextensions.k8s.io widgets.example.com pruned",
        "namespaces new pruned",
        "replicasets.apps new/r pruned",
        "widgets.example.com other/w pruned",
    ];
    assert_eq!(lines(&report), expected);
    assert_eq!(parent(&server).await, json!(["tool/1.0", "ConfigMap", ""]));
    // A kind that the server no longer has does not keep the set from being used.
    let patch = json!({"metadata": {"annotations": {"applyset.kubernetes.io/contains-group-kinds": "ConfigMap,Gone.example.com"}}});
    let shop = secrets().in_namespace("shop");
    shop.patch("my-set", &Patch::merge(&patch)).send(&server.client()).await.unwrap();
    prune(&server, &read(&config_map("a", "1")), set()).await.unwrap().check().unwrap();
    assert_eq!(parent(&server).await, json!(["tool/1.0", "ConfigMap", ""]));
}

#[tokio::test(start_paused = true)]
async fn an_interrupted_run_can_be_repeated() {
    let server = server();
    prune(&server, &read(&config_map("old", "1")), set()).await.unwrap().check().unwrap();
    let secret = "apiVersion: v1\nkind: Service\nmetadata: {name: s, namespace: shop}\n---\n";
    let new = read(&format!("{secret}{}", config_map("new", "1")));

    // An object that can't be applied: nothing is deleted, and the parent knows the kinds of before and of now.
    server.inject(Fault::status(422).verb("patch").resource("services").times(1));
    let report = prune(&server, &new, set()).await.unwrap();
    assert_eq!(report.failures().count(), 1);
    assert!(get(&server, &config_maps(), "shop", "old").await.is_some());
    assert_eq!(parent(&server).await, json!(["tool/1.0", "ConfigMap,Service", ""]));

    // One that can't be listed.
    server.inject(Fault::status(403).verb("list").resource("configmaps").times(1));
    let report = prune(&server, &new, set()).await.unwrap();
    assert!(report.failures().next().unwrap().to_string().starts_with("configmaps (list): "), "{report:?}");
    assert!(get(&server, &config_maps(), "shop", "old").await.is_some());

    // One that can't be deleted.
    server.inject(Fault::status(403).verb("delete").resource("configmaps").times(1));
    let report = prune(&server, &new, set()).await.unwrap();
    assert_eq!(report.failures().count(), 1);
    assert_eq!(parent(&server).await, json!(["tool/1.0", "ConfigMap,Service", ""]));

    let report = prune(&server, &new, set()).await.unwrap().succeeded();
    assert_eq!(
        lines(&report),
        ["configmaps shop/new applied", "configmaps shop/old pruned", "services shop/s applied"]
    );
    assert_eq!(parent(&server).await, json!(["tool/1.0", "ConfigMap,Service", ""]));
    let only = read(&config_map("new", "1"));
    prune(&server, &only, set()).await.unwrap().check().unwrap();
    assert_eq!(parent(&server).await, json!(["tool/1.0", "ConfigMap", ""]));
}

#[tokio::test(start_paused = true)]
async fn a_set_of_another_tool_is_refused_until_it_is_taken_over() {
    let server = server();
    let manifests = read(&config_map("a", "1"));
    prune(&server, &manifests, set()).await.unwrap().check().unwrap();
    writes(&server);
    let other = || ApplySet::secret("shop", "my-set", "other/2.0").unwrap();
    let error = prune(&server, &Manifests::default(), other()).await.unwrap_err();
    let expected = "the set of secrets shop/my-set belongs to \"tool\", not to \"other\": take it over first";
    assert_eq!(error.to_string(), expected);
    assert!(error.has(ProblemKind::Parent) && writes(&server).is_empty());
    let newer = ApplySet::secret("shop", "my-set", "tool/9").unwrap();
    prune(&server, &manifests, newer).await.unwrap().check().unwrap();

    let report = prune(&server, &Manifests::default(), other().take_over(true)).await.unwrap().succeeded();
    assert_eq!(lines(&report), ["configmaps shop/a pruned"]);
    assert_eq!(parent(&server).await, json!(["other/2.0", "", ""]));
    assert!(prune(&server, &manifests, set()).await.unwrap_err().to_string().contains("belongs to \"other\""));
    prune(&server, &manifests, other()).await.unwrap().check().unwrap();
}

#[tokio::test(start_paused = true)]
async fn parents_that_are_not_what_they_should_be_are_refused() {
    let tooling = ("applyset.kubernetes.io/tooling", "tool/1.0");
    let cases = [
        (json!({}), json!({}), "exists, but has no annotation applyset.kubernetes.io/tooling"),
        (json!({tooling.0: tooling.1}), json!({}), "has no label applyset.kubernetes.io/id"),
        (json!({tooling.0: tooling.1}), json!({"applyset.kubernetes.io/id": "x"}), "is \"x\", but must be \"applyset-"),
    ];
    for (annotations, labels, message) in cases {
        let server = server();
        let secret = json!({"apiVersion": "v1", "kind": "Secret",
            "metadata": {"name": "my-set", "namespace": "shop", "annotations": annotations, "labels": labels}});
        server.load_yaml(&secret.to_string()).unwrap();
        let error = prune(&server, &read(&config_map("a", "1")), set()).await.unwrap_err();
        assert!(error.to_string().contains(message), "{error}");
        assert!(writes(&server).is_empty());
        prune(&server, &read(&config_map("a", "1")), set().take_over(true)).await.unwrap().check().unwrap();
        assert_eq!(parent(&server).await, json!(["tool/1.0", "ConfigMap", ""]));
    }
}

#[tokio::test(start_paused = true)]
async fn a_deprecated_annotation_and_a_missing_one_are_understood() {
    for annotation in [json!("configmaps,deployments.apps"), json!(null)] {
        let server = server();
        let discovery = Mapper::new(&server.client()).discovery().await.unwrap();
        let may_be_members = |it: &&ApiResource| it.supports("list") && it.supports("delete");
        let expected = match annotation.is_null() {
            true => discovery.preferred_resources().filter(may_be_members).count(),
            false => 2,
        };
        prune(&server, &read(&config_map("a", "1")), set()).await.unwrap().check().unwrap();
        let patch = json!({"metadata": {"annotations": {
            "applyset.kubernetes.io/contains-group-kinds": null, "applyset.kubernetes.io/contains-group-resources": annotation}}});
        let shop = secrets().in_namespace("shop");
        let patch = Patch::merge(&patch);
        shop.patch("my-set", &patch).field_manager("tool-applyset").send(&server.client()).await.unwrap();
        server.forget_requests();
        let report = prune(&server, &Manifests::default(), set()).await.unwrap().succeeded();
        assert_eq!(lines(&report), ["configmaps shop/a pruned"]);
        let lists = server.requests().iter().filter(|request| request.verb() == "list").count();
        assert_eq!(lists, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn members_of_other_sets_are_refused() {
    let server = server();
    let text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, labels: {applyset.kubernetes.io/part-of: x}}";
    let error = prune(&server, &read(text), set()).await.unwrap_err();
    assert!(error.has(ProblemKind::ForeignMember), "{error}");
    assert!(error.to_string().starts_with("test.yaml:1:1: configmaps default/a already has the label"), "{error}");
    assert!(writes(&server).is_empty());
}

#[tokio::test(start_paused = true)]
async fn custom_resources_are_parents_if_their_definition_says_so() {
    let server = server();
    server.load_yaml(WIDGETS.trim_end_matches("---\n")).unwrap();
    let widgets = resource("example.com", "Widget", "widgets", true);
    let of_widget =
        || ApplySet::of_parent(Target::new(widgets.clone(), ObjectKey::new("shop", "w")), "tool/1.0").unwrap();
    let manifests = read(&config_map("a", "1"));
    let error = prune(&server, &manifests, of_widget()).await.unwrap_err().to_string();
    assert!(error.contains("its definition has no label applyset.kubernetes.io/is-parent-type"), "{error}");

    let definitions = resource("apiextensions.k8s.io", "CustomResourceDefinition", "customresourcedefinitions", false);
    let patch = Patch::merge(&json!({"metadata": {"labels": {"applyset.kubernetes.io/is-parent-type": "true"}}}));
    definitions.cluster().patch("widgets.example.com", &patch).send(&server.client()).await.unwrap();
    let error = prune(&server, &manifests, of_widget()).await.unwrap_err().to_string();
    assert!(error.contains("can't read the parent of the set, widgets.example.com shop/w"), "{error}");

    let widget = json!({"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w", "namespace": "shop",
        "annotations": {"applyset.kubernetes.io/tooling": "tool/1.0", "applyset.kubernetes.io/contains-group-kinds": ""},
        "labels": {"applyset.kubernetes.io/id": of_widget().id()}}});
    server.load_yaml(&widget.to_string()).unwrap();
    prune(&server, &manifests, of_widget()).await.unwrap().check().unwrap();
    let widget = get(&server, &widgets, "shop", "w").await.unwrap();
    assert_eq!(widget.metadata.annotations.get("applyset.kubernetes.io/contains-group-kinds").unwrap(), "ConfigMap");
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_says_what_would_be_pruned() {
    let server = server();
    let both = read(&format!("{}{}", config_map("a", "1"), config_map("b", "1")));
    prune(&server, &both, set()).await.unwrap().check().unwrap();
    let version = server.resource_version();
    let one = read(&config_map("a", "1"));
    let report = one.apply("test").prune(set()).dry_run(true).send(&server.client()).await.unwrap();
    assert_eq!(lines(&report.succeeded()), ["configmaps shop/a applied", "configmaps shop/b pruned"]);
    assert_eq!(server.resource_version(), version);
}

#[tokio::test(start_paused = true)]
async fn a_comparison_says_what_would_be_pruned() {
    let server = server();
    let client = server.client();
    let both = read(&format!("{}{}", config_map("a", "1"), config_map("b", "1")));
    prune(&server, &both, set()).await.unwrap().check().unwrap();
    let version = server.resource_version();
    let one = read(&config_map("a", "1"));
    let diffs = one.diff("test").prune(set()).send(&client).await.unwrap();
    let lines: Vec<_> = diffs.iter().map(ToString::to_string).collect();
    assert_eq!(lines, ["configmaps shop/a unchanged", "configmaps shop/b would be pruned"]);
    assert_eq!(server.resource_version(), version);
    server.inject(Fault::status(403).verb("list").resource("configmaps").times(1));
    let diffs = one.diff("test").prune(set()).send(&client).await.unwrap();
    assert!(diffs[1].result.is_err(), "{diffs:?}");
    let label = "  .metadata.labels: {\"applyset.kubernetes.io/part-of\":";
    let diffs = one.diff("test").send(&client).await.unwrap();
    assert!(diffs[0].to_string().contains(label), "without the set, the label would be removed: {}", diffs[0]);
}

#[tokio::test(start_paused = true)]
async fn other_managers_of_the_parent_give_way() {
    let server = server();
    prune(&server, &read(&config_map("a", "1")), set()).await.unwrap().check().unwrap();
    let patch = json!({"metadata": {"annotations": {"applyset.kubernetes.io/additional-namespaces": "gone"}}});
    let shop = secrets().in_namespace("shop");
    let patch = Patch::merge(&patch);
    shop.patch("my-set", &patch).field_manager("intruder").send(&server.client()).await.unwrap();
    prune(&server, &read(&config_map("a", "1")), set()).await.unwrap().check().unwrap();
    assert_eq!(parent(&server).await, json!(["tool/1.0", "ConfigMap", ""]));
}

#[tokio::test(start_paused = true)]
async fn an_object_that_took_the_name_of_a_member_is_not_deleted() {
    let server = server();
    let both = read(&format!("{}{}", config_map("a", "1"), config_map("b", "1")));
    prune(&server, &both, set()).await.unwrap().check().unwrap();
    server.inject(Fault::delay(Duration::from_secs(2)).verb("delete").resource("configmaps").times(1));
    let one = read(&config_map("a", "1"));
    let (report, ()) = tokio::join!(prune(&server, &one, set()), async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let client = server.client();
        config_maps().in_namespace("shop").delete("b").send(&client).await.unwrap();
        read(&config_map("b", "2")).create().send(&client).await.unwrap().check().unwrap();
    });
    assert_eq!(lines(&report.unwrap().succeeded()), ["configmaps shop/a applied", "configmaps shop/b not found"]);
    assert!(get(&server, &config_maps(), "shop", "b").await.is_some());
    let delete = server.requests().into_iter().find(|request| request.verb() == "delete").unwrap();
    assert!(delete.json()["preconditions"]["uid"].is_string(), "the uid is a precondition");
}

#[tokio::test(start_paused = true)]
async fn a_conflict_about_a_member_that_is_still_there_is_a_failure() {
    let server = server();
    let both = read(&format!("{}{}", config_map("a", "1"), config_map("b", "1")));
    prune(&server, &both, set()).await.unwrap().check().unwrap();
    server.inject(Fault::status(409).verb("delete").resource("configmaps").times(1));
    let report = prune(&server, &read(&config_map("a", "1")), set()).await.unwrap();
    assert_eq!(report.failures().count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_parent_that_can_t_be_written_at_the_end_is_a_result() {
    let server = server();
    server.inject(Fault::status(403).verb("patch").resource("secrets").nth(2));
    let report = prune(&server, &read(&config_map("a", "1")), set()).await.unwrap();
    assert_eq!(report.len(), 2);
    let failure = report.failures().next().unwrap().to_string();
    assert!(failure.starts_with("secrets shop/my-set: can't write the parent of the set, "), "{failure}");
}

#[tokio::test(start_paused = true)]
async fn a_controller_is_pruned_after_its_custom_resources() {
    let server = server();
    let client = server.client();
    server.load_yaml(WIDGETS.trim_end_matches("---\n")).unwrap();
    let text = "{apiVersion: example.com/v1, kind: Widget,
          metadata: {name: w, namespace: shop, finalizers: [example.com/x]}}\n---\n\
         {apiVersion: apps/v1, kind: Deployment, metadata: {name: controller, namespace: shop}}";
    prune(&server, &read(text), set()).await.unwrap().check().unwrap();
    let only = read(&config_map("a", "1"));
    writes(&server);
    let prune_again = || only.apply("test").wait_limit(Duration::from_secs(5)).prune(set()).send(&client);
    let report = prune_again().await.unwrap();
    assert_eq!(report.failures().count(), 2, "{report:?}");
    assert_eq!(writes(&server), ["patch secrets/my-set", "patch configmaps/a", "delete widgets/w"]);
    let patch = Patch::merge(&json!({"metadata": {"finalizers": null}}));
    let widgets = resource("example.com", "Widget", "widgets", true);
    widgets.in_namespace("shop").patch("w", &patch).send(&client).await.unwrap();
    prune_again().await.unwrap().check().unwrap();
}

#[tokio::test(start_paused = true)]
async fn progress_has_the_pruned_members() {
    let server = server();
    let both = read(&format!("{}{}", config_map("a", "1"), config_map("b", "1")));
    prune(&server, &both, set()).await.unwrap().check().unwrap();
    let log = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let seen = std::sync::Arc::clone(&log);
    let one = read(&config_map("a", "1"));
    let apply = one.apply("test").prune(set()).observe(move |event| match event {
        ManifestEvent::Planned { objects } => seen.lock().unwrap().push(format!("planned {objects}")),
        ManifestEvent::Pruning { objects } => seen.lock().unwrap().push(format!("pruning {objects}")),
        ManifestEvent::Finished(outcome) => seen.lock().unwrap().push(outcome.to_string()),
        _ => {}
    });
    apply.send(&server.client()).await.unwrap().check().unwrap();
    let expected = ["planned 1", "configmaps shop/a applied", "pruning 1", "configmaps shop/b pruned"];
    assert_eq!(*log.lock().unwrap(), expected);
}
