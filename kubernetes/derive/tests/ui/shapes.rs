use kubernetes_core::{Json, Map, Str};
use kubernetes_derive::Schema;

#[derive(Schema)]
#[kubernetes(crate = kubernetes_core)]
struct FlatMap {
    #[serde(flatten)]
    others: Map<Str>,
}

#[derive(Schema)]
#[kubernetes(crate = kubernetes_core)]
struct FlatText {
    #[serde(flatten)]
    text: String,
}

#[derive(Schema)]
#[kubernetes(crate = kubernetes_core)]
struct SetOfObjects {
    #[kubernetes(list_type = "set")]
    items: Vec<Item>,
}

#[derive(Schema)]
#[kubernetes(crate = kubernetes_core)]
struct NoKeys {
    #[kubernetes(list_type = "map")]
    items: Vec<Item>,
}

#[derive(Schema)]
#[kubernetes(crate = kubernetes_core)]
struct MissingKey {
    #[kubernetes(list_map_key = "id")]
    items: Vec<Item>,
}

#[derive(Schema)]
#[kubernetes(crate = kubernetes_core)]
struct OptionalKey {
    #[kubernetes(list_map_key = "name")]
    items: Vec<Item>,
}

#[derive(Schema)]
#[kubernetes(crate = kubernetes_core)]
struct Item {
    name: Option<String>,
}

#[derive(Schema)]
#[kubernetes(crate = kubernetes_core)]
struct WrongDefault {
    #[kubernetes(default = "three")]
    size: i32,
}

#[derive(Schema)]
#[kubernetes(crate = kubernetes_core)]
struct WrongKeyword {
    #[kubernetes(max_length = 3)]
    size: i32,
}

#[derive(Schema)]
#[kubernetes(crate = kubernetes_core)]
struct ListTypeOfText {
    #[kubernetes(list_type = "atomic")]
    name: String,
}

#[derive(Schema)]
#[kubernetes(crate = kubernetes_core, untagged)]
enum NumberOrObject {
    Number(i64),
    Object(Item),
}

#[derive(Schema)]
#[kubernetes(crate = kubernetes_core, tag = "type")]
enum TaggedNumber {
    Number(i64),
    Any(Json),
}

fn main() {}
