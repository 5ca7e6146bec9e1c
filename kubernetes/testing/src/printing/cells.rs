//! The content of the columns; a missing number is Go's zero value.

use jiff::Timestamp;
use kubernetes_core::meta;
use kubernetes_core::selector::LabelSelector;
use serde_json::{Value, json};

use super::age::since;
use crate::object::Object;

/// The text that kubectl shows for a missing value.
pub(super) const NONE: &str = "<none>";

pub(super) fn or<'a>(text: &'a str, default: &'a str) -> &'a str {
    if text.is_empty() { default } else { text }
}

fn integer(object: &Object, path: &str) -> i64 {
    object.at(path).and_then(Value::as_i64).unwrap_or_default()
}

fn size(object: &Object, path: &str) -> usize {
    object.at(path).and_then(Value::as_object).map_or(0, serde_json::Map::len)
}

pub(super) fn age(object: &Object, now: Timestamp) -> String {
    since(object.at("metadata.creationTimestamp").and_then(Value::as_str), now)
}

pub(super) fn other(object: &Object, now: Timestamp) -> Vec<Value> {
    vec![object.text("name").into(), age(object, now).into()]
}

pub(super) fn namespace(object: &Object, now: Timestamp) -> Vec<Value> {
    vec![object.text("name").into(), object.text_at("status.phase").into(), age(object, now).into()]
}

pub(super) fn config_map(object: &Object, now: Timestamp) -> Vec<Value> {
    let count = size(object, "data") + size(object, "binaryData");
    vec![object.text("name").into(), count.into(), age(object, now).into()]
}

pub(super) fn secret(object: &Object, now: Timestamp) -> Vec<Value> {
    let kind = object.text_at("type");
    vec![object.text("name").into(), kind.into(), size(object, "data").into(), age(object, now).into()]
}

pub(super) fn lease(object: &Object, now: Timestamp) -> Vec<Value> {
    vec![object.text("name").into(), object.text_at("spec.holderIdentity").into(), age(object, now).into()]
}

pub(super) fn node(object: &Object, now: Timestamp) -> Vec<Value> {
    let ready = object.list_at("status.conditions").iter().find(|condition| condition["type"] == "Ready");
    let mut status = match ready {
        Some(ready) if ready["status"] == "True" => "Ready",
        Some(_) => "NotReady",
        None => "Unknown",
    }
    .to_owned();
    if object.at("spec.unschedulable") == Some(&Value::Bool(true)) {
        status.push_str(",SchedulingDisabled");
    }
    let address = |kind: &str| {
        let found = object.list_at("status.addresses").iter().find(|address| address["type"] == kind);
        found.and_then(|address| address["address"].as_str()).unwrap_or(NONE).to_owned()
    };
    let info = |field: &str| or(object.text_at(&format!("status.nodeInfo.{field}")), "<unknown>").to_owned();
    let architecture = object.text_at("status.nodeInfo.architecture");
    let mut kernel = info("kernelVersion");
    if !architecture.is_empty() {
        kernel.push_str(&format!(" ({architecture})"));
    }
    vec![
        object.text("name").into(),
        status.into(),
        or(&roles(object), NONE).into(),
        age(object, now).into(),
        object.text_at("status.nodeInfo.kubeletVersion").into(),
        address("InternalIP").into(),
        address("ExternalIP").into(),
        info("osImage").into(),
        kernel.into(),
        info("containerRuntimeVersion").into(),
    ]
}

fn roles(node: &Object) -> String {
    let labels = node.metadata().and_then(|metadata| metadata.get("labels")).and_then(Value::as_object);
    let roles = labels.into_iter().flatten().filter_map(|(key, value)| match key.as_str() {
        "kubernetes.io/role" => value.as_str(),
        key => key.strip_prefix("node-role.kubernetes.io/"),
    });
    let mut roles: Vec<&str> = roles.filter(|role| !role.is_empty()).collect();
    roles.sort_unstable();
    roles.dedup();
    roles.join(",")
}

pub(super) fn service(object: &Object, now: Timestamp) -> Vec<Value> {
    let kind = object.text_at("spec.type");
    let cluster = object.list_at("spec.clusterIPs").first().and_then(Value::as_str).unwrap_or(NONE);
    let ports = object.list_at("spec.ports").iter().map(|port| {
        let (number, protocol) = (&port["port"], port["protocol"].as_str().unwrap_or_default());
        match port["nodePort"].as_i64() {
            Some(node) if node > 0 => format!("{number}:{node}/{protocol}"),
            _ => format!("{number}/{protocol}"),
        }
    });
    let ports: Vec<String> = ports.collect();
    vec![
        object.text("name").into(),
        kind.into(),
        cluster.into(),
        external(object, kind).into(),
        or(&ports.join(","), NONE).into(),
        age(object, now).into(),
        or(&pairs(object.at("spec.selector")), NONE).into(),
    ]
}

fn external(service: &Object, kind: &str) -> String {
    let texts = |items: &[Value]| items.iter().filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>();
    let mut addresses = texts(service.list_at("spec.externalIPs"));
    match kind {
        "ClusterIP" | "NodePort" => or(&addresses.join(","), NONE).to_owned(),
        "LoadBalancer" => {
            let ingress = service.list_at("status.loadBalancer.ingress").iter();
            let ingress = ingress.filter_map(|entry| entry["ip"].as_str().or(entry["hostname"].as_str()));
            let mut all: Vec<String> = ingress.map(str::to_owned).collect();
            all.append(&mut addresses);
            or(&all.join(","), "<pending>").to_owned()
        }
        "ExternalName" => service.text_at("spec.externalName").to_owned(),
        _ => "<unknown>".to_owned(),
    }
}

/// `a=b,c=d`
fn pairs(labels: Option<&Value>) -> String {
    let labels = labels.and_then(Value::as_object).into_iter().flatten();
    let pairs: Vec<String> = labels.filter_map(|(key, value)| Some(format!("{key}={}", value.as_str()?))).collect();
    pairs.join(",")
}

fn selector(object: &Object) -> String {
    let Some(selector) = object.at("spec.selector") else { return NONE.to_owned() };
    let selector = serde_json::from_value::<meta::v1::LabelSelector>(selector.clone()).ok();
    match selector.and_then(|selector| LabelSelector::try_from(&selector).ok()) {
        Some(selector) => selector.to_string(),
        None => "<invalid>".to_owned(),
    }
}

fn containers(object: &Object) -> [Value; 2] {
    let containers = object.list_at("spec.template.spec.containers");
    ["name", "image"].map(|field| {
        let texts: Vec<&str> =
            containers.iter().map(|container| container[field].as_str().unwrap_or_default()).collect();
        texts.join(",").into()
    })
}

fn ready(object: &Object) -> String {
    format!("{}/{}", integer(object, "status.readyReplicas"), integer(object, "spec.replicas"))
}

pub(super) fn deployment(object: &Object, now: Timestamp) -> Vec<Value> {
    let [names, images] = containers(object);
    vec![
        object.text("name").into(),
        ready(object).into(),
        integer(object, "status.updatedReplicas").into(),
        integer(object, "status.availableReplicas").into(),
        age(object, now).into(),
        names,
        images,
        selector(object).into(),
    ]
}

pub(super) fn replica_set(object: &Object, now: Timestamp) -> Vec<Value> {
    let [names, images] = containers(object);
    vec![
        object.text("name").into(),
        integer(object, "spec.replicas").into(),
        integer(object, "status.replicas").into(),
        integer(object, "status.readyReplicas").into(),
        age(object, now).into(),
        names,
        images,
        selector(object).into(),
    ]
}

pub(super) fn stateful_set(object: &Object, now: Timestamp) -> Vec<Value> {
    let [names, images] = containers(object);
    vec![object.text("name").into(), ready(object).into(), age(object, now).into(), names, images]
}

pub(super) fn event(object: &Object, now: Timestamp) -> Vec<Value> {
    let time = |paths: &[&str]| since(paths.iter().find_map(|path| object.at(path)?.as_str()), now);
    let first = time(&["firstTimestamp", "eventTime"]);
    let last = time(&["series.lastObservedTime", "lastTimestamp", "firstTimestamp", "eventTime"]);
    let count = match object.at("series.count").or(object.at("count")).and_then(Value::as_i64) {
        None | Some(0) => 1,
        Some(count) => count,
    };
    let kind = object.text_at("involvedObject.kind").to_lowercase();
    let target = match object.text_at("involvedObject.name") {
        "" => kind,
        name => format!("{kind}/{name}"),
    };
    let (component, instance) = match object.text_at("source.component") {
        "" => (object.text_at("reportingComponent"), object.text_at("reportingInstance")),
        component => (component, object.text_at("source.host")),
    };
    let source = if instance.is_empty() { component.to_owned() } else { format!("{component}, {instance}") };
    vec![
        last.into(),
        object.text_at("type").into(),
        object.text_at("reason").into(),
        target.into(),
        object.text_at("involvedObject.fieldPath").into(),
        source.into(),
        object.text_at("message").trim().into(),
        first.into(),
        json!(count),
        object.text("name").into(),
    ]
}
