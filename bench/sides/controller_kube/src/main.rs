//! kube's Controller: a Secret for each ConfigMap with the label `role=primary`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bench_live::{CONCURRENCY, Reconciles};
use futures::StreamExt;
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use kube::api::{ObjectMeta, Patch, PatchParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::runtime::controller::{Action, Config as ControllerConfig, Controller};
use kube::runtime::watcher;
use kube::{Api, Client, Config, Resource, ResourceExt};

/// The context of a run.
struct Context {
    client: Client,
    runs: Reconciles,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let reconciles = Reconciles::start();
    let kubeconfig = Kubeconfig::read_from(reconciles.kubeconfig())?;
    let client = Client::try_from(Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await?)?;
    let selected = |role: &str| watcher::Config::default().labels(&format!("role={role}"));
    let context = Arc::new(Context { client: client.clone(), runs: reconciles.clone() });
    let controller = Controller::new(Api::<ConfigMap>::all(client.clone()), selected("primary"))
        .owns(Api::<Secret>::all(client), selected("owned"))
        .with_config(ControllerConfig::default().concurrency(CONCURRENCY))
        .run(reconcile, |_, _, _| Action::requeue(Duration::from_secs(1)), context)
        .for_each(|_| std::future::ready(()));
    let controller = async {
        controller.await;
        Ok::<_, std::io::Error>(())
    };
    reconciles.measure(controller).await
}

async fn reconcile(map: Arc<ConfigMap>, context: Arc<Context>) -> Result<Action, kube::Error> {
    context.runs.begun(map.data.as_ref().and_then(|data| data.get("stamp")).map(String::as_str));
    let name = map.name_any();
    let secret = Secret {
        metadata: ObjectMeta {
            name: Some(name.clone()),
            labels: Some(BTreeMap::from([("role".to_owned(), "owned".to_owned())])),
            owner_references: map.controller_owner_ref(&()).map(|owner| vec![owner]),
            ..ObjectMeta::default()
        },
        data: Some(BTreeMap::from([("of".to_owned(), ByteString(name.clone().into_bytes()))])),
        ..Secret::default()
    };
    let namespace = map.namespace().unwrap_or_default();
    let secrets = Api::<Secret>::namespaced(context.client.clone(), &namespace);
    secrets.patch(&name, &PatchParams::apply("bench").force(), &Patch::Apply(&secret)).await?;
    context.runs.ended(&name);
    Ok(Action::await_change())
}
