//! Keywords of schemas.

use kubernetes_core::{Json, Map, ObjectMeta, RawExtension, Str};
use kubernetes_derive::Schema;
use serde_json::json;

use crate::schema;

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(
    crate = kubernetes_core,
    title = "Everything",
    rule("self.least <= self.most", message = "least is at most most", reason = "FieldValueInvalid", field_path = ".least"),
    rule("self.most == oldSelf.most", message_expression = "'was ' + string(oldSelf.most)", optional_old_self = false),
    at_most_one_of("text", "other"),
    min_properties = 1,
    map_type = "granular"
)]
struct Everything {
    #[kubernetes(minimum = 0, exclusive_minimum, multiple_of = 5)]
    least: i32,
    #[kubernetes(exclusive_maximum = 1.5, format = "float")]
    most: f64,
    #[kubernetes(min_length = 1, max_length = 63, pattern = "^[a-z]+$", title = "Text", example = "abc", nullable)]
    text: Option<Str>,
    #[kubernetes(enum("a", "b"), immutable)]
    other: Option<String>,
    #[kubernetes(list_type = "set", min_items = 1, max_items = 9, items(min_length = 2, pattern = "x"))]
    names: Vec<String>,
    #[kubernetes(list_map_keys("name", "protocol"))]
    ports: Vec<Port>,
    #[kubernetes(list_type = "atomic")]
    list: Vec<Port>,
    #[kubernetes(map_type = "atomic", max_properties = 3, items(enum(1, 2)))]
    map: Map<i32>,
    #[kubernetes(preserve_unknown_fields)]
    open: Port,
    #[kubernetes(embedded_resource, description = "An object.")]
    object: RawExtension,
    #[kubernetes(immutable = "any is fixed", description = "")]
    /// Not in the schema.
    any: Json,
    template: ObjectMeta,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core)]
struct Port {
    name: String,
    #[kubernetes(default = "TCP")]
    protocol: Str,
}

#[test]
fn every_keyword_is_in_the_schema() {
    let schema = schema::<Everything>();
    let property = |name: &str| schema["properties"][name].clone();
    let port = json!({
        "type": "object", "required": ["name"],
        "properties": {"name": {"type": "string"}, "protocol": {"type": "string", "default": "TCP"}},
    });
    for (name, expected) in [
        (
            "least",
            json!({"type": "integer", "format": "int32", "minimum": 0, "exclusiveMinimum": true, "multipleOf": 5}),
        ),
        ("most", json!({"type": "number", "format": "float", "maximum": 1.5, "exclusiveMaximum": true})),
        (
            "text",
            json!({"type": "string", "minLength": 1, "maxLength": 63, "pattern": "^[a-z]+$", "title": "Text", "example": "abc", "nullable": true}),
        ),
        (
            "other",
            json!({"type": "string", "enum": ["a", "b"], "x-kubernetes-validations": [{"rule": "self == oldSelf", "message": "field is immutable"}]}),
        ),
        (
            "names",
            json!({"type": "array", "items": {"type": "string", "minLength": 2, "pattern": "x"}, "x-kubernetes-list-type": "set", "minItems": 1, "maxItems": 9}),
        ),
        (
            "ports",
            json!({"type": "array", "items": port, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name", "protocol"]}),
        ),
        ("list", json!({"type": "array", "items": port, "x-kubernetes-list-type": "atomic"})),
        (
            "map",
            json!({"type": "object", "additionalProperties": {"type": "integer", "format": "int32", "enum": [1, 2]}, "x-kubernetes-map-type": "atomic", "maxProperties": 3}),
        ),
        (
            "any",
            json!({"x-kubernetes-preserve-unknown-fields": true, "x-kubernetes-validations": [{"rule": "self == oldSelf", "message": "any is fixed"}]}),
        ),
        (
            "object",
            json!({"type": "object", "x-kubernetes-embedded-resource": true, "x-kubernetes-preserve-unknown-fields": true, "description": "An object."}),
        ),
    ] {
        assert_eq!(property(name), expected, "{name}");
    }
}

#[test]
fn keywords_of_the_type_are_in_the_schema() {
    let schema = schema::<Everything>();
    let property = |name: &str| schema["properties"][name].clone();
    assert_eq!(property("open")["x-kubernetes-preserve-unknown-fields"], true);
    assert_eq!(property("template")["properties"]["labels"]["additionalProperties"], json!({"type": "string"}));
    assert_eq!(
        (&schema["title"], &schema["minProperties"], &schema["x-kubernetes-map-type"]),
        (&json!("Everything"), &json!(1), &json!("granular"))
    );
    let none = json!({"not": {"anyOf": [{"required": ["text"]}, {"required": ["other"]}]}});
    assert_eq!(schema["oneOf"], json!([{"required": ["text"]}, {"required": ["other"]}, none]));
    assert_eq!(
        schema["x-kubernetes-validations"],
        json!([
            {"rule": "self.least <= self.most", "message": "least is at most most", "reason": "FieldValueInvalid", "fieldPath": ".least"},
            {"rule": "self.most == oldSelf.most", "messageExpression": "'was ' + string(oldSelf.most)"},
        ])
    );
}
