//! Prints the pods of a namespace, and then what happens to them.

use futures::TryStreamExt;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, ListParams};
use kube::runtime::watcher::{self, Event, watcher};
use kube::{Client, ResourceExt};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = Client::try_default().await?;
    let pods: Api<Pod> = Api::namespaced(client, "default");
    for pod in pods.list(&ListParams::default()).await? {
        println!("{}", pod.name_any());
    }
    let mut events = std::pin::pin!(watcher(pods, watcher::Config::default()));
    while let Some(event) = events.try_next().await? {
        match event {
            Event::Apply(pod) | Event::InitApply(pod) => println!("~ {}", pod.name_any()),
            Event::Delete(pod) => println!("- {}", pod.name_any()),
            Event::Init | Event::InitDone => {}
        }
    }
    Ok(())
}
