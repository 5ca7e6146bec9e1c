use kubernetes_core::{ListRequest, ObjectMeta, resource};

#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
struct Node {
    metadata: ObjectMeta,
}
resource!(Node: "" / "v1" / "Node", "nodes", cluster, watch, serde);

fn main() {
    let _ = ListRequest::<Node>::namespaced("shop");
}
