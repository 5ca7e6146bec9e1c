use kubernetes_client::Client;
use kubernetes_core::{ListRequest, ObjectMeta, resource};
use kubernetes_watch::Watch;
use serde::{Deserialize, Serialize};

#[derive(Clone, Default, Serialize, Deserialize)]
struct Metric {
    metadata: ObjectMeta,
}

resource!(Metric: "example.com" / "v1" / "Metric", "metrics", namespaced, serde);

fn watch(client: &Client) {
    let _ = Watch::new(client).stream(ListRequest::<Metric>::namespaced("shop"));
}

fn main() {}
