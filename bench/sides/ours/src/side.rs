use std::mem::size_of;

use bench_measure::Arguments;
use kubernetes_core::{List, Object, json};
use kubernetes_models::apiextensions::v1::{CustomResourceDefinition, JSONSchemaProps};
use kubernetes_models::apps::v1::Deployment;
use kubernetes_models::core::v1::{Container, Event, Pod, PodSpec, Secret};
use serde_json::Value;

pub(crate) fn run(arguments: &Arguments) -> Option<Value> {
    if arguments.is_size() {
        return Some(serde_json::json!({
            "pod": size_of::<Pod>(), "pod_spec": size_of::<PodSpec>(), "container": size_of::<Container>(),
            "deployment": size_of::<Deployment>(), "json_schema_props": size_of::<JSONSchemaProps>(),
        }));
    }
    match arguments.subject.as_str() {
        "pods" => list::<Pod>(arguments),
        "deployments" => list::<Deployment>(arguments),
        "events" => list::<Event>(arguments),
        "secrets" => list::<Secret>(arguments),
        "crds" => list::<CustomResourceDefinition>(arguments),
        _ => None,
    }
}

fn list<K: Object>(arguments: &Arguments) -> Option<Value> {
    arguments.run(
        |bytes| json::from_slice::<List<K>>(bytes).expect("the list can be decoded"),
        |list| json::to_string(list).expect("the list can be encoded").into_bytes(),
    )
}
