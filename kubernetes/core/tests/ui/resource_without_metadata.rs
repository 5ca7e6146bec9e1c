use kubernetes_core::resource;

#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
struct Widget {
    size: i64,
}
resource!(Widget: "example.com" / "v1" / "Widget", "widgets", namespaced, serde);

fn main() {}
