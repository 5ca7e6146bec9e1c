//! Requests to a server of its own process.

use std::future::Future;
use std::path::Path;

use bench_measure::counted_region;
use kubernetes_api::core::v1 as core_v1;
use kubernetes_client::Client;
use kubernetes_config::{Config, Kubeconfig};
use kubernetes_models::core::v1::ConfigMap;

use crate::{Failure, Result};

/// Enough for a client to count as busy, and for every buffer to have its size.
const WARM_UP: usize = 300;

const COUNTED: usize = 300;

/// Reads as a busy client makes them, in turn.
pub(crate) fn read(kubeconfig: &Path) -> Result<usize> {
    in_turn(kubeconfig, WARM_UP, COUNTED, read_one)
}

/// The first reads of a client, which go by HTTP/2.
pub(crate) fn read_over_http2(kubeconfig: &Path) -> Result<usize> {
    in_turn(kubeconfig, 8, 16, read_one)
}

/// Creates as a busy client makes them, in turn.
pub(crate) fn create(kubeconfig: &Path) -> Result<usize> {
    in_turn(kubeconfig, WARM_UP, COUNTED, create_one)
}

fn in_turn<F: Future<Output = Result<()>>>(
    kubeconfig: &Path,
    warm_up: usize,
    counted: usize,
    one: impl Fn(Client) -> F,
) -> Result<usize> {
    let client = Client::new(Config::from_kubeconfig(&Kubeconfig::read(kubeconfig)?, None)?)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let repeat = |times| {
        runtime.block_on(async {
            for _ in 0..times {
                one(client.clone()).await?;
            }
            Ok::<_, Failure>(())
        })
    };
    repeat(warm_up)?;
    counted_region(|| repeat(counted))?;
    Ok(counted)
}

async fn read_one(client: Client) -> Result<()> {
    let map = core_v1::read_namespaced_config_map("default", "settings").send(&client).await?;
    if map.data.is_empty() { Err("the object has no data".into()) } else { Ok(()) }
}

async fn create_one(client: Client) -> Result<()> {
    let map = ConfigMap::named("settings").with_data([("color", "blue"), ("mode", "fast")]);
    core_v1::create_namespaced_config_map("default", &map).send(&client).await?;
    Ok(())
}
