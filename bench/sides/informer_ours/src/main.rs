//! Keeps the pods of a namespace in memory, from a real API server; also makes them, and changes them.

use std::error::Error;
use std::path::PathBuf;
use std::time::Instant;

use bench_live::on_all_cores;
use bench_measure::cpu_seconds;
use clap::{Parser, ValueEnum};
use futures::{StreamExt, TryStreamExt, future, stream};
use kubernetes_sdk::api::core::v1 as core_v1;
use kubernetes_sdk::client::ContentType;
use kubernetes_sdk::config::{Config, Kubeconfig};
use kubernetes_sdk::core::json;
use kubernetes_sdk::models::core::v1::{Namespace, Pod, ServiceAccount};
use kubernetes_sdk::watch::{Change, Reflector, Store};
use kubernetes_sdk::{Client, List, Patch};

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// How many requests are under way at a time.
const IN_FLIGHT: usize = 16;

#[derive(Parser)]
struct Arguments {
    job: Job,
    /// The way to the server.
    kubeconfig: PathBuf,
    /// The namespace of the pods.
    namespace: String,
    /// How many pods, or changes of them.
    count: usize,
    /// A list of pods to make them of.
    list: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Job {
    /// Make a namespace with pods that no scheduler takes.
    Fill,
    /// Change an annotation of each.
    Touch,
    /// Delete the namespace.
    Delete,
    /// Keep the pods in memory: the first list, and as many changes as there are pods.
    Json,
    /// The same, with lists in CBOR.
    Cbor,
    /// The same in JSON, and nothing is compressed.
    Uncompressed,
}

fn main() -> Result<()> {
    on_all_cores(run(Arguments::parse()))?
}

async fn run(arguments: Arguments) -> Result<()> {
    let mut config = Config::from_kubeconfig(&Kubeconfig::read(&arguments.kubeconfig)?, None)?;
    config.disable_compression |= arguments.job == Job::Uncompressed;
    let format = if arguments.job == Job::Cbor { ContentType::Cbor } else { ContentType::Json };
    let client = Client::builder(config).content_type(format).build()?;
    match arguments.job {
        Job::Fill => fill(&client, &arguments).await,
        Job::Touch => touch(&client, &arguments).await,
        Job::Delete => {
            core_v1::delete_namespace(&arguments.namespace).send(&client).await?;
            Ok(())
        }
        Job::Json | Job::Cbor | Job::Uncompressed => follow(&client, &arguments).await,
    }
}

async fn fill(client: &Client, arguments: &Arguments) -> Result<()> {
    let namespace = &arguments.namespace;
    let text = std::fs::read(arguments.list.as_ref().ok_or("there is no list to make pods of")?)?;
    let mut pods = json::from_slice::<List<Pod>>(&text)?.items;
    pods.truncate(arguments.count);
    core_v1::create_namespace(&Namespace::named(namespace)).send(client).await?;
    // That of the controller manager may come later than the pods. It may also have come before.
    _ = core_v1::create_namespaced_service_account(namespace, &ServiceAccount::named("default")).send(client).await;
    let created = stream::iter(pods).map(|mut pod| async move {
        let metadata = std::mem::take(&mut pod.metadata);
        pod.metadata.name = metadata.name;
        pod.metadata.labels = metadata.labels;
        pod.metadata.annotations = metadata.annotations;
        if let Some(spec) = &mut pod.spec {
            spec.node_name = None;
            spec.scheduler_name = Some("none".into());
        }
        pod.status = None;
        core_v1::create_namespaced_pod(namespace, &pod).send(client).await.map(drop)
    });
    created.buffer_unordered(IN_FLIGHT).try_for_each(|()| future::ok(())).await?;
    Ok(())
}

async fn touch(client: &Client, arguments: &Arguments) -> Result<()> {
    let namespace = &arguments.namespace;
    let pods = core_v1::list_namespaced_pod(namespace).send(client).await?.items;
    let stamp = format!("{:?}", std::time::SystemTime::now());
    let patch = Patch::merge(&serde_json::json!({"metadata": {"annotations": {"bench": stamp}}}));
    let names = pods.into_iter().take(arguments.count).filter_map(|pod| pod.metadata.name);
    let touched = stream::iter(names).map(|name| {
        let patch = &patch;
        async move { core_v1::patch_namespaced_pod(namespace, &name, patch).send(client).await.map(drop) }
    });
    touched.buffer_unordered(IN_FLIGHT).try_for_each(|()| future::ok(())).await?;
    Ok(())
}

/// Prints a line for each of the two phases when it has ended.
async fn follow(client: &Client, arguments: &Arguments) -> Result<()> {
    let (mut start, mut cpu) = (Instant::now(), cpu_seconds());
    let mut tell = |phase: &str| {
        let (wall, used) = (start.elapsed().as_secs_f64(), cpu_seconds() - cpu);
        println!("{}", serde_json::json!({"phase": phase, "wall": wall, "cpu": used}));
        (start, cpu) = (Instant::now(), cpu_seconds());
    };
    let mut writer = Store::builder().build();
    let store = writer.store();
    let mut changes = Reflector::new(client).stream(core_v1::list_namespaced_pod(&arguments.namespace));
    while !store.is_ready() {
        writer.apply(changes.try_next().await?.ok_or("the stream has ended")?);
    }
    if store.len() < arguments.count {
        return Err(format!("{} of {} pods are there", store.len(), arguments.count).into());
    }
    tell("sync");
    let mut seen = 0;
    while seen < arguments.count {
        let change = changes.try_next().await?.ok_or("the stream has ended")?;
        seen += usize::from(matches!(change, Change::Applied(_)));
        writer.apply(change);
    }
    tell("changes");
    Ok(())
}
