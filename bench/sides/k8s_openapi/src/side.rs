use std::mem::size_of;

use bench_measure::Arguments;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Container, Event, Pod, PodSpec, Secret};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{CustomResourceDefinition, JSONSchemaProps};
use k8s_openapi::serde::{Serialize, de::DeserializeOwned};
use k8s_openapi::{List, ListableResource};
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

fn list<K: ListableResource + Serialize + DeserializeOwned>(arguments: &Arguments) -> Option<Value> {
    arguments.run(
        |bytes| serde_json::from_slice::<List<K>>(bytes).expect("the list can be decoded"),
        |list| serde_json::to_vec(list).expect("the list can be encoded"),
    )
}
