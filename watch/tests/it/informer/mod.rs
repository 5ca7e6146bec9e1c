//! Informers against an API server in memory, on a clock that is wound forward.

mod errors;
mod events;
mod faults;
mod health;
mod many;
mod shard_groups;
mod undecodable;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use kubernetes_client::Client;
use kubernetes_core::{CreateRequest, DeleteRequest, ListRequest, ObjectMeta, Patch, PatchRequest};
use kubernetes_testing::{CustomResource, TestServer};
use kubernetes_watch::{Store, StoreEvent, Watch};
use serde::{Deserialize, Serialize};

const SECOND: Duration = Duration::from_secs(1);

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Widget {
    #[serde(default)]
    metadata: ObjectMeta,
    #[serde(default)]
    size: u32,
}

kubernetes_core::resource!(Widget: "example.com" / "v1" / "Widget", "widgets", namespaced, watch, serde);

fn server() -> TestServer {
    TestServer::builder().resource(CustomResource::of::<Widget>()).namespace("shop").in_process()
}

fn widgets() -> ListRequest<Widget> {
    ListRequest::namespaced("default")
}

async fn create(client: &Client, name: &str) -> Widget {
    create_in(client, "default", Widget::named(name)).await
}

async fn create_in(client: &Client, namespace: &str, widget: Widget) -> Widget {
    CreateRequest::namespaced(namespace, &widget).send(client).await.expect("a widget that is created")
}

async fn resize(client: &Client, name: &str, size: u32) -> Widget {
    let patch = Patch::merge(&serde_json::json!({"size": size}));
    PatchRequest::<Widget>::namespaced("default", name, &patch).send(client).await.expect("a widget that is changed")
}

async fn delete(client: &Client, name: &str) {
    DeleteRequest::<Widget>::namespaced("default", name).send(client).await.expect("a widget that is deleted");
}

/// A watch whose connections end every 5 seconds, so that faults come to act.
fn brief(client: &Client) -> Watch {
    Watch::new(client).timeout_seconds(5)
}

/// Waits until the store has exactly these objects, as `name=size`.
async fn has(store: &Store<Widget>, expected: &[&str]) {
    let shown = || store.list().iter().map(|widget| format!("{}={}", widget.name(), widget.size)).collect::<Vec<_>>();
    for _ in 0..600 {
        if shown() == expected {
            return;
        }
        tokio::time::sleep(SECOND / 2).await;
    }
    assert_eq!(shown(), expected);
}

/// What a handler was told: `+a=0`, `~a=0>1`, `-a=1`, `?a=1` for a deletion that was not observed.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn handler(&self) -> impl FnMut(StoreEvent<Widget>) + Send + 'static {
        let log = self.clone();
        move |event| {
            let shown = |widget: &Widget| format!("{}={}", widget.name(), widget.size);
            let text = match &event {
                StoreEvent::Added(widget) => format!("+{}", shown(widget)),
                StoreEvent::Updated { old, new } => format!("~{}>{}", shown(old), new.size),
                StoreEvent::Deleted { object, observed: true } => format!("-{}", shown(object)),
                StoreEvent::Deleted { object, observed: false } => format!("?{}", shown(object)),
            };
            log.0.lock().unwrap().push(text);
        }
    }

    /// The events since the last call.
    async fn take(&self) -> Vec<String> {
        tokio::time::sleep(SECOND / 10).await;
        std::mem::take(&mut self.0.lock().unwrap())
    }
}
