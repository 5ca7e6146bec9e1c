//! Server-side apply: what a manager owns after it, two managers of one object, and changes of what was applied before.

use kubernetes_sdk::Client;
use kubernetes_sdk::api::apps::v1 as apps_v1;
use kubernetes_sdk::api::core::v1 as core_v1;
use kubernetes_sdk::core::json;
use kubernetes_sdk::core::{ApplyRequest, Extracted, FieldSet, Object, RequestError as _, extract};
use kubernetes_sdk::models::apps::v1::{Deployment, DeploymentSpec};
use kubernetes_sdk::models::core::v1::{ISCSIPersistentVolumeSource, PersistentVolume, Pod};
use serde_json::{Value, json};

use crate::cluster;

fn read<K: Object>(value: &Value) -> K {
    json::from_str(&value.to_string()).unwrap()
}

/// The fields that a manager owns by having applied them; none if it is not a manager.
fn owned<K: Object>(object: &K, manager: &str, subresource: Option<&str>) -> Option<Value> {
    let entries = &object.metadata().managed_fields;
    let mut entries = entries.iter().filter(|entry| {
        (entry.manager.as_deref(), entry.operation.as_deref(), entry.subresource.as_deref())
            == (Some(manager), Some("Apply"), subresource)
    });
    let fields = entries.next()?.fields_v1.clone()?;
    assert!(entries.next().is_none(), "{manager} has one entry");
    // Read and written by this SDK, the set is the server's.
    let set = FieldSet::from_fields_v1(&fields).unwrap();
    assert_eq!(set.to_fields_v1(), fields);
    Some(fields.decode().unwrap())
}

fn replicas(name: &str, replicas: i32) -> Deployment {
    let mut deployment = Deployment::named(name);
    deployment.spec = DeploymentSpec { replicas: Some(replicas), ..DeploymentSpec::default() };
    deployment
}

/// A deployment with lists of each kind (associative, atomic, a set), and with empty maps.
fn whole(name: &str) -> Deployment {
    read(&json!({"apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": name, "labels": {"app": name}, "finalizers": ["example.com/b", "example.com/a"]},
        "spec": {"replicas": 0, "selector": {"matchLabels": {"app": name}}, "template": {
            "metadata": {"labels": {"app": name}},
            "spec": {
                "volumes": [{"name": "cache", "emptyDir": {}}],
                "tolerations": [{"key": "a", "operator": "Exists"}, {"key": "b", "operator": "Exists"}],
                "containers": [
                    {"name": "web", "image": "web:1", "args": ["--color", "--color"], "resources": {},
                        "ports": [{"containerPort": 80, "protocol": "TCP"}, {"containerPort": 80, "protocol": "UDP"}],
                        "env": [{"name": "EMPTY", "value": ""}, {"name": "A", "value": "1"}]},
                    {"name": "proxy", "image": "proxy:1"}]}}}}))
}

async fn finish(client: &Client, namespace: &str, name: &str) {
    let mut deployment = apps_v1::read_namespaced_deployment(namespace, name).send(client).await.unwrap();
    deployment.metadata.finalizers.clear();
    deployment.metadata.managed_fields.clear();
    deployment.metadata.resource_version = None;
    apps_v1::replace_namespaced_deployment(namespace, name, &deployment).send(client).await.unwrap();
    apps_v1::delete_namespaced_deployment(namespace, name).send(client).await.unwrap();
}

#[tokio::test]
async fn an_apply_of_replicas_owns_the_replicas_alone() {
    let (client, namespace) = cluster::namespace("sparse").await;
    ApplyRequest::namespaced(&namespace, &whole("web"), "owner").send(&client).await.unwrap();
    let applied = ApplyRequest::namespaced(&namespace, &replicas("web", 0), "scaler").send(&client).await.unwrap();
    assert_eq!(owned(&applied, "scaler", None), Some(json!({"f:spec": {"f:replicas": {}}})));
    assert_eq!(applied.spec.template.spec.as_ref().unwrap().containers.len(), 2);

    let request = |replicas: &Deployment| {
        let replicas = replicas.clone();
        let (client, namespace) = (client.clone(), namespace.clone());
        async move { ApplyRequest::namespaced(&namespace, &replicas, "scaler").send(&client).await }
    };
    let error = request(&replicas("web", 1)).await.unwrap_err();
    let conflicts = error.conflicts();
    let found: Vec<_> = conflicts.iter().map(|conflict| (conflict.field.as_str(), conflict.manager.as_str())).collect();
    assert_eq!(found, [(".spec.replicas", "owner")]);
    assert_eq!(conflicts[0].value_in(&applied).unwrap().as_str(), "0");

    // A manager that applies nothing more owns nothing, and what it shared stays the other's.
    let nothing = Deployment::named("web");
    let applied = ApplyRequest::namespaced(&namespace, &nothing, "scaler").send(&client).await.unwrap();
    assert_eq!((owned(&applied, "scaler", None), applied.spec.replicas), (None, Some(0)));
    finish(&client, &namespace, "web").await;
}

#[tokio::test]
async fn a_zero_is_owned_by_the_manager_that_keeps_it() {
    let (client, namespace) = cluster::namespace("keep").await;
    let name = format!("{namespace}-disk");
    let disk = |lun: i32| {
        let mut volume: PersistentVolume = read(&json!({"apiVersion": "v1", "kind": "PersistentVolume",
            "metadata": {"name": name}, "spec": {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"]}}));
        let iscsi = ISCSIPersistentVolumeSource {
            target_portal: "10.0.0.1".into(),
            iqn: "iqn.2026-11.com.example:disk".into(),
            lun,
            ..ISCSIPersistentVolumeSource::default()
        };
        volume.spec.as_mut().unwrap().iscsi = Some(Box::new(iscsi));
        volume
    };
    let luns = |volume: &PersistentVolume| {
        let of = |manager| owned(volume, manager, None).unwrap()["f:spec"]["f:iscsi"].get("f:lun").is_some();
        (of("one"), of("two"))
    };
    let first = disk(0);
    let request = |manager: &'static str| ApplyRequest::cluster(&first, manager);
    request("one").send(&client).await.unwrap();
    let applied = request("two").keep("/spec/iscsi/lun").send(&client).await.unwrap();
    assert_eq!((luns(&applied), applied.spec.as_ref().unwrap().iscsi.as_ref().unwrap().lun), ((false, true), 0));
    let applied = request("one").keep("/spec/iscsi/lun").send(&client).await.unwrap();
    assert_eq!(luns(&applied), (true, true));
    let applied = request("two").send(&client).await.unwrap();
    assert_eq!(luns(&applied), (true, false), "what is not kept is given up");

    let second = disk(1);
    let error = ApplyRequest::cluster(&second, "two").send(&client).await.unwrap_err();
    let conflicts = error.conflicts();
    assert_eq!(conflicts.len(), 1, "{conflicts:?}");
    assert_eq!((&*conflicts[0].field, &*conflicts[0].manager), (".spec.iscsi.lun", "one"));
    core_v1::delete_persistent_volume(&name).send(&client).await.unwrap();
}

/// `TestExtractModifyApply` in Kubernetes' `test/integration/client/client_test.go`, and the cases of
/// <https://github.com/kubernetes/kubernetes/pull/135391>.
#[tokio::test]
async fn what_was_extracted_and_changed_is_applied_without_a_loss() {
    let (client, namespace) = cluster::namespace("extract").await;
    ApplyRequest::namespaced(&namespace, &whole("web"), "owner").send(&client).await.unwrap();
    let mut others: Deployment =
        read(&json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web",
        "annotations": {"example.com/a": "1"}, "finalizers": ["example.com/c"]}}));
    others.spec = read::<Deployment>(&json!({"spec": {"selector": {}, "template": {"spec": {"containers": [
        {"name": "web", "ports": [{"containerPort": 81, "protocol": "TCP"}]}]}}}}))
    .spec;
    let current = ApplyRequest::namespaced(&namespace, &others, "others").send(&client).await.unwrap();
    let (before, of_others) = (owned(&current, "owner", None).unwrap(), owned(&current, "others", None).unwrap());

    // Applied as it is, nothing changes, and no request is needed to know that.
    let extracted = extract(&current, "owner").unwrap();
    let applied = extracted.apply().send(&client).await.unwrap();
    assert_eq!(owned(&applied, "owner", None).unwrap(), before);
    assert_eq!(applied.spec, current.spec);
    let sent = client.counts().attempts();
    extracted.apply().unless_equal(&applied).send(&client).await.unwrap();
    assert_eq!(client.counts().attempts(), sent);

    let mut extracted = extract(&applied, "owner").unwrap();
    extracted.metadata.labels.insert("tier", "front");
    extracted.spec.template.spec.as_mut().unwrap().containers[0].image = Some("web:2".into());
    let applied = extracted.apply().send(&client).await.unwrap();
    let mut expected = before.clone();
    expected["f:metadata"]["f:labels"]["f:tier"] = json!({});
    assert_eq!(owned(&applied, "owner", None).unwrap(), expected);
    assert_eq!(owned(&applied, "others", None).unwrap(), of_others);
    let mut spec = current.spec.clone();
    spec.template.spec.as_mut().unwrap().containers[0].image = Some("web:2".into());
    assert_eq!(applied.spec, spec, "nothing is doubled, moved or gone");
    assert_eq!(applied.metadata.finalizers, ["example.com/b", "example.com/a", "example.com/c"]);

    // What is taken out of the extraction is given up, and nothing else.
    let mut extracted = extract(&applied, "owner").unwrap();
    extracted.spec.template.spec.as_mut().unwrap().containers.retain(|container| container.name != "proxy");
    let applied = extracted.apply().send(&client).await.unwrap();
    let containers = &applied.spec.template.spec.as_ref().unwrap().containers;
    assert_eq!(containers.iter().map(|container| &*container.name).collect::<Vec<_>>(), ["web"]);
    assert_eq!(containers[0].ports.len(), 3, "the port of the other manager stays");
    finish(&client, &namespace, "web").await;
}

/// `TestExtractModifyApply_ForSubresource` there.
#[tokio::test]
async fn a_status_is_extracted_and_applied_by_itself() {
    let (client, namespace) = cluster::namespace("extract-status").await;
    // No scheduler takes it, so that nobody else writes its status.
    let pod: Pod = read(&json!({"metadata": {"name": "web"}, "spec": {"schedulerName": "nobody",
        "automountServiceAccountToken": false, "containers": [{"name": "web", "image": "web:1"}]}}));
    ApplyRequest::namespaced(&namespace, &pod, "owner").send(&client).await.unwrap();
    let status: Pod = read(&json!({"metadata": {"name": "web"}, "status": {"conditions": [
        {"type": "example.com/Warm", "status": "False", "lastProbeTime": null, "lastTransitionTime": null}]}}));
    let request = ApplyRequest::namespaced(&namespace, &status, "owner").subresource("status");
    let current = request.send(&client).await.unwrap();
    let (spec, before) = (owned(&current, "owner", None).unwrap(), owned(&current, "owner", Some("status")).unwrap());

    let mut extracted = Extracted::of_subresource(&current, "owner", "status").unwrap();
    extracted.status.as_mut().unwrap().conditions[0].status = "True".into();
    let applied = extracted.apply().send(&client).await.unwrap();
    assert_eq!(owned(&applied, "owner", Some("status")).unwrap(), before);
    assert_eq!(owned(&applied, "owner", None).unwrap(), spec);
    let warm = &applied.status.as_ref().unwrap().conditions;
    assert!(warm.iter().any(|condition| (&*condition.type_, &*condition.status) == ("example.com/Warm", "True")));
    core_v1::delete_namespaced_pod(&namespace, "web").send(&client).await.ok();
}
