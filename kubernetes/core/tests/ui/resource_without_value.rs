use kubernetes_core::{ObjectMeta, resource};

#[derive(Default)]
struct Widget {
    metadata: ObjectMeta,
}
resource!(Widget: "example.com" / "v1" / "Widget", "widgets", namespaced);

fn main() {}
