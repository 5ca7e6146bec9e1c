use std::mem::size_of;

use bench_measure::{Arguments, Side, Sizes};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Container, Event, Pod, PodSpec, Secret};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{CustomResourceDefinition, JSONSchemaProps};
use k8s_openapi::serde::{Serialize, de::DeserializeOwned};
use k8s_openapi::{List, ListableResource};
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

fn list<K: ListableResource + Serialize + DeserializeOwned>(arguments: &Arguments) -> Option<Value> {
    arguments.run(
        |bytes| serde_json::from_slice::<List<K>>(bytes).expect("the list can be decoded"),
        |list| serde_json::to_vec(list).expect("the list can be encoded"),
    )
}
