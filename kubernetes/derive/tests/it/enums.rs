//! Enums of all kinds.

use kubernetes_core::{IntOrText, Map, Str};
use kubernetes_derive::Schema;
use serde_json::json;

use crate::{error, round_trip, schema};

#[derive(Clone, Copy, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core, rename_all = "camelCase", description = "A color.")]
enum Color {
    /// Like blood.
    Red,
    LightGreen,
    #[serde(rename = "BLUE")]
    Blue,
}

#[derive(Clone, Copy, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core)]
enum Open {
    Known,
    #[serde(other)]
    Unknown,
}

#[test]
fn texts() {
    assert_eq!(
        round_trip::<Vec<Color>>(r#"["red","lightGreen","BLUE"]"#),
        [Color::Red, Color::LightGreen, Color::Blue]
    );
    assert_eq!(error::<Color>(r#""green""#), "expected one of red, lightGreen, BLUE at byte 7");
    assert_eq!(
        schema::<Color>(),
        json!({"type": "string", "enum": ["red", "lightGreen", "BLUE"], "description": "A color."})
    );
    assert_eq!(kubernetes_core::json::from_str::<Open>(r#""New""#).unwrap(), Open::Unknown);
    assert_eq!(schema::<Open>()["enum"], json!(["Known"]));
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core, rename_all = "camelCase")]
enum Source {
    /// From a map.
    ConfigMap(Reference),
    Inline {
        text: String,
        lines: Option<i32>,
    },
    Nothing {},
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core)]
struct Reference {
    name: String,
}

#[test]
fn externally_tagged() {
    let source: Source = round_trip(r#"{"configMap":{"name":"a"}}"#);
    assert_eq!(source, Source::ConfigMap(Reference { name: "a".into() }));
    round_trip::<Source>(r#"{"inline":{"text":"a","lines":2}}"#);
    round_trip::<Source>(r#"{"nothing":{}}"#);
    assert_eq!(error::<Source>(r#"{"other":1}"#), "expected one of configMap, inline, nothing at byte 11");
    assert_eq!(
        error::<Source>(r#"{"nothing":{},"inline":{"text":""}}"#),
        "inline: more than one variant is set at byte 23"
    );
    assert_eq!(error::<Source>(r#"{"inline":{}}"#), "inline: the required field `text` is missing at byte 12");
    assert_eq!(
        schema::<Source>(),
        json!({
            "type": "object",
            "properties": {
                "configMap": {
                    "type": "object", "description": "From a map.",
                    "required": ["name"], "properties": {"name": {"type": "string"}},
                },
                "inline": {
                    "type": "object",
                    "required": ["text"],
                    "properties": {"text": {"type": "string"}, "lines": {"type": "integer", "format": "int32"}},
                },
                "nothing": {"type": "object"},
            },
            "oneOf": [{"required": ["configMap"]}, {"required": ["inline"]}, {"required": ["nothing"]}],
        })
    );
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core, tag = "type", rename_all_fields = "camelCase")]
enum Strategy {
    Recreate,
    Rolling {
        #[kubernetes(default = 2)]
        max_surge: i32,
    },
    #[kubernetes(rename = "Reference")]
    Other(Reference),
}

#[test]
fn internally_tagged() {
    assert_eq!(round_trip::<Strategy>(r#"{"type":"Recreate"}"#), Strategy::Recreate);
    assert_eq!(round_trip::<Strategy>(r#"{"maxSurge":3,"type":"Rolling"}"#), Strategy::Rolling { max_surge: 3 });
    round_trip::<Strategy>(r#"{"type":"Reference","name":"a"}"#);
    assert_eq!(error::<Strategy>(r#"{"type":"Reference"}"#), "the required field `name` is missing at byte 20");
    assert_eq!(error::<Strategy>(r#"{"name":"a"}"#), "the required field `type` is missing at byte 0");
    assert_eq!(error::<Strategy>(r#"{"type":"No"}"#), "type: expected one of Recreate, Rolling, Reference at byte 0");
    assert_eq!(
        schema::<Strategy>(),
        json!({
            "type": "object",
            "required": ["type"],
            "properties": {
                "type": {"type": "string", "enum": ["Recreate", "Rolling", "Reference"]},
                // Without its default value, which the server would set in other variants.
                "maxSurge": {"type": "integer", "format": "int32"},
                "name": {"type": "string"},
            },
            "oneOf": [
                {"properties": {"type": {"enum": ["Recreate"]}}, "required": ["type"]},
                {"properties": {"type": {"enum": ["Rolling"]}}, "required": ["type"]},
                {"properties": {"type": {"enum": ["Reference"]}}, "required": ["name", "type"]},
            ],
        })
    );
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core, untagged)]
enum Amount {
    Number(i64),
    Text(String),
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core, untagged)]
enum Selector {
    ByName { name: String },
    ByLabels { labels: Map<Str> },
}

#[test]
fn untagged() {
    assert_eq!(round_trip::<Vec<Amount>>(r#"[3,"3"]"#), [Amount::Number(3), Amount::Text("3".into())]);
    assert_eq!(error::<Amount>("true"), "expected one of Number, Text at byte 0");
    assert_eq!(schema::<Amount>(), schema::<IntOrText>());
    assert_eq!(round_trip::<Selector>(r#"{"name":"a"}"#), Selector::ByName { name: "a".into() });
    round_trip::<Selector>(r#"{"labels":{"a":"b"}}"#);
    assert_eq!(
        schema::<Selector>(),
        json!({
            "type": "object",
            "properties": {
                "name": {"type": "string"},
                "labels": {"type": "object", "additionalProperties": {"type": "string"}},
            },
            "anyOf": [{"required": ["name"]}, {"required": ["labels"]}],
        })
    );
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core)]
struct Volume {
    path: String,
    #[serde(flatten)]
    source: Source,
    #[serde(flatten)]
    strategy: Option<Strategy>,
}

#[test]
fn flattened_enums() {
    let volume: Volume = round_trip(r#"{"path":"a","nothing":{}}"#);
    assert_eq!(volume.strategy, None);
    let volume: Volume = round_trip(r#"{"path":"a","nothing":{},"type":"Rolling","maxSurge":1}"#);
    assert_eq!(volume.strategy, Some(Strategy::Rolling { max_surge: 1 }));
    let schema = schema::<Volume>();
    assert_eq!(schema["required"], json!(["path"]));
    let conditions = schema["allOf"].as_array().expect("two sets of alternatives");
    assert_eq!(conditions[0]["oneOf"][0], json!({"required": ["configMap"]}));
    assert_eq!((conditions.len(), conditions[1]["oneOf"].as_array().map(Vec::len)), (2, Some(4)));
    assert_eq!(schema["anyOf"][0], json!({"required": ["type"]}));
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core, tag = "kind", rule("self.a != self.kind", message = "differs"))]
enum WithRules {
    #[serde(rename = "x")]
    First(Ruled),
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core, rule = "self.a.size() > 1")]
struct Ruled {
    a: String,
}

#[test]
fn the_rules_of_a_variant_hold_for_it_alone() {
    assert_eq!(
        schema::<WithRules>()["x-kubernetes-validations"],
        json!([
            {"rule": r#"self.kind != "x" || (self.a.size() > 1)"#},
            {"rule": "self.a != self.kind", "message": "differs"},
        ])
    );
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core)]
struct Twice {
    name: String,
    #[serde(flatten)]
    reference: Reference,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core, tag = "type")]
enum Different {
    One { value: i32 },
    Other { value: String },
}

#[test]
fn fields_that_have_two_meanings_are_refused() {
    use kubernetes_core::schema::Schema as _;
    let error = Twice::SCHEMA.to_tree().unwrap_err();
    assert_eq!(error.violations()[0].path(), "name");
    let error = Different::SCHEMA.to_tree().unwrap_err();
    assert_eq!(
        error.to_string(),
        "the schema is not structural: value: the field occurs twice with different schemas; rename one, or give both the same type"
    );
}
