//! Custom resources without Rust types, from their definitions to their objects: one namespaced, one cluster-scoped.
//!
//! ```text
//! cargo run --example dynamic_custom_resource
//! ```
#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use std::error::Error;
use std::time::Duration;

use kubernetes_sdk::core::{GroupVersionKind, Json};
use kubernetes_sdk::dynamic::{ApiResource, DynamicObject, Mapper};
use kubernetes_sdk::{Client, Patch};
use serde_json::json;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (client, _server) = kubernetes_examples::connect(false)?;
    for line in namespaced(&client, "default").await? {
        println!("{line}");
    }
    for line in cluster_scoped(&client).await? {
        println!("{line}");
    }
    Ok(())
}

/// Ingress routes, which are namespaced.
pub(crate) async fn namespaced(client: &Client, namespace: &str) -> Result<Vec<String>, Box<dyn Error>> {
    let mapper = Mapper::new(client);
    let routes = define(client, &mapper, "Namespaced", "IngressRoute", "ingressroutes").await?;
    let lines = change(client, &routes, namespace).await?;
    undefine(client, &mapper, &routes).await?;
    Ok(lines)
}

/// Gateways, which are cluster-scoped.
pub(crate) async fn cluster_scoped(client: &Client) -> Result<Vec<String>, Box<dyn Error>> {
    let mapper = Mapper::new(client);
    let gateways = define(client, &mapper, "Cluster", "ClusterGateway", "clustergateways").await?;
    let lines = change(client, &gateways, "ignored").await?;
    undefine(client, &mapper, &gateways).await?;
    Ok(lines)
}

/// Creates a definition, and waits until the server serves its kind.
async fn define(
    client: &Client,
    mapper: &Mapper,
    scope: &str,
    kind: &str,
    plural: &str,
) -> Result<ApiResource, Box<dyn Error>> {
    let definition: DynamicObject = serde_json::from_value(json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("{plural}.dynamic.example.com")},
        "spec": {
            "group": "dynamic.example.com", "scope": scope,
            "names": {"plural": plural, "singular": kind.to_lowercase(), "kind": kind},
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {
                "type": "object", "properties": {"spec": {"type": "object", "properties": {
                    "host": {"type": "string"}, "weight": {"type": "integer"},
                }}},
            }}}],
        },
    }))?;
    let definitions = mapper.resource_of(&definition).await?.cluster();
    definitions.create(&definition).send(client).await?;
    let of_type = GroupVersionKind::new("dynamic.example.com", "v1", kind);
    Ok(mapper.wait_for(&of_type).within(Duration::from_secs(60)).await?)
}

async fn undefine(client: &Client, mapper: &Mapper, resource: &ApiResource) -> Result<(), Box<dyn Error>> {
    let definitions = mapper.resource("crd").await?.cluster();
    definitions.delete(format!("{}.{}", resource.plural, resource.group)).send(client).await?;
    Ok(())
}

/// Creates an object, patches it, lists it, and deletes it.
async fn change(client: &Client, resource: &ApiResource, namespace: &str) -> Result<Vec<String>, Box<dyn Error>> {
    let mut first = resource.object("first");
    first.set("/spec", &Json::from(json!({"host": "example.com", "weight": 1})))?;
    let objects = resource.scope_of(&first, namespace);
    objects.create(&first).send(client).await?;
    let patch = Patch::merge(&json!({"spec": {"weight": 2}}));
    objects.patch("first", &patch).send(client).await?;
    let mut lines = Vec::new();
    for object in objects.list().send(client).await? {
        let weight = object.get::<i64>("/spec/weight")?.unwrap_or_default();
        lines.push(format!("{} {} of {:?} weighs {weight}", object.kind(), object.name(), object.namespace()));
    }
    objects.delete("first").send(client).await?;
    Ok(lines)
}
