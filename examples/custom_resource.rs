//! A custom resource, from its Rust type to a watch.
//!
//! ```text
//! cargo run --example custom_resource
//! ```
//!
//! docs/custom-resources.md describes all attributes; docs/regenerating.md shows how to generate types from
//! definitions.
#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use futures::TryStreamExt;
use kubernetes_sdk::api::apiextensions::v1 as apiextensions_v1;
use kubernetes_sdk::core::{CreateRequest, DeleteRequest, ListRequest, ObjectMeta};
use kubernetes_sdk::utils::ensure_definition;
use kubernetes_sdk::watch::Watch;
use kubernetes_sdk::{Client, CustomResource, Schema};

/// A lantern that hangs somewhere.
#[derive(Clone, Debug, PartialEq, CustomResource)]
#[kubernetes(
    group = "light.example.com",
    version = "v1",
    namespaced,
    short_name = "ln",
    column(name = "Color", type = "string", json_path = ".spec.color"),
    scale(spec_replicas_path = ".spec.bulbs", status_replicas_path = ".status.lit"),
    selectable_field = ".spec.color"
)]
struct Lantern {
    metadata: ObjectMeta,
    spec: LanternSpec,
    status: Option<LanternStatus>,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(rule("self.color != 'black'", message = "a black lantern gives no light"))]
struct LanternSpec {
    /// The color of its light.
    #[kubernetes(min_length = 1, max_length = 20)]
    color: String,
    /// How many bulbs it has.
    #[kubernetes(default = 1, minimum = 0)]
    bulbs: i32,
    power: Option<Power>,
}

/// The source of its power.
#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(rename_all = "camelCase")]
enum Power {
    Battery { hours: u32 },
    Mains {},
}

#[derive(Clone, Debug, PartialEq, Schema)]
struct LanternStatus {
    lit: i32,
}

/// The previous version, in which `color` was a top-level field.
mod v1beta1 {
    use super::{CustomResource, ObjectMeta};

    #[derive(Clone, Debug, PartialEq, CustomResource)]
    #[kubernetes(
        group = "light.example.com",
        version = "v1beta1",
        namespaced,
        short_name = "ln",
        deprecated = "light.example.com/v1beta1 Lantern is deprecated; use v1",
        served = false
    )]
    pub(super) struct Lantern {
        metadata: ObjectMeta,
        color: String,
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (client, _server) = kubernetes_examples::connect(false)?;
    for line in run(&client, "default").await? {
        println!("{line}");
    }
    Ok(())
}

/// Defines the resource, creates and deletes a lantern, and returns the events of a watch.
pub(crate) async fn run(client: &Client, namespace: &str) -> Result<Vec<String>, Box<dyn std::error::Error>> {
    let definition = Lantern::definition()?.with_version::<v1beta1::Lantern>()?;
    ensure_definition(client, &definition, "lantern-operator").await?;

    let mut events = Watch::new(client).stream(ListRequest::<Lantern>::namespaced(namespace));
    let lantern = Lantern {
        metadata: ObjectMeta { name: Some("red".into()), ..ObjectMeta::default() },
        spec: LanternSpec { color: "red".to_owned(), bulbs: 2, power: Some(Power::Battery { hours: 8 }) },
        status: None,
    };
    CreateRequest::namespaced(namespace, &lantern).send(client).await?;
    let mut seen = Vec::new();
    while let Some(event) = events.try_next().await? {
        let Some(lantern) = event.object() else { continue };
        seen.push(format!("{} {} {}", event.type_name(), lantern.name(), lantern.spec.color));
        if seen.len() == 2 {
            break;
        }
        DeleteRequest::<Lantern>::namespaced(namespace, lantern.name()).send(client).await?;
    }
    apiextensions_v1::delete_custom_resource_definition(definition.name()).send(client).await?;
    Ok(seen)
}
