//! The bodies of partial applies: each manager sends, and so owns, the fields that it sets.

use std::fmt::Write as _;

use kubernetes_core::{ApplyRequest, NamespacedResource, Object};
use kubernetes_models::apps::v1::*;
use kubernetes_models::autoscaling::v2::{
    HorizontalPodAutoscaler, HorizontalPodAutoscalerSpec, MetricSpec, ResourceMetricSource,
};
use kubernetes_models::core::v1::*;
use kubernetes_models::networking::v1::{Ingress, IngressSpec, NetworkPolicy, NetworkPolicySpec};

use super::sent;

fn body<K: Object + NamespacedResource>(object: &K) -> String {
    sent(ApplyRequest::namespaced("shop", object, "shop-operator")).unwrap().unwrap()
}

fn deployment(spec: DeploymentSpec) -> Deployment {
    Deployment::named("web").with_spec(spec)
}

fn container(name: &str) -> Container {
    Container { name: name.into(), ..Default::default() }
}

fn template(spec: PodSpec) -> DeploymentSpec {
    DeploymentSpec { template: PodTemplateSpec { spec: spec.into(), ..Default::default() }, ..Default::default() }
}

fn compare_with_snapshots(bodies: &[String]) {
    let mut text = String::new();
    for body in bodies {
        writeln!(text, "{body}").unwrap();
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/sparse_applies.jsonl");
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(path, &text).unwrap();
    }
    assert_eq!(text, std::fs::read_to_string(path).unwrap(), "UPDATE_SNAPSHOTS=1 rewrites the snapshots");
}

#[test]
fn an_apply_sends_the_fields_that_are_set() {
    let mut annotated = Deployment::named("web");
    annotated.metadata.annotations = [("team", "")].into();
    let mut labelled = Pod::named("web");
    labelled.metadata.labels = [("tier", "web")].into();
    labelled.metadata.finalizers = vec!["example.com/cleanup".into()];
    let mut emptied = ConfigMap::named("settings");
    emptied.data = [("key", "")].into();
    let selector = ServiceSpec { selector: [("app", "web")].into(), ..Default::default() };
    let port = ServicePort { port: 80, ..Default::default() };
    let metric = MetricSpec {
        type_: "Resource".into(),
        resource: ResourceMetricSource { name: "cpu".into(), ..Default::default() }.into(),
        ..Default::default()
    };
    let limits = ResourceRequirements { limits: [("cpu", "0")].into(), ..Default::default() };
    let lun = PersistentVolumeSpec { iscsi: ISCSIPersistentVolumeSource::default().into(), ..Default::default() };
    let bodies = [
        body(&Deployment::named("web")),
        body(&deployment(DeploymentSpec::default())),
        body(&deployment(DeploymentSpec { replicas: Some(3), ..Default::default() })),
        body(&deployment(DeploymentSpec { replicas: Some(0), paused: Some(false), ..Default::default() })),
        body(&deployment(template(PodSpec { containers: vec![container("web")], ..Default::default() }))),
        body(&deployment(template(PodSpec { host_network: Some(true), ..Default::default() }))),
        body(&deployment(template(PodSpec {
            containers: vec![Container { resources: limits.clone().into(), ..container("web") }],
            ..Default::default()
        }))),
        body(&Deployment::named("web").with_status(DeploymentStatus { replicas: Some(0), ..Default::default() })),
        body(&annotated),
        body(&labelled),
        body(&emptied),
        body(&Secret { type_: Some("Opaque".into()), ..Secret::named("key") }),
        body(&Service::named("web").with_spec(selector)),
        body(&Service::named("web").with_spec(ServiceSpec { ports: vec![port], ..Default::default() })),
        body(
            &HorizontalPodAutoscaler::named("web")
                .with_spec(HorizontalPodAutoscalerSpec { min_replicas: Some(2), ..Default::default() }),
        ),
        body(
            &HorizontalPodAutoscaler::named("web")
                .with_spec(HorizontalPodAutoscalerSpec { metrics: vec![metric], ..Default::default() }),
        ),
        body(&StatefulSet::named("db").with_spec(StatefulSetSpec { replicas: Some(1), ..Default::default() })),
        body(&DaemonSet::named("agent").with_spec(DaemonSetSpec { min_ready_seconds: Some(5), ..Default::default() })),
        body(
            &Ingress::named("web")
                .with_spec(IngressSpec { ingress_class_name: Some("nginx".into()), ..Default::default() }),
        ),
        body(
            &NetworkPolicy::named("web")
                .with_spec(NetworkPolicySpec { policy_types: vec!["Ingress".into()], ..Default::default() }),
        ),
        sent(ApplyRequest::cluster(&PersistentVolume::named("disk").with_spec(lun), "shop-operator")).unwrap().unwrap(),
        body(&Event { count: Some(1), ..Event::named("web.1") }),
    ];
    compare_with_snapshots(&bodies);
}

#[test]
fn a_zero_is_sent_if_it_is_kept() {
    let volume = || {
        let iscsi = ISCSIPersistentVolumeSource { iqn: "iqn.2026-11".into(), ..Default::default() };
        PersistentVolume::named("disk").with_spec(PersistentVolumeSpec { iscsi: iscsi.into(), ..Default::default() })
    };
    let volume = volume();
    let keeping = |pointer: &str| sent(ApplyRequest::cluster(&volume, "shop-operator").keep(pointer));
    assert_eq!(
        keeping("/spec/iscsi/lun").unwrap().unwrap(),
        r#"{"apiVersion":"v1","kind":"PersistentVolume","metadata":{"name":"disk"},"spec":{"iscsi":{"iqn":"iqn.2026-11","lun":0}}}"#
    );
    // An optional field that is not set has no value to send.
    assert!(!keeping("/spec/iscsi/readOnly").unwrap().unwrap().contains("readOnly"));
    for pointer in ["/spec/iscsi/luns", "/spec/lun", "/spek/iscsi/lun", "/spec/iscsi/lun/x", "/spec/accessModes/x"] {
        let error = keeping(pointer).unwrap_err();
        assert!(
            error.contains(&format!("can't keep the field {pointer}, because the object's type does not have it")),
            "{error}"
        );
    }
    assert!(keeping("spec").unwrap_err().contains("is not a JSON pointer"));

    let empty = Deployment::named("web");
    let keeping = |pointer: &str| sent(ApplyRequest::namespaced("shop", &empty, "shop-operator").keep(pointer));
    for pointer in
        ["/spec/template/spec/containers/*/name", "/spec/template/metadata/labels/a~1b", "/metadata/labels/*"]
    {
        assert_eq!(keeping(pointer).unwrap().unwrap(), body(&empty), "{pointer}");
    }
    let empty = deployment(DeploymentSpec::default());
    let keeping =
        |pointer: &str| sent(ApplyRequest::namespaced("shop", &empty, "shop-operator").keep(pointer)).unwrap().unwrap();
    assert!(keeping("/spec/template").ends_with(r#""spec":{"template":{}}}"#), "{}", keeping("/spec/template"));
    assert!(keeping("/spec/*").ends_with(r#""spec":{"selector":{},"template":{}}}"#), "{}", keeping("/spec/*"));
}
