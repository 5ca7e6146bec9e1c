//! The objects of the controllers that are measured, and their changes.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use clap::{Parser, Subcommand};
use futures::{StreamExt, TryStreamExt, stream};
use kubernetes_sdk::config::Kubeconfig;
use kubernetes_sdk::core::{CreateRequest, Patch, PatchRequest};
use kubernetes_sdk::models::core::v1::ConfigMap;
use kubernetes_sdk::{Client, Config};
use tokio::time::{Instant, sleep_until};

/// How many requests are under way at a time.
const CONCURRENCY: usize = 64;

#[derive(Parser)]
struct Arguments {
    /// The server.
    kubeconfig: PathBuf,
    /// How many objects there are.
    objects: usize,
    #[command(subcommand)]
    job: Job,
}

#[derive(Subcommand)]
enum Job {
    /// Create the objects.
    Create,
    /// Change each object once.
    Change {
        /// How many in a second.
        rate: f64,
    },
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let Arguments { kubeconfig, objects, job } = Arguments::parse();
    let client = Client::new(Config::from_kubeconfig(&Kubeconfig::read(&kubeconfig)?, None)?)?;
    match job {
        Job::Create => {
            let creations = stream::iter(0..objects).map(|index| create(&client, index));
            creations.buffer_unordered(CONCURRENCY).try_collect::<()>().await?;
        }
        Job::Change { rate } => {
            let (start, client) = (Instant::now(), &client);
            let changes = stream::iter(0..objects).then(|index| async move {
                sleep_until(start + Duration::from_secs_f64(index as f64 / rate)).await;
                change(client, index)
            });
            changes.buffer_unordered(CONCURRENCY).try_collect::<()>().await?;
        }
    }
    Ok(())
}

async fn create(client: &Client, index: usize) -> Result<(), kubernetes_sdk::Error> {
    let mut map = ConfigMap::named(format!("bench-{index}"));
    map.metadata.labels = [("role", "primary")].into();
    match CreateRequest::namespaced("default", &map).send(client).await {
        Err(error) if !error.is_already_exists() => Err(error),
        _ => Ok(()),
    }
}

async fn change(client: &Client, index: usize) -> Result<(), kubernetes_sdk::Error> {
    let now = SystemTime::UNIX_EPOCH.elapsed().map_or(0, |time| time.as_nanos());
    let patch = Patch::merge(&serde_json::json!({"data": {"stamp": now.to_string()}}));
    PatchRequest::<ConfigMap>::namespaced("default", &format!("bench-{index}"), &patch).send(client).await.map(drop)
}
