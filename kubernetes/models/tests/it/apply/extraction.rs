//! The fields that a manager owns, to be changed and applied again.
//!
//! The scenarios are those of `TestExtractModifyApply…` in `test/integration/client/client_test.go` of Kubernetes, and
//! of <https://github.com/kubernetes/kubernetes/pull/135391>: empty lists and maps, and items of lists of each kind.

use kubernetes_core::{
    CLIENT_SIDE_APPLY_MANAGER, Extracted, FieldConflict, Object, Patch, RequestError as _, Status, extract,
    migrate_client_side_apply,
};
use kubernetes_models::apps::v1::Deployment;
use kubernetes_models::core::v1::*;
use kubernetes_models::json;
use serde_json::{Value, json};

use super::{read, sent};

/// The live object of these fields, of which managers own these sets.
fn live<K: Object>(mut object: Value, owners: &[(&str, Value)]) -> K {
    let entries = owners.iter().map(|(manager, fields)| {
        json!({"manager": manager, "operation": "Apply", "apiVersion": "v1", "fieldsType": "FieldsV1", "fieldsV1": fields})
    });
    object["metadata"]["managedFields"] = entries.collect();
    object["metadata"]["name"] = "web".into();
    object["metadata"]["namespace"] = "shop".into();
    read(object)
}

fn body<K: kubernetes_core::Resource>(extracted: &Extracted<K>) -> Value {
    serde_json::from_str(&sent(extracted.apply()).unwrap().unwrap()).unwrap()
}

fn containers() -> Deployment {
    let container = |name: &str, image: &str| {
        json!({"name": name, "image": image, "imagePullPolicy": "Always", "terminationMessagePath": "/dev/log",
            "ports": [{"containerPort": 80, "protocol": "TCP"}, {"containerPort": 81, "protocol": "TCP", "name": "b"}]})
    };
    live(
        json!({"spec": {"replicas": 3, "selector": {"matchLabels": {"app": "web"}}, "template": {
            "metadata": {"labels": {"app": "web", "tier": "a"}},
            "spec": {"containers": [container("proxy", "p:1"), container("web", "w:1")], "restartPolicy": "Always",
                "tolerations": [{"key": "a", "operator": "Exists"}]}}}}),
        &[
            (
                "ours",
                json!({"f:spec": {"f:replicas": {}, "f:selector": {}, "f:template": {
                    "f:metadata": {"f:labels": {"f:app": {}}},
                    "f:spec": {"f:tolerations": {}, "f:containers": {r#"k:{"name":"web"}"#: {".": {}, "f:name": {}, "f:image": {},
                        "f:ports": {r#"k:{"containerPort":81,"protocol":"TCP"}"#: {".": {}, "f:containerPort": {}}}}}}}}}),
            ),
            (
                "others",
                json!({"f:spec": {"f:template": {"f:metadata": {"f:labels": {"f:tier": {}}},
                    "f:spec": {"f:containers": {r#"k:{"name":"proxy"}"#: {".": {}, "f:name": {}, "f:image": {}}}}}}}),
            ),
        ],
    )
}

#[test]
fn an_extraction_is_the_fields_of_its_manager() {
    let mut extracted = extract(&containers(), "ours").unwrap();
    let expected = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"replicas": 3, "selector": {"matchLabels": {"app": "web"}}, "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"tolerations": [{"key": "a", "operator": "Exists"}], "containers": [{"name": "web", "image": "w:1",
                "ports": [{"containerPort": 81, "protocol": "TCP"}]}]}}}});
    assert_eq!(body(&extracted), expected);

    // Changed and applied, nothing is lost, and what others own stays theirs.
    extracted.spec.replicas = Some(4);
    let changed = body(&extracted);
    assert_eq!(changed["spec"]["replicas"], 4);
    assert_eq!(changed["spec"]["template"], expected["spec"]["template"]);
    assert_eq!(
        body(&extract(&containers(), "others").unwrap())["spec"]["template"]["spec"],
        json!({"containers": [{"name": "proxy", "image": "p:1"}]})
    );
    assert_eq!(extract(&containers(), "nobody").unwrap().into_object(), {
        let mut empty = Deployment::named("web");
        empty.metadata.namespace = Some("shop".into());
        empty
    });
}

#[test]
fn owned_defaults_and_empties_are_applied_again() {
    let object: Deployment = live(
        json!({"spec": {"paused": false, "selector": {}, "template": {"metadata": {"annotations": {}},
            "spec": {"containers": [], "hostAliases": [], "nodeSelector": {"a": ""}}}}}),
        &[(
            "ours",
            json!({"f:spec": {"f:paused": {}, "f:selector": {}, "f:template": {"f:metadata": {"f:annotations": {}},
                "f:spec": {"f:containers": {}, "f:hostAliases": {}, "f:nodeSelector": {"f:a": {}, "f:gone": {}}}}}}),
        )],
    );
    let mut extracted = extract(&object, "ours").unwrap();
    let expected = json!({"paused": false, "selector": {}, "template": {"metadata": {"annotations": {}},
        "spec": {"containers": [], "hostAliases": [], "nodeSelector": {"a": ""}}}});
    assert_eq!(body(&extracted)["spec"], expected);

    // An empty list that is filled is sent as it is then, and a part that is removed stays removed.
    extracted.spec.template.metadata = None;
    let pod = extracted.spec.template.spec.as_mut().unwrap();
    pod.host_aliases.push(HostAlias { ip: "10.0.0.1".into(), ..Default::default() });
    let changed = body(&extracted);
    assert_eq!(changed["spec"]["template"]["spec"]["hostAliases"], json!([{"ip": "10.0.0.1"}]));
    assert_eq!(changed["spec"]["template"].get("metadata"), None);
}

#[test]
fn owned_zeros_that_go_leaves_out_are_applied_again() {
    let object: Pod = live(
        json!({"spec": {"containers": [{"name": "web", "env": [{"name": "EMPTY"}]}]}}),
        &[(
            "ours",
            json!({"f:spec": {"f:hostNetwork": {}, "f:hostname": {}, "f:activeDeadlineSeconds": {}, "f:containers": {
                r#"k:{"name":"web"}"#: {".": {}, "f:name": {}, "f:stdin": {}, "f:env": {
                    r#"k:{"name":"EMPTY"}"#: {".": {}, "f:name": {}, "f:value": {}}}}}}}),
        )],
    );
    let extracted = extract(&object, "ours").unwrap();
    let expected = json!({"hostNetwork": false, "hostname": "", "activeDeadlineSeconds": 0, "containers": [
        {"name": "web", "stdin": false, "env": [{"name": "EMPTY", "value": ""}]}]});
    assert_eq!(body(&extracted)["spec"], expected);
    assert_eq!(sent(extracted.apply().unless_equal(&object)).unwrap(), None);
}

#[test]
fn items_of_sets_and_atomic_lists_are_extracted_once() {
    let object: Pod = live(
        json!({"metadata": {"finalizers": ["a/x", "b/y"]}, "spec": {"containers": [
            {"name": "web", "args": ["-a", "-a"], "command": ["run"]}]}}),
        &[
            (
                "ours",
                json!({"f:metadata": {"f:finalizers": {"v:\"b/y\"": {}}},
                    "f:spec": {"f:containers": {r#"k:{"name":"web"}"#: {"f:args": {}}}}}),
            ),
            ("others", json!({"f:metadata": {"f:finalizers": {"v:\"a/x\"": {}}}})),
        ],
    );
    let extracted = extract(&object, "ours").unwrap();
    assert_eq!(extracted.metadata.finalizers, ["b/y"]);
    assert_eq!(body(&extracted)["spec"], json!({"containers": [{"name": "web", "args": ["-a", "-a"]}]}));
}

#[test]
fn an_empty_map_that_others_fill_is_extracted_empty() {
    let object: ConfigMap = live(
        json!({"data": {"a": "1"}}),
        &[("ours", json!({"f:data": {}})), ("others", json!({"f:data": {"f:a": {}}}))],
    );
    assert_eq!(body(&extract(&object, "ours").unwrap())["data"], json!({}));
}

#[test]
fn a_field_that_the_type_lacks_is_an_error() {
    let fields =
        json!({"f:spec": {"f:containers": {r#"k:{"name":"web"}"#: {".": {}, "f:restartMood": {}}}, "f:newer": {}}});
    let object: Pod =
        live(json!({"spec": {"containers": [{"name": "web", "restartMood": "calm"}]}}), &[("ours", fields)]);
    let error = extract(&object, "ours").unwrap_err();
    assert_eq!(error.unknown_path(), Some("spec.containers[].restartMood"));
    assert!(
        error.to_string().contains("spec.containers[].restartMood, which the object's type does not have"),
        "{error}"
    );

    let broken: Pod = live(json!({}), &[("ours", json!({"f:spec": 7}))]);
    assert!(extract(&broken, "ours").unwrap_err().unknown_path().is_none());
}

#[test]
fn a_subresource_has_owners_of_its_own() {
    let mut object: Pod = live(
        json!({"status": {"phase": "Running", "message": "ok"}}),
        &[("ours", json!({"f:status": {"f:phase": {}}}))],
    );
    assert_eq!(body(&extract(&object, "ours").unwrap())["status"], json!({"phase": "Running"}));
    object.metadata.managed_fields[0].subresource = Some("status".into());
    assert_eq!(body(&extract(&object, "ours").unwrap()).get("status"), None);
    let extracted = Extracted::of_subresource(&object, "ours", "status").unwrap();
    assert_eq!(body(&extracted)["status"], json!({"phase": "Running"}));
    let request = format!("{:?}", extracted.apply().request());
    assert_eq!(request, "PATCH /api/v1/namespaces/shop/pods/web/status?fieldManager=ours");
}

#[test]
fn an_apply_without_a_change_sends_no_request() {
    let current = containers();
    let extracted = extract(&current, "ours").unwrap();
    assert_eq!(sent(extracted.apply().unless_equal(&current)).unwrap(), None);

    let spec = |object: &mut Deployment| object.spec.template.spec.as_mut().unwrap().containers[0].clone();
    let mut changed = extract(&current, "ours").unwrap();
    changed.spec.replicas = Some(4);
    assert!(sent(changed.apply().unless_equal(&current)).unwrap().is_some(), "another value");
    let mut fewer = extract(&current, "ours").unwrap();
    fewer.spec.replicas = None;
    assert!(sent(fewer.apply().unless_equal(&current)).unwrap().is_some(), "one field less");
    let mut more = extract(&current, "ours").unwrap();
    let container = Container { working_dir: Some("/".into()), ..spec(&mut more) };
    more.spec.template.spec.as_mut().unwrap().containers[0] = container;
    assert!(sent(more.apply().unless_equal(&current)).unwrap().is_some(), "one field more");
    let mut stripped = current.clone();
    stripped.metadata.managed_fields.clear();
    assert!(sent(extracted.apply().unless_equal(&stripped)).unwrap().is_some(), "it is not known who owns what");
}

#[test]
fn values_are_compared_as_their_types_do() {
    let limits = |cpu: &str| json!({"spec": {"containers": [{"name": "web", "resources": {"limits": {"cpu": cpu}}}]}});
    let fields = json!({"f:spec": {"f:containers": {r#"k:{"name":"web"}"#: {".": {}, "f:name": {},
        "f:resources": {"f:limits": {"f:cpu": {}}}}}}});
    let current: Pod = live(limits("1"), &[("ours", fields)]);
    let mut object: Pod = read(limits("1000m"));
    object.metadata.name = Some("web".into());
    let apply = |object: &Pod| {
        sent(kubernetes_core::ApplyRequest::namespaced("shop", object, "ours").unless_equal(&current)).unwrap()
    };
    assert_eq!(apply(&object), None);
    object.spec.as_mut().unwrap().containers[0].resources.as_mut().unwrap().limits.insert("cpu", "1001m");
    assert!(apply(&object).is_some());
}

#[derive(Debug)]
struct Refused(Status);

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("refused")
    }
}

impl std::error::Error for Refused {}

impl kubernetes_core::RequestError for Refused {
    fn status(&self) -> Option<&Status> {
        Some(&self.0)
    }

    fn from_decode(_: json::DecodeError) -> Self {
        Self(Status::default())
    }
}

#[test]
fn conflicts_have_their_managers_and_values() {
    let cause =
        |field: &str, message: &str| json!({"reason": "FieldManagerConflict", "field": field, "message": message});
    let error = Refused(read(json!({"status": "Failure", "reason": "Conflict", "code": 409, "details": {"causes": [
        cause(".spec.replicas", r#"conflict with "kubectl" with subresource "scale" using apps/v1 at 2026-11-28T08:00:00Z"#),
        cause(r#".spec.template.spec.containers[name="web"].image"#, r#"conflict with "others""#),
        cause(r#".spec.template.spec.containers[name="web"].ports[containerPort=81,protocol="TCP"].name"#, r#"conflict with "a \"b\"" using v1"#),
        cause(".spec.template.metadata.labels.tier", "conflict with an unknown form"),
        {"reason": "FieldValueInvalid", "field": "spec", "message": "conflict with \"x\""}]}})));
    let conflicts = error.conflicts();
    let managers: Vec<&str> = conflicts.iter().map(|conflict| &*conflict.manager).collect();
    assert_eq!(managers, ["kubectl", "others", "a \"b\""]);
    let FieldConflict { subresource, api_version, time, .. } = &conflicts[0];
    assert_eq!((subresource.as_deref(), api_version.as_deref()), (Some("scale"), Some("apps/v1")));
    assert_eq!(time.as_ref().unwrap().to_string(), "2026-11-28T08:00:00Z");
    let values: Vec<_> =
        conflicts.iter().map(|conflict| conflict.value_in(&containers()).unwrap().to_string()).collect();
    assert_eq!(values, ["3", "\"w:1\"", "\"b\""]);
    assert!(Refused(Status::default()).conflicts().is_empty());
}

#[test]
fn fields_of_client_side_apply_move_to_the_manager_that_applies() {
    let mut object = containers();
    object.metadata.resource_version = Some("7".into());
    assert!(migrate_client_side_apply(&object, &[CLIENT_SIDE_APPLY_MANAGER], "ours").unwrap().is_none());

    let entry = |manager: &str, operation: &str, fields: Value| {
        json!({"manager": manager, "operation": operation, "apiVersion": "apps/v1", "fieldsType": "FieldsV1",
            "time": "2026-11-28T08:00:00Z", "fieldsV1": fields})
    };
    let former = entry(CLIENT_SIDE_APPLY_MANAGER, "Update", json!({"f:spec": {"f:paused": {}, "f:replicas": {}}}));
    let controller = entry("controller", "Update", json!({"f:status": {}}));
    object.metadata.managed_fields = read(json!([former, controller]));
    let moved = |object: &Deployment, manager: &str| -> Value {
        let patch = migrate_client_side_apply(object, &[CLIENT_SIDE_APPLY_MANAGER], manager).unwrap().unwrap();
        serde_json::to_value(&patch).unwrap()
    };
    let _ = Patch::from(&migrate_client_side_apply(&object, &[CLIENT_SIDE_APPLY_MANAGER], "ours").unwrap().unwrap());
    assert_eq!(
        moved(&object, "ours"),
        json!([
            {"op": "replace", "path": "/metadata/managedFields", "value": [
                controller, entry("ours", "Apply", json!({"f:spec": {"f:paused": {}, "f:replicas": {}}}))]},
            {"op": "replace", "path": "/metadata/resourceVersion", "value": "7"}
        ])
    );
    // A manager that has applied before gets them beside its own.
    let applied = entry("ours", "Apply", json!({"f:spec": {"f:replicas": {}, "f:selector": {}}}));
    object.metadata.managed_fields = read(json!([former, applied]));
    assert_eq!(
        moved(&object, "ours")[0]["value"],
        json!([entry("ours", "Apply", json!({"f:spec": {"f:paused": {}, "f:replicas": {}, "f:selector": {}}}))])
    );
    // Fields that were applied in another version are discarded.
    let mut older = entry(CLIENT_SIDE_APPLY_MANAGER, "Update", json!({"f:spec": {"f:rollbackTo": {}}}));
    older["apiVersion"] = "apps/v1beta1".into();
    older["time"] = "2026-11-27T08:00:00Z".into();
    object.metadata.managed_fields = read(json!([older, applied]));
    assert_eq!(moved(&object, "ours")[0]["value"], json!([applied]));
    object.metadata.managed_fields = read(json!([older, former]));
    assert_eq!(
        moved(&object, "ours")[0]["value"],
        json!([entry("ours", "Apply", json!({"f:spec": {"f:paused": {}, "f:replicas": {}}}))])
    );
}

#[test]
fn an_apply_that_names_another_object_is_sent() {
    let mut current = containers();
    current.metadata.uid = Some("1".into());
    current.metadata.resource_version = Some("7".into());
    let is_sent = |change: fn(&mut Deployment)| {
        let mut extracted = extract(&current, "ours").unwrap();
        change(&mut extracted);
        sent(extracted.apply().unless_equal(&current)).unwrap().is_some()
    };
    assert!(!is_sent(|_| ()));
    assert!(!is_sent(|object| object.metadata.uid = Some("1".into())));
    assert!(!is_sent(|object| object.metadata.resource_version = Some("7".into())));
    assert!(is_sent(|object| object.metadata.uid = Some("2".into())), "the object may have been created again");
    assert!(is_sent(|object| object.metadata.resource_version = Some("6".into())), "the server answers a conflict");
    assert!(is_sent(|object| object.metadata.name = Some("other".into())));
    assert!(is_sent(|object| object.metadata.namespace = Some("other".into())));
}

#[test]
fn required_fields_of_items_that_others_own_are_not_applied() {
    let keys = r#"k:{"topologyKey":"zone","whenUnsatisfiable":"DoNotSchedule"}"#;
    let constraints = |fields: Value| json!({"f:spec": {"f:topologySpreadConstraints": {keys: fields}}});
    let current: Pod = live(
        json!({"spec": {"topologySpreadConstraints": [{"topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule",
            "maxSkew": 2, "labelSelector": {"matchLabels": {"app": "web"}}}]}}),
        &[("ours", constraints(json!({"f:labelSelector": {}}))), ("others", constraints(json!({"f:maxSkew": {}})))],
    );
    let mut extracted = extract(&current, "ours").unwrap();
    assert_eq!(
        body(&extracted)["spec"],
        json!({"topologySpreadConstraints": [{"topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule",
            "labelSelector": {"matchLabels": {"app": "web"}}}]})
    );
    assert_eq!(sent(extracted.apply().unless_equal(&current)).unwrap(), None);

    extracted.spec.as_mut().unwrap().topology_spread_constraints[0].max_skew = 3;
    assert_eq!(body(&extracted)["spec"]["topologySpreadConstraints"][0]["maxSkew"], 3, "it has been set since");
}
