//! One client, a thousand watches, and ten thousand requests.

use std::time::{Duration, Instant};

use futures::{StreamExt, stream};
use kubernetes_sdk::Client;
use kubernetes_sdk::api::core::v1 as core_v1;
use kubernetes_sdk::config::{Config, Kubeconfig};
use kubernetes_sdk::models::core::v1::ConfigMap;

use crate::cluster;

const WATCHES: usize = 1000;
const REQUESTS: usize = 10_000;

/// How many sockets this process has open.
fn sockets() -> usize {
    let Ok(files) = std::fs::read_dir("/proc/self/fd") else { return 0 };
    files
        .flatten()
        .filter_map(|file| std::fs::read_link(file.path()).ok())
        .filter(|target| target.to_string_lossy().starts_with("socket:"))
        .count()
}

/// The memory of this process in KiB.
fn resident_kib() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_watches_and_ten_thousand_requests() {
    let (_, namespace) = cluster::namespace("many").await;
    let config = Config::from_kubeconfig(&Kubeconfig::from_env().unwrap(), Some("admin")).unwrap();
    let client = Client::new(config).unwrap();
    let listed = core_v1::list_namespaced_config_map(&namespace).send(&client).await.unwrap();
    let (sockets_before, memory_before, start) = (sockets(), resident_kib(), Instant::now());

    let opened = stream::iter(0..WATCHES).map(|_| {
        let watch = core_v1::list_namespaced_config_map(&namespace).since(&listed).into_watch();
        watch.timeout_seconds(600).open(&client)
    });
    let mut watches = Vec::new();
    let mut opened = opened.buffer_unordered(100);
    while let Some(watch) = opened.next().await {
        watches.push(watch.expect("every watch is opened"));
    }
    let (opening, connections) = (start.elapsed(), sockets() - sockets_before + 1);
    let memory = resident_kib().saturating_sub(memory_before);

    let start = Instant::now();
    let mut requests = stream::iter(0..REQUESTS)
        .map(|_| core_v1::read_namespaced_config_map(&namespace, "kube-root-ca.crt").send_opt(&client))
        .buffer_unordered(64);
    while let Some(result) = requests.next().await {
        result.expect("every request succeeds");
    }
    let requesting = start.elapsed();

    let start = Instant::now();
    let map = ConfigMap::named("seen").with_data([("by", "all")]);
    core_v1::create_namespaced_config_map(&namespace, &map).send(&client).await.unwrap();
    let all = watches.into_iter().map(|mut watch| async move {
        loop {
            let chunk = watch.next().await.expect("the watch goes on").expect("the watch does not fail");
            if chunk.windows(6).any(|text| text == br#""seen""#) {
                return;
            }
        }
    });
    tokio::time::timeout(cluster::LIMIT, futures::future::join_all(all)).await.expect("every watch sees it");
    let seeing = start.elapsed();

    eprintln!(
        "{WATCHES} watches on {connections} connections in {opening:?}, {} KiB each; {REQUESTS} requests, 64 at a \
         time, in {requesting:?}; a change seen by all after {seeing:?}",
        memory / WATCHES
    );
    assert!(connections <= 12, "{connections} connections of 100 streams each");
    assert!(requesting < Duration::from_secs(60), "{requesting:?}");
}
