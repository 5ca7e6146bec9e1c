use kubernetes_client::Client;
use kubernetes_core::{ListRequest, ObjectMeta, resource};
use kubernetes_watch::{ObjectCondition, until};
use serde::{Deserialize, Serialize};

#[derive(Clone, Default, Serialize, Deserialize)]
struct Widget {
    metadata: ObjectMeta,
}

resource!(Widget: "example.com" / "v1" / "Widget", "widgets", namespaced, watch, serde);

async fn wait(client: &Client) {
    let _ = until(client, ListRequest::<Widget>::namespaced("shop")).is(ObjectCondition::exists()).await;
}

fn main() {}
