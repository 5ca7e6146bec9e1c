//! Definitions of public operators, written as Rust types, have the schemas that the projects publish.
//!
//! The definitions are in `tests/operators`, complete but for descriptions, which would be comments of documentation.

mod argo_cd_app_project;
#[allow(clippy::upper_case_acronyms, reason = "values are named as on the wire")]
mod cert_manager_certificate;
mod crossplane_usage;
mod flux_kustomization;
mod gateway_class;
mod karpenter_node_pool;
mod keda_cloud_event_source;
mod knative_pod_autoscaler;
mod metallb_bgp_peer;
mod prometheus_rule;
mod velero_backup;

use kubernetes_core::schema::{Definition, InvalidSchema};
use kubernetes_core::yaml;
use kubernetes_core::{Json, Map};
use serde_json::Value;

type Make = fn() -> Result<Definition, InvalidSchema>;

const OPERATORS: &[(&str, Make)] = &[
    ("argo_cd_app_project", argo_cd_app_project::definition),
    ("cert_manager_certificate", cert_manager_certificate::definition),
    ("crossplane_usage", crossplane_usage::definition),
    ("flux_kustomization", flux_kustomization::definition),
    ("gateway_class", gateway_class::definition),
    ("karpenter_node_pool", karpenter_node_pool::definition),
    ("keda_cloud_event_source", keda_cloud_event_source::definition),
    ("knative_pod_autoscaler", knative_pod_autoscaler::definition),
    ("metallb_bgp_peer", metallb_bgp_peer::definition),
    ("prometheus_rule", prometheus_rule::definition),
    ("velero_backup", velero_backup::definition),
];

#[test]
fn definitions_are_those_that_the_projects_publish() {
    let mut wrong = Vec::new();
    for (name, make) in OPERATORS {
        let definition = make().unwrap_or_else(|error| panic!("{name}: {error}"));
        let ours: Value = serde_json::from_str(&definition.to_json()).expect("it is JSON");
        let path = format!("{}/tests/operators/{name}.yaml", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(&path).expect("the fixture is there");
        let theirs: Map<Json> = yaml::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let mut theirs: Value = theirs["spec"].decode().expect("it is JSON");
        let mut ours = ours["spec"].clone();
        ordered(&mut ours);
        ordered(&mut theirs);
        differences(name, &ours, &theirs, &mut wrong);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Puts in order what has none, and leaves out what is the same by default.
fn ordered(value: &mut Value) {
    match value {
        Value::Array(items) => {
            items.iter_mut().for_each(ordered);
            let is_unordered = |item: &Value| item.is_string() || item.get("served").is_some();
            if items.iter().all(is_unordered) {
                items.sort_by_key(|item| item.get("name").unwrap_or(item).to_string());
            }
        }
        Value::Object(fields) => {
            fields.retain(|key, value| {
                let is_description = key == "description" && value.is_string();
                // Columns that are shown always, and names that follow from the kind.
                !(is_description || key == "listKind" || key == "priority" && *value == 0)
            });
            fields.values_mut().for_each(ordered);
        }
        Value::Number(number) => *value = number.as_f64().into(),
        _ => {}
    }
}

fn differences(place: &str, ours: &Value, theirs: &Value, found: &mut Vec<String>) {
    match (ours, theirs) {
        (Value::Object(ours), Value::Object(theirs)) => {
            for key in ours.keys().chain(theirs.keys().filter(|key| !ours.contains_key(*key))) {
                let side = |side: &serde_json::Map<String, Value>| side.get(key).cloned().unwrap_or_default();
                differences(&format!("{place}.{key}"), &side(ours), &side(theirs), found);
            }
        }
        (Value::Array(ours), Value::Array(theirs)) if ours.len() == theirs.len() => {
            for (index, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
                differences(&format!("{place}[{index}]"), ours, theirs, found);
            }
        }
        _ if ours == theirs => {}
        _ => found.push(format!("{place}: {ours}, published as {theirs}")),
    }
}
