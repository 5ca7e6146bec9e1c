//! A type with a mistake is used all over a program; the mistake is reported, and its uses are not.

use kubernetes_core::schema::{CustomResource as _, Schema as _};
use kubernetes_core::{ClusterResource, DeleteRequest, ListRequest, NamespacedResource, Object, ObjectMeta, json};
use kubernetes_derive::{CustomResource, Schema};

#[derive(Clone, Debug, PartialEq, CustomResource)]
#[kubernetes(crate = kubernetes_core, group = "example.com", version = "v1", namespaced)]
struct Lantern {
    metadata: ObjectMeta,
    spec: LanternSpec,
    status: Option<LanternStatus>,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core)]
struct LanternSpec {
    #[kubernetes(minimun = 3)]
    bulbs: i32,
    colors: Vec<Color>,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core)]
enum Color {
    Red,
    Other(String),
}

#[derive(Clone, Debug, Default, PartialEq, Schema)]
#[kubernetes(titel = "status", crate = kubernetes_core, has_default)]
struct LanternStatus {
    is_lit: bool,
}

#[derive(Clone, Debug, Default, PartialEq, CustomResource)]
#[kubernetes(crate = kubernetes_core, has_default, group = "example", cluster)]
struct Street {
    metadata: ObjectMeta,
}

#[derive(Clone, Debug, Default, PartialEq, CustomResource)]
#[kubernetes(crate = kubernetes_core, has_default, group = "example.com", version = "v1", namespaced)]
struct Bulb {
    spec: Option<Color>,
}

/// Checks of other types that look into those with a mistake.
#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core)]
struct Shelf {
    #[kubernetes(list_map_key = "bulbs")]
    lanterns: Vec<LanternSpec>,
    #[kubernetes(list_type = "set")]
    colors: Vec<Color>,
    #[kubernetes(min_properties = 1)]
    mixed: Color,
    #[kubernetes(min_items = 1)]
    list: Pair,
    #[kubernetes(flatten)]
    color: Color,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core)]
struct Pair(i32, i32);

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core, tag = "type")]
enum Light {
    Color(Color),
    Lantern(LanternSpec),
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core, untagged)]
enum Size {
    Number(i32),
    Pair(Pair),
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core, serde)]
struct Wrapped<T> {
    of: T,
}

#[derive(Clone, Debug, PartialEq, CustomResource)]
#[kubernetes(crate = kubernetes_core, group = "example.com", version = "v1", namespaced)]
struct Shop<T> {
    metadata: ObjectMeta,
    spec: T,
}

#[derive(Clone, Debug, PartialEq, CustomResource)]
#[kubernetes(crate = kubernetes_core, group = "example.com", version = "v1", namespaced)]
struct Borrowed<'a> {
    metadata: ObjectMeta,
    spec: &'a str,
}

fn delete<K: NamespacedResource>(name: &str) -> DeleteRequest<K> {
    DeleteRequest::namespaced("shop", name)
}

fn list<K: ClusterResource>() -> ListRequest<K> {
    ListRequest::cluster()
}

fn main() {
    let lantern: Lantern = json::from_str("{}").unwrap();
    let status = lantern.status.clone().unwrap_or_default();
    println!("{} {:?} {:?}", lantern.name(), status, LanternSpec::SCHEMA);
    println!("{:?}", (Lantern::definition(), delete::<Lantern>("red")));
    println!("{:?}", (Street::named("main").metadata().uid.clone(), Street::definition(), list::<Street>()));
    println!("{:?}", (delete::<Bulb>("a"), Bulb::definition(), json::to_string(&lantern)));
    let bulb = Bulb::named("a");
    println!("{} {:?} {}", bulb.name(), bulb.namespace(), bulb.uid());
    println!("{:?} {:?} {:?}", Shelf::SCHEMA, Light::SCHEMA, Size::SCHEMA);
    println!("{:?}", json::from_str::<Wrapped<i32>>("{}"));
    println!("{:?}", json::from_str::<Shop<i32>>("{}"));
}
