//! Two thousand objects, changed by four writers while everything breaks that watches depend on.
//!
//! It takes a minute; `CHAOS_MINUTES` gives it more, which is how memory is seen to stay flat.

#![allow(clippy::print_stdout, reason = "the figures of the run")]

mod proxy;
mod told;
mod writers;

use std::env;
use std::time::{Duration, Instant};

use kubernetes_sdk::Client;
use kubernetes_sdk::api::core::v1 as core_v1;
use kubernetes_sdk::core::ListRequest;
use kubernetes_sdk::models::core::v1::ConfigMap;
use kubernetes_sdk::watch::{Informer, Watch};
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use crate::cluster::{self, RestoreApiServer, test_cluster};
use proxy::Proxy;
use told::{Contents, Told, contents};
use writers::Writers;

/// The most that a watch may need to notice a silent connection, and to come back.
const RECOVERY: Duration = Duration::from_secs(150);

#[tokio::test(flavor = "multi_thread")]
async fn watches_lose_and_invent_nothing() {
    let minutes: u64 =
        env::var("CHAOS_MINUTES").map_or(1, |minutes| minutes.parse().expect("CHAOS_MINUTES is a number"));
    let (writer, namespace) = cluster::namespace("chaos").await;
    let request = || core_v1::list_namespaced_config_map(&namespace).label_selector("chaos=yes");
    let writers = Writers::start(&writer, &namespace);
    writers.created_all().await;

    let proxy = Proxy::start("admin").await;
    let client = Client::new(proxy.config()).expect("a client that goes through the proxy");
    let watch = Watch::new(&client).idle_timeout(Duration::from_secs(10));
    let informer = Informer::builder(&client, request()).watch(&watch).start();
    let told = Told::default();
    let _handler = informer.on_event(told.handler());
    let followed = told::follow(watch, request());

    let _restore = RestoreApiServer;
    let mut memory = Vec::new();
    for minute in 0..minutes {
        break_everything(minute, &proxy, &mut memory).await;
    }
    let changes = writers.stop().await;
    let start = Instant::now();
    let expected = listed(&writer, request()).await;
    let store = informer.store();
    let in_store = || contents(store.list().iter().map(|object| &**object));
    while [in_store(), told.contents(), followed.contents()] != [&expected; 3].map(Clone::clone) {
        let found = [in_store(), told.contents(), followed.contents()].map(|found| told::difference(&found, &expected));
        assert!(start.elapsed() < RECOVERY, "store, handler, stream: {found:#?}; {:?}", informer.error());
        sleep(Duration::from_millis(100)).await;
    }
    println!(
        "{} objects, {changes} changes, {} events told, {} connections cut; recovered within {:.1?}; MiB: {memory:?}",
        expected.len(),
        told.check(),
        proxy.cuts(),
        start.elapsed()
    );
    let (early, late) = memory.split_at(memory.len() / 2);
    let most = |memory: &[u64]| memory.iter().max().copied().unwrap_or_default();
    assert!(most(late) <= most(early) + most(early) / 4 + 8, "the memory grows: {memory:?} MiB");
}

/// A minute of it: cuts every few seconds, two compactions and a restart.
async fn break_everything(minute: u64, proxy: &Proxy, memory: &mut Vec<u64>) {
    for second in 0..60_u64 {
        let deadline = Instant::now() + Duration::from_secs(1);
        match second {
            8 | 44 => spawn_blocking(|| test_cluster(&["compact"])).await.expect("a compaction"),
            20 if minute.is_multiple_of(5) => {
                spawn_blocking(cluster::kill_apiserver).await.expect("an end");
                spawn_blocking(|| test_cluster(&["start-apiserver"])).await.expect("a start");
            }
            _ if second % 12 == 6 => proxy.silence(),
            _ if second % 4 == 1 => proxy.cut(),
            _ => {}
        }
        if second % 5 == 0 {
            memory.push(resident_mebibytes());
        }
        tokio::time::sleep_until(deadline.into()).await;
    }
}

async fn listed(client: &Client, request: ListRequest<ConfigMap>) -> Contents {
    contents(&request.send(client).await.expect("the objects that there are").items)
}

fn resident_mebibytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux has it");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a line on memory");
    let kibibytes = line.split_whitespace().next().and_then(|kibibytes| kibibytes.parse::<u64>().ok());
    kibibytes.expect("a number") / 1024
}
