use kubernetes_core::{ObjectMeta, ReadRequest, resource};

#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
struct Pod {
    metadata: ObjectMeta,
}
resource!(Pod: "" / "v1" / "Pod", "pods", namespaced, watch, serde);

fn main() {
    let _ = ReadRequest::<Pod>::namespaced("shop");
}
