//! Structs.

use std::collections::{BTreeMap, BTreeSet};

use kubernetes_core::{Duration, IntOrText, Json, Map, Nullable, Quantity, Rest, Str, Time, json};
use kubernetes_derive::Schema;
use serde_json::json;

use crate::{error, round_trip, schema};

/// Documents are ignored here.
///
/// A second paragraph.
#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core, rename_all = "camelCase")]
struct Part {
    /// The name.
    name: String,
    port_number: u16,
    share: Option<f64>,
    labels: Option<Map<Str>>,
    ages: Option<BTreeMap<String, i64>>,
    tags: Option<BTreeSet<String>>,
    note: Nullable<Str>,
    #[kubernetes(default)]
    lines: Vec<Str>,
    #[kubernetes(rename = "type")]
    kind: Option<Box<Inner>>,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core)]
struct Inner {
    size: Quantity,
    since: Option<Time>,
    every: Option<Duration>,
    either: Option<IntOrText>,
    any: Option<Json>,
}

#[test]
fn fields_have_their_form_and_schema() {
    let part: Part = round_trip(
        r#"{"name":"lid","portNumber":80,"share":0.5,"labels":{"a":"b"},"ages":{"x":3},"tags":["a","b"],"note":null,
            "lines":["x"],"type":{"size":"1Gi","since":"2026-01-02T03:04:05Z","every":"1m0s","either":"50%","any":[1]}}"#,
    );
    assert_eq!((part.port_number, part.note.is_null()), (80, true));
    let least: Part = round_trip(r#"{"name":"","portNumber":0}"#);
    assert_eq!((least.lines.len(), least.note), (0, Nullable::Absent));
    assert_eq!(
        schema::<Part>(),
        json!({
            "type": "object",
            "description": "Documents are ignored here.\n\nA second paragraph.",
            "required": ["name", "portNumber"],
            "properties": {
                "name": {"type": "string", "description": "The name."},
                "portNumber": {"type": "integer", "format": "int32", "minimum": 0, "maximum": 65535},
                "share": {"type": "number", "format": "double"},
                "labels": {"type": "object", "additionalProperties": {"type": "string"}},
                "ages": {"type": "object", "additionalProperties": {"type": "integer", "format": "int64"}},
                "tags": {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set"},
                "note": {"type": "string", "nullable": true},
                "lines": {"type": "array", "items": {"type": "string"}},
                "type": {
                    "type": "object",
                    "required": ["size"],
                    "properties": {
                        "size": schema::<Quantity>(),
                        "since": {"type": "string", "format": "date-time"},
                        "every": {"type": "string", "format": "duration"},
                        "either": {"x-kubernetes-int-or-string": true, "anyOf": [{"type": "integer"}, {"type": "string"}]},
                        "any": {"x-kubernetes-preserve-unknown-fields": true},
                    },
                },
            },
        })
    );
}

#[test]
fn errors_name_the_field() {
    assert_eq!(error::<Part>(r#"{"portNumber":80}"#), "the required field `name` is missing at byte 17");
    assert_eq!(error::<Part>(r#"{"name":null,"portNumber":80}"#), "the required field `name` is missing at byte 29");
    assert_eq!(
        error::<Part>(r#"{"name":"a","portNumber":80000}"#),
        "portNumber: 80000 does not fit an unsigned 16-bit integer at byte 30"
    );
    assert_eq!(
        error::<Part>(r#"{"name":"a","portNumber":1,"type":{"size":"1","every":"1d"}}"#),
        "type.every: \"1d\" is not a duration such as 1h30m or 250ms at byte 58"
    );
}

fn seven() -> i32 {
    7
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core)]
struct Defaults {
    #[kubernetes(default = 3)]
    replicas: i32,
    #[kubernetes(default = "RollingUpdate")]
    strategy: Str,
    #[kubernetes(default = ["a", "b"])]
    names: Vec<Str>,
    #[kubernetes(default = {"cpu": "1"})]
    limits: Map<Quantity>,
    #[kubernetes(default = true)]
    enabled: Option<bool>,
    #[kubernetes(default = "x")]
    note: Nullable<Str>,
    #[serde(default = "seven")]
    seven: i32,
    #[serde(default)]
    zero: i32,
    #[serde(skip)]
    internal: u8,
}

#[test]
fn default_values_are_read_and_in_the_schema() {
    let read: Defaults = json::from_str("{}").unwrap();
    let expected = Defaults {
        replicas: 3,
        strategy: "RollingUpdate".into(),
        names: vec!["a".into(), "b".into()],
        limits: [("cpu", Quantity::from("1"))].into(),
        enabled: Some(true),
        note: Nullable::Value("x".into()),
        seven: 7,
        zero: 0,
        internal: 0,
    };
    assert_eq!(read, expected);
    round_trip::<Defaults>(
        r#"{"replicas":0,"strategy":"","names":[],"limits":{},"enabled":false,"note":"x","seven":0,"zero":0}"#,
    );
    let properties = schema::<Defaults>();
    assert_eq!(properties["properties"]["replicas"]["default"], 3);
    assert_eq!(properties["properties"]["names"]["default"], json!(["a", "b"]));
    assert_eq!(properties["properties"]["limits"]["default"], json!({"cpu": "1"}));
    assert_eq!(properties["properties"]["note"], json!({"type": "string", "nullable": true, "default": "x"}));
    assert_eq!(properties["properties"]["seven"], json!({"type": "integer", "format": "int32"}));
    assert_eq!((&properties["required"], &properties["properties"]["internal"]), (&json!(null), &json!(null)));
}

#[derive(Clone, Debug, Default, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core, has_default)]
struct WithDefault {
    name: String,
    inner: Option<Box<WithoutFields>>,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core, default)]
struct FromDefault {
    name: String,
    size: i32,
}

impl Default for FromDefault {
    fn default() -> Self {
        Self { name: "it".into(), size: 4 }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core, has_default)]
struct WithoutFields {}

#[test]
fn a_type_may_have_a_default_value() {
    round_trip::<WithDefault>(r#"{"name":"a","inner":{}}"#);
    assert_eq!(error::<WithDefault>("{}"), "the required field `name` is missing at byte 2");
    assert_eq!(json::from_str::<WithDefault>("null").unwrap(), WithDefault::default());
    assert_eq!(
        json::from_str::<FromDefault>(r#"{"size":1}"#).unwrap(),
        FromDefault { size: 1, ..FromDefault::default() }
    );
    assert_eq!(schema::<FromDefault>()["required"], json!(null));
    assert_eq!(schema::<WithoutFields>(), json!({"type": "object"}));
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core)]
struct Page<T> {
    items: Vec<T>,
    next: Option<T>,
}

/// A port of the host.
#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core, minimum = 1024)]
struct HostPort(u16);

#[test]
fn generic_types_and_new_types() {
    let page: Page<HostPort> = round_trip(r#"{"items":[8080],"next":9090}"#);
    assert_eq!(page.items[0], HostPort(8080));
    let port = json!({"type": "integer", "format": "int32", "minimum": 1024, "maximum": 65535, "description": "A port of the host."});
    assert_eq!(schema::<HostPort>(), port);
    assert_eq!(
        schema::<Page<HostPort>>(),
        json!({"type": "object", "required": ["items"], "properties": {"items": {"type": "array", "items": port}, "next": port}})
    );
    assert_eq!(schema::<Page<Page<bool>>>()["properties"]["next"]["properties"]["next"], json!({"type": "boolean"}));
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core)]
struct Flat {
    own: i32,
    #[serde(flatten)]
    common: Common,
    #[serde(flatten)]
    extra: Option<Extra>,
    #[serde(flatten)]
    rest: Rest,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core)]
struct Common {
    name: String,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core)]
struct Extra {
    color: String,
    shade: Option<String>,
}

#[test]
fn flattened_types_and_the_rest() {
    let flat: Flat = round_trip(r#"{"own":1,"name":"a","unknown":[1,{"x":null}]}"#);
    assert_eq!((flat.extra, flat.rest.len()), (None, 1));
    let flat: Flat = round_trip(r#"{"own":1,"name":"a","color":"red","unknown":2}"#);
    assert_eq!((flat.extra.unwrap().color, flat.rest.len()), ("red".to_owned(), 1));
    assert_eq!(error::<Flat>(r#"{"own":1}"#), "the required field `name` is missing at byte 2");
    assert_eq!(
        schema::<Flat>(),
        json!({
            "type": "object",
            "required": ["name", "own"],
            "x-kubernetes-preserve-unknown-fields": true,
            "properties": {
                "own": {"type": "integer", "format": "int32"},
                "name": {"type": "string"},
                "color": {"type": "string"},
                "shade": {"type": "string"},
            },
            "anyOf": [{"required": ["color"]}, {"not": {"anyOf": [{"required": ["color"]}, {"required": ["shade"]}]}}],
        })
    );
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core)]
struct Tree {
    name: Str,
    #[kubernetes(schema = Json)]
    children: Option<Vec<Tree>>,
}

#[test]
fn a_recursive_type_keeps_any_value_within() {
    let tree: Tree = round_trip(r#"{"name":"a","children":[{"name":"b"}]}"#);
    assert_eq!(tree.children.unwrap()[0].name, "b");
    assert_eq!(schema::<Tree>()["properties"]["children"], json!({"x-kubernetes-preserve-unknown-fields": true}));
}
