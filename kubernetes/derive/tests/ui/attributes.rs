use kubernetes_core::{Json, Map, ObjectMeta};
use kubernetes_derive::{CustomResource, Schema};

#[derive(Schema)]
#[kubernetes(crate = kubernetes_core)]
struct Typo {
    #[kubernetes(minimun = 3)]
    size: i32,
}

#[derive(Schema)]
#[kubernetes(crate = kubernetes_core, plural = "typos")]
struct NotAResource {
    size: i32,
}

#[derive(Schema)]
#[kubernetes(crate = kubernetes_core)]
struct Names {
    snake_case: i32,
}

#[derive(Schema)]
#[kubernetes(crate = kubernetes_core)]
struct Recursive {
    children: Vec<Recursive>,
}

#[derive(Schema)]
#[kubernetes(crate = kubernetes_core)]
struct Pair(i32, i32);

#[derive(Schema)]
#[kubernetes(crate = kubernetes_core)]
union Union {
    size: i32,
}

#[derive(Schema)]
#[kubernetes(crate = kubernetes_core)]
enum Mixed {
    Number(i32),
    Nothing,
}

#[derive(Schema)]
#[kubernetes(crate = kubernetes_core)]
#[serde(tag = "type", content = "value")]
enum Adjacent {
    Number(i32),
    Text(String),
}

#[derive(Schema)]
#[kubernetes(crate = kubernetes_core)]
struct ByCode {
    #[serde(with = "hex")]
    bytes: Vec<u8>,
}

#[derive(Schema)]
#[kubernetes(crate = kubernetes_core)]
struct Rules {
    #[kubernetes(rule("self\n> 0"))]
    size: i32,
}

#[derive(Schema)]
#[kubernetes(crate = kubernetes_core)]
struct Reasons {
    #[kubernetes(rule("self > 0", reason = "Wrong"))]
    size: i32,
}

#[derive(Schema)]
#[kubernetes(crate = kubernetes_core)]
struct NullDefault {
    #[kubernetes(default = null)]
    any: Json,
}

#[derive(Schema)]
#[kubernetes(crate = kubernetes_core)]
struct RequiredOption {
    #[kubernetes(required)]
    size: Option<i32>,
}

#[derive(CustomResource)]
#[kubernetes(crate = kubernetes_core, group = "example.com", version = "v1")]
struct NoScope {
    metadata: ObjectMeta,
}

#[derive(CustomResource)]
#[kubernetes(crate = kubernetes_core, version = "v1", cluster)]
struct NoGroup {
    metadata: ObjectMeta,
}

#[derive(CustomResource)]
#[kubernetes(crate = kubernetes_core, group = "example.com", version = "V1", cluster)]
struct WrongVersion {
    metadata: ObjectMeta,
}

#[derive(CustomResource)]
#[kubernetes(crate = kubernetes_core, group = "example.com", version = "v1", cluster)]
struct NoMetadata {
    spec: Map<Json>,
}

#[derive(CustomResource)]
#[kubernetes(crate = kubernetes_core, group = "example.com", version = "v1", cluster)]
struct Reserved {
    metadata: ObjectMeta,
    kind: String,
}

#[derive(CustomResource)]
#[kubernetes(crate = kubernetes_core, group = "example.com", version = "v1", cluster)]
enum Enum {
    Metadata,
}

#[derive(CustomResource)]
#[kubernetes(crate = kubernetes_core, group = "example.com", version = "v1", cluster, column(name = "A", type = "text", json_path = ".a"))]
struct Columns {
    metadata: ObjectMeta,
}

fn main() {}
