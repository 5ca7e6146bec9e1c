//! This SDK's controller: a Secret for each ConfigMap with the label `role=primary`.

use std::sync::Arc;

use bench_live::{CONCURRENCY, Reconciles};
use kubernetes_sdk::config::Kubeconfig;
use kubernetes_sdk::controller::{Action, Context, Controller, OwnedError};
use kubernetes_sdk::core::ListRequest;
use kubernetes_sdk::models::core::v1::{ConfigMap, Secret};
use kubernetes_sdk::{Client, Config};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let reconciles = Reconciles::start();
    let config = Config::from_kubeconfig(&Kubeconfig::read(reconciles.kubeconfig())?, None)?;
    let client = Client::new(config)?;
    let runs = reconciles.clone();
    let controller =
        Controller::new(&client, ListRequest::<ConfigMap>::all_namespaces().label_selector("role=primary"))
            .named("bench")
            .owns(ListRequest::<Secret>::all_namespaces().label_selector("role=owned"))
            .concurrency(usize::from(CONCURRENCY))
            .run(move |map, context| reconcile(runs.clone(), map, context));
    reconciles.measure(controller).await
}

async fn reconcile(runs: Reconciles, map: Arc<ConfigMap>, context: Context<ConfigMap>) -> Result<Action, OwnedError> {
    runs.begun(map.data.get("stamp").map(|stamp| &**stamp));
    let mut secret = Secret::named(map.name());
    secret.metadata.labels = [("role", "owned")].into();
    secret.data = [("of", map.name().as_bytes())].into();
    context.apply_owned(&map, [secret]).await?;
    runs.ended(map.name());
    Ok(Action::await_change())
}
