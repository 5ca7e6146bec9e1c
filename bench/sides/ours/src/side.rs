use std::mem::size_of;

use bench_measure::{Arguments, Side, Sizes};
use kubernetes_core::{List, Object, json};
use kubernetes_models::apiextensions::v1::{CustomResourceDefinition, JSONSchemaProps};
use kubernetes_models::apps::v1::Deployment;
use kubernetes_models::core::v1::{Container, Event, Pod, PodSpec, Secret};
use serde_json::Value;

pub(crate) const SIDE: Side = Side {
    pods: list::<Pod>,
    deployments: list::<Deployment>,
    events: list::<Event>,
    secrets: list::<Secret>,
    crds: list::<CustomResourceDefinition>,
    sizes: Sizes {
        pod: size_of::<Pod>(),
        pod_spec: size_of::<PodSpec>(),
        container: size_of::<Container>(),
        deployment: size_of::<Deployment>(),
        json_schema_props: size_of::<JSONSchemaProps>(),
    },
};

fn list<K: Object>(arguments: &Arguments) -> Option<Value> {
    arguments.run(
        |bytes| json::from_slice::<List<K>>(bytes).expect("the list can be decoded"),
        |list| json::to_string(list).expect("the list can be encoded").into_bytes(),
    )
}
