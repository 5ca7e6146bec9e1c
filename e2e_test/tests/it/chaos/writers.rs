//! Four tasks that create, change and delete objects, each its own, for as long as they may.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use kubernetes_sdk::Client;
use kubernetes_sdk::api::core::v1 as core_v1;
use kubernetes_sdk::core::Patch;
use kubernetes_sdk::models::core::v1::ConfigMap;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::cluster::LIMIT;

const WRITERS: usize = 4;
const OBJECTS: usize = 2_000;

pub(crate) struct Writers {
    shared: Arc<Shared>,
    tasks: Vec<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    created: AtomicUsize,
    changes: AtomicUsize,
    stopped: AtomicBool,
}

impl Writers {
    pub(crate) fn start(client: &Client, namespace: &str) -> Self {
        let shared = Arc::<Shared>::default();
        let writer = |index| {
            let (client, namespace, shared) = (client.clone(), namespace.to_owned(), Arc::clone(&shared));
            tokio::spawn(async move {
                for number in (index..OBJECTS).step_by(WRITERS) {
                    create(&client, &namespace, number).await;
                    shared.created.fetch_add(1, Ordering::Relaxed);
                }
                for turn in 0.. {
                    // A prime, so that all objects have their turn, and neighbours at different times.
                    let number = index + WRITERS * (turn * 7_919 % (OBJECTS / WRITERS));
                    if shared.stopped.load(Ordering::Relaxed) {
                        return;
                    }
                    change(&client, &namespace, number, turn).await;
                    shared.changes.fetch_add(1, Ordering::Relaxed);
                }
            })
        };
        let tasks = (0..WRITERS).map(writer).collect();
        Self { shared, tasks }
    }

    pub(crate) async fn created_all(&self) {
        let all = async {
            while self.shared.created.load(Ordering::Relaxed) < OBJECTS {
                sleep(Duration::from_millis(50)).await;
            }
        };
        timeout(LIMIT, all).await.expect("the objects are created");
    }

    /// Ends them; how many changes they have tried.
    pub(crate) async fn stop(self) -> usize {
        self.shared.stopped.store(true, Ordering::Relaxed);
        for task in self.tasks {
            task.await.expect("a writer does not fail");
        }
        self.shared.changes.load(Ordering::Relaxed)
    }
}

fn name(number: usize) -> String {
    format!("object-{number}")
}

async fn create(client: &Client, namespace: &str, number: usize) {
    let mut object = ConfigMap::named(name(number)).with_data([("value", "new")]);
    object.metadata.labels.insert("chaos", "yes");
    let created = core_v1::create_namespaced_config_map(namespace, &object).send(client).await;
    pause_after(created.is_err()).await;
}

/// The outcome of a single change does not matter: the server may be away, and the object may not be there.
async fn change(client: &Client, namespace: &str, number: usize, turn: usize) {
    let name = name(number);
    if turn % 10 == 9 {
        let deleted = core_v1::delete_namespaced_config_map(namespace, &name).send(client).await;
        pause_after(deleted.is_err()).await;
        if turn % 20 == 19 {
            create(client, namespace, number).await;
        }
        return;
    }
    let patch = Patch::merge(&serde_json::json!({"data": {"value": turn.to_string()}}));
    let patched = core_v1::patch_namespaced_config_map(namespace, &name, &patch).send(client).await;
    if let Err(error) = patched {
        if error.is_not_found() {
            return create(client, namespace, number).await;
        }
        pause_after(true).await;
    }
}

async fn pause_after(failed: bool) {
    sleep(Duration::from_millis(if failed { 200 } else { 2 })).await;
}
