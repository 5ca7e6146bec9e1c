use kubernetes_core::{ObjectMeta, Watchable, resource};

#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
struct Widget {
    metadata: ObjectMeta,
}
resource!(Widget: "example.com" / "v1" / "Widget", "widgets", namespaced, serde);

fn watch<K: Watchable>() {}

fn main() {
    watch::<Widget>();
}
