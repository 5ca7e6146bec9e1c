//! Creates a ConfigMap with the content of each ConfigMapGenerator: kube's example `configmapgen_controller`.
//!
//! ```text
//! cargo run --example configmapgen
//! ```
#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures::stream::{Stream, unfold};
use kubernetes_sdk::controller::{Action, Context, Controller, ControllerError, OwnedError};
use kubernetes_sdk::core::{ListRequest, ObjectMeta};
use kubernetes_sdk::models::core::v1::ConfigMap;
use kubernetes_sdk::{Client, resource};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct ConfigMapGenerator {
    pub(crate) metadata: ObjectMeta,
    pub(crate) spec: ConfigMapGeneratorSpec,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct ConfigMapGeneratorSpec {
    pub(crate) content: String,
}

resource!(ConfigMapGenerator: "nullable.se" / "v1" / "ConfigMapGenerator", "configmapgenerators", namespaced, watch, serde);

async fn reconcile(
    generator: Arc<ConfigMapGenerator>,
    context: Context<ConfigMapGenerator>,
) -> Result<Action, OwnedError> {
    println!("working hard");
    tokio::time::sleep(Duration::from_secs(2)).await;
    println!("hard work is done!");
    let map = ConfigMap::named(generator.name()).with_data([("content", generator.spec.content.as_str())]);
    context.apply_owned(&generator, [map]).await?;
    Ok(Action::requeue_after(Duration::from_secs(300)))
}

pub(crate) async fn operate(
    client: &Client,
    reloads: impl Stream<Item = ()> + Send + 'static,
    shutdown: impl Future<Output = ()>,
) -> Result<(), ControllerError> {
    Controller::new(client, ListRequest::<ConfigMapGenerator>::all_namespaces())
        .named("example.com/configmapgen")
        .owns(ListRequest::<ConfigMap>::all_namespaces())
        .reconcile_all_on(reloads)
        .run_until(shutdown, reconcile)
        .await
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = Client::from_env()?;
    println!("press <enter> to reconcile all objects, <ctrl>+c to shut down");
    let (reload, lines) = mpsc::unbounded_channel();
    // A thread, since reading from the terminal can't be canceled.
    std::thread::spawn(move || std::io::stdin().lines().try_for_each(|_| reload.send(())));
    let reloads = unfold(lines, async |mut lines| Some((lines.recv().await?, lines)));
    operate(&client, reloads, async { drop(tokio::signal::ctrl_c().await) }).await?;
    Ok(())
}
