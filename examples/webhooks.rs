//! A resource in two versions, with webhooks that mutate, validate and convert it.
//!
//! ```text
//! cargo run --example webhooks
//! ```
//!
//! The API server calls this program at 127.0.0.1, so the cluster must run on the same machine. Without a cluster, an
//! API server in memory calls it. docs/webhooks.md shows how to deploy webhooks.
#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use std::time::Duration;

use kubernetes_sdk::api::admissionregistration::v1 as admissionregistration_v1;
use kubernetes_sdk::api::apiextensions::v1 as apiextensions_v1;
use kubernetes_sdk::core::conversion::Spoke;
use kubernetes_sdk::core::{CreateRequest, ObjectMeta, ReadRequest};
use kubernetes_sdk::utils::ensure_definition;
use kubernetes_sdk::webhooks::{
    AdmissionRequest, Allowed, CaBundle, Configuration, Converter, Denied, Endpoint, ManagedCertificates, Mutated,
    WebhookServer, Webhooks,
};
use kubernetes_sdk::{Client, CustomResource, Schema};
use tokio::net::TcpListener;
use tokio::sync::watch;

/// A lantern that hangs somewhere.
#[derive(Clone, Debug, PartialEq, CustomResource)]
#[kubernetes(group = "street.example.com", version = "v1", namespaced)]
struct Lantern {
    metadata: ObjectMeta,
    spec: LanternSpec,
}

#[derive(Clone, Debug, PartialEq, Schema)]
struct LanternSpec {
    /// The color of its light.
    color: String,
    /// How many bulbs it has.
    #[kubernetes(default = 0, minimum = 0)]
    bulbs: i32,
}

/// The previous version, in which `color` was a top-level field and each lantern had one bulb.
mod v1beta1 {
    use super::{CustomResource, ObjectMeta};

    #[derive(Clone, Debug, PartialEq, CustomResource)]
    #[kubernetes(group = "street.example.com", version = "v1beta1", namespaced)]
    pub(super) struct Lantern {
        pub(super) metadata: ObjectMeta,
        pub(super) color: String,
    }
}

impl Spoke for v1beta1::Lantern {
    type Hub = Lantern;

    fn to_hub(&self) -> Lantern {
        let spec = LanternSpec { color: self.color.clone(), bulbs: 1 };
        Lantern { metadata: ObjectMeta::default(), spec }
    }

    fn from_hub(hub: &Lantern) -> Self {
        Self { metadata: ObjectMeta::default(), color: hub.spec.color.clone() }
    }
}

/// Adds a bulb to a lantern that has none.
async fn add_bulb(mut lantern: Lantern, _: AdmissionRequest<Lantern>) -> Result<Mutated<Lantern>, Denied> {
    if lantern.spec.bulbs > 0 {
        return Ok(lantern.into());
    }
    lantern.spec.bulbs = 1;
    Ok(Mutated::new(lantern, Allowed::new().warning("a lantern without bulbs got one")))
}

/// Refuses black lanterns.
async fn check_color(request: AdmissionRequest<Lantern>) -> Result<(), Denied> {
    match request.object {
        Some(lantern) if lantern.spec.color == "black" => {
            Err(Denied::new("a black lantern gives no light").cause("spec.color", "must not be black"))
        }
        _ => Ok(()),
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (client, _server) = kubernetes_examples::connect(std::env::args().any(|argument| argument == "--embedded"))?;
    for line in run(&client, "default").await? {
        println!("{line}");
    }
    Ok(())
}

/// Serves the webhooks, sends requests that make the API server call them, and returns the results.
pub(crate) async fn run(client: &Client, namespace: &str) -> Result<Vec<String>, Box<dyn std::error::Error>> {
    let definition = Lantern::definition()?.with_version::<v1beta1::Lantern>()?;
    ensure_definition(client, &definition, "lantern-webhooks").await?;

    let webhooks = Webhooks::new()
        .mutate(add_bulb)
        .validate(check_color)
        .convert(Converter::hub::<Lantern>().spoke::<v1beta1::Lantern>());
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    // In a cluster, this is `Endpoint::service(namespace, name)`.
    let endpoint = Endpoint::url(&format!("https://{}", listener.local_addr()?));
    let configuration = Configuration::new("lantern-webhooks", &webhooks, &endpoint, &CaBundle::Unset);
    configuration.apply(client, "lantern-webhooks").await?;
    let managed = ManagedCertificates::new(client, namespace, "lantern-ca", &endpoint)
        .configuration(&configuration)
        .interval(Duration::from_millis(200));
    let server = WebhookServer::new(webhooks, managed.certificates());

    let (stop, stopped) = watch::channel(());
    let (mut maintained, mut served) = (stopped.clone(), stopped);
    let maintain = tokio::spawn(async move { managed.run_until(async { drop(maintained.changed().await) }).await });
    let serve = tokio::spawn(async move { server.serve(listener, async { drop(served.changed().await) }).await });
    let seen = use_them(client, namespace).await;
    drop(stop);
    serve.await??;
    maintain.await??;

    admissionregistration_v1::delete_mutating_webhook_configuration("lantern-webhooks").send(client).await?;
    admissionregistration_v1::delete_validating_webhook_configuration("lantern-webhooks").send(client).await?;
    apiextensions_v1::delete_custom_resource_definition(definition.name()).send(client).await?;
    seen
}

async fn use_them(client: &Client, namespace: &str) -> Result<Vec<String>, Box<dyn std::error::Error>> {
    let lantern = |name: &str, color: &str| Lantern {
        metadata: ObjectMeta { name: Some(name.into()), ..ObjectMeta::default() },
        spec: LanternSpec { color: color.to_owned(), bulbs: 0 },
    };
    let red = lantern("red", "red");
    // Until the API server has seen the new CA, it does not trust the webhooks.
    let mut attempts = 0;
    let created = loop {
        match CreateRequest::namespaced(namespace, &red).send(client).await {
            Ok(created) => break created,
            Err(error) if attempts == 100 => return Err(error.into()),
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
        attempts += 1;
    };
    let mut seen = vec![format!("{} has {} bulb", created.name(), created.spec.bulbs)];
    if let Err(error) = CreateRequest::namespaced(namespace, &lantern("black", "black")).send(client).await {
        seen.push(error.status().and_then(|status| status.message.clone()).unwrap_or_default().to_string());
    }
    let old = ReadRequest::<v1beta1::Lantern>::namespaced(namespace, "red").send(client).await?;
    seen.push(format!("{} is {} in v1beta1", old.name(), old.color));
    Ok(seen)
}
