//! A resource with every attribute that a schema knows, and one with two versions.

use std::collections::{BTreeMap, BTreeSet};

use kubernetes_sdk::core::meta::v1::{Condition, LabelSelector};
use kubernetes_sdk::core::{
    ByteString, Duration, IntOrString, IntOrText, Json, Map, Nullable, ObjectMeta, Quantity, RawExtension, Rest, Str,
    Time,
};
use kubernetes_sdk::models::core::v1::{PodSpec, PodTemplateSpec};
use kubernetes_sdk::{CustomResource, Schema};

/// A resource that probes the server's handling of attributes.
#[derive(Clone, Debug, PartialEq, CustomResource)]
#[kubernetes(
    group = "derived.example.com",
    version = "v1",
    namespaced,
    short_name = "prb",
    category = "derived",
    scale(
        spec_replicas_path = ".spec.replicas",
        status_replicas_path = ".status.replicas",
        label_selector_path = ".status.selector"
    ),
    column(name = "Replicas", type = "integer", json_path = ".spec.replicas"),
    column(name = "Color", type = "string", json_path = ".spec.color", priority = 1),
    column(name = "Age", type = "date", json_path = ".metadata.creationTimestamp"),
    selectable_field(".spec.color", ".spec.replicas"),
    annotation("derived.example.com/note", "kept"),
    label("made", "by-derive"),
    rule("self.metadata.name.startsWith('p')", message = "the name starts with p")
)]
pub(super) struct Probe {
    #[kubernetes(max_length = 20)]
    pub(super) metadata: ObjectMeta,
    pub(super) spec: Spec,
    pub(super) status: Option<Status>,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(rename_all = "camelCase")]
pub(super) struct Status {
    pub(super) replicas: i32,
    pub(super) selector: Option<Str>,
    #[kubernetes(list_map_key = "type")]
    pub(super) conditions: Option<Vec<Condition>>,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(
    rename_all = "camelCase",
    rule(
        "!has(self.least) || !has(self.most) || self.least <= self.most",
        message = "least is at most most",
        reason = "FieldValueForbidden",
        field_path = ".least"
    ),
    rule("self.replicas < 100", message_expression = "self.replicas > 1000 ? 'far too many' : 'too many replicas'")
)]
pub(super) struct Spec {
    #[kubernetes(default = 1, minimum = 0)]
    pub(super) replicas: i32,
    #[kubernetes(default = "red", enum("red", "green"))]
    pub(super) color: Str,
    pub(super) least: Option<i64>,
    pub(super) most: Option<i64>,
    #[kubernetes(flatten)]
    pub(super) numbers: Numbers,
    pub(super) texts: Option<Texts>,
    pub(super) lists: Option<Lists>,
    pub(super) maps: Option<Maps>,
    pub(super) defaults: Option<Defaults>,
    pub(super) enums: Option<Enums>,
    pub(super) open: Option<Open>,
    pub(super) models: Option<Models>,
    #[kubernetes(immutable)]
    pub(super) fixed: Option<Str>,
    #[kubernetes(rule("!oldSelf.hasValue() || self >= oldSelf.value()", optional_old_self, message = "grows only"))]
    pub(super) growing: Option<i32>,
}

#[derive(Clone, Debug, PartialEq, Schema)]
pub(super) struct Numbers {
    pub(super) byte: Option<u8>,
    pub(super) short: Option<i16>,
    pub(super) port: Option<u16>,
    pub(super) count: Option<u32>,
    pub(super) large: Option<u64>,
    pub(super) ratio: Option<f64>,
    #[kubernetes(exclusive_minimum = 0, exclusive_maximum = 1)]
    pub(super) share: Option<f32>,
    #[kubernetes(multiple_of = 5, maximum = 50)]
    pub(super) fives: Option<i32>,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(rename_all = "camelCase", exactly_one_of("word", "other"))]
pub(super) struct Texts {
    #[kubernetes(min_length = 2, max_length = 4, pattern = "^[a-z]+$", title = "Word", example = "abc")]
    pub(super) word: Option<String>,
    pub(super) other: Option<Str>,
    pub(super) bytes: Option<ByteString>,
    pub(super) at: Option<Time>,
    pub(super) every: Option<Duration>,
    #[kubernetes(format = "ipv4")]
    pub(super) address: Option<Str>,
    pub(super) name: Option<Name>,
}

/// A name.
#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(max_length = 3)]
pub(super) struct Name(String);

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(rename_all = "camelCase", at_most_one_of("set", "bools"))]
pub(super) struct Lists {
    #[kubernetes(min_items = 1, max_items = 2, items(min_length = 2))]
    pub(super) words: Option<Vec<String>>,
    #[kubernetes(max_items = 3)]
    pub(super) set: Option<BTreeSet<i64>>,
    #[kubernetes(list_map_keys("name", "protocol"))]
    pub(super) ports: Option<Vec<Port>>,
    #[kubernetes(list_type = "atomic")]
    pub(super) atomic: Option<Vec<Port>>,
    pub(super) bools: Option<Vec<bool>>,
    pub(super) page: Option<Page<Port>>,
}

#[derive(Clone, Debug, PartialEq, Schema)]
pub(super) struct Page<T> {
    pub(super) items: Vec<T>,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(map_type = "atomic")]
pub(super) struct Port {
    pub(super) name: String,
    #[kubernetes(default = "TCP")]
    pub(super) protocol: Str,
    pub(super) port: Option<IntOrString>,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(rename_all = "camelCase", at_least_one_of("labels", "nested", "limits"))]
pub(super) struct Maps {
    #[kubernetes(max_properties = 1, items(max_length = 3))]
    pub(super) labels: Option<Map<Str>>,
    #[kubernetes(map_type = "granular")]
    pub(super) nested: Option<BTreeMap<String, Map<i32>>>,
    pub(super) limits: Option<Map<Quantity>>,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(rename_all = "camelCase")]
pub(super) struct Defaults {
    #[kubernetes(default = 3)]
    pub(super) number: i32,
    #[kubernetes(default = 0.5)]
    pub(super) ratio: f64,
    #[kubernetes(default = true)]
    pub(super) flag: bool,
    #[kubernetes(default = ["a"])]
    pub(super) list: Vec<Str>,
    #[kubernetes(default = {"a": "b"})]
    pub(super) map: Map<Str>,
    #[kubernetes(default = {"name": "web"})]
    pub(super) port: Port,
    #[kubernetes(default = "x")]
    pub(super) nothing: Nullable<Str>,
    #[kubernetes(default = "10%")]
    pub(super) either: IntOrText,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(rename_all = "camelCase")]
pub(super) struct Enums {
    pub(super) text: Option<Text>,
    pub(super) external: Option<External>,
    pub(super) internal: Option<Internal>,
    pub(super) either: Option<Either>,
    pub(super) objects: Option<Objects>,
    pub(super) flat: Option<Flat>,
}

#[derive(Clone, Copy, Debug, PartialEq, Schema)]
pub(super) enum Text {
    Always,
    Never,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(rename_all = "camelCase")]
pub(super) enum External {
    HttpGet(Port),
    Exec { command: Vec<String> },
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(tag = "type", rename_all_fields = "camelCase")]
pub(super) enum Internal {
    Recreate,
    Rolling {
        #[kubernetes(default = 1)]
        max_surge: i32,
    },
    Named(Named),
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(rule("self.name != 'root'", message = "not root"))]
pub(super) struct Named {
    #[kubernetes(max_length = 10)]
    pub(super) name: String,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(untagged)]
pub(super) enum Either {
    Number(i64),
    Text(String),
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(untagged)]
pub(super) enum Objects {
    ByName { name: String },
    ByNumber { number: i32 },
}

#[derive(Clone, Debug, PartialEq, Schema)]
pub(super) struct Flat {
    pub(super) path: String,
    #[kubernetes(flatten)]
    pub(super) source: External,
    #[kubernetes(flatten)]
    pub(super) strategy: Option<Internal>,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(rename_all = "camelCase")]
pub(super) struct Open {
    pub(super) known: Option<i32>,
    pub(super) any: Option<Json>,
    pub(super) raw: Option<RawExtension>,
    #[kubernetes(embedded_resource)]
    pub(super) object: Option<RawExtension>,
    pub(super) null: Nullable<i32>,
    #[kubernetes(nullable, min_length = 1)]
    pub(super) text: Option<String>,
    pub(super) port: Option<Extended>,
    #[kubernetes(flatten)]
    pub(super) rest: Rest,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(preserve_unknown_fields)]
pub(super) struct Extended {
    #[kubernetes(flatten)]
    pub(super) port: Port,
    #[kubernetes(flatten)]
    pub(super) rest: Rest,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(rename_all = "camelCase")]
pub(super) struct Models {
    pub(super) pod: Option<PodSpec>,
    pub(super) template: Option<Box<PodTemplateSpec>>,
    pub(super) selector: Option<LabelSelector>,
    pub(super) metadata: Option<ObjectMeta>,
}
