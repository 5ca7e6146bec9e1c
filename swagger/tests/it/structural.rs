//! Schemas of custom resources.

use kubernetes_swagger::parse_structural;
use serde_json::{Value, json};

#[track_caller]
fn refused(schema: Value, pointer: &str, message: &str) {
    let error = parse_structural(&schema).expect_err(message);
    let [problem] = error.problems() else { panic!("one problem, not: {error}") };
    assert_eq!(problem.pointer, pointer);
    assert!(problem.message.contains(message), "{error}");
}

#[test]
fn every_key_is_read() {
    let schema = json!({
        "type": "object", "required": ["spec"], "x-kubernetes-preserve-unknown-fields": true, "title": "t",
        "properties": {
            "spec": {
                "type": "object", "nullable": true, "default": {"a": [1, null]}, "oneOf": [{"required": ["port"]}],
                "properties": {
                    "port": {"anyOf": [{"type": "integer"}, {"type": "string"}], "x-kubernetes-int-or-string": true},
                    "$ref": {"type": "string", "enum": ["a", null], "externalDocs": {"url": "u"}, "example": 1},
                    "list": {
                        "type": "array", "items": {"type": "integer", "format": "uint64", "maximum": 1.5},
                        "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["a"], "maxItems": 2,
                        "x-kubernetes-validations": [{"rule": "true", "reason": "FieldValueInvalid"}],
                    },
                },
                "allOf": [{"not": {"required": ["list"]}}],
            },
        },
    });
    let read = parse_structural(&schema).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(serde_json::to_value(read).expect("a schema is JSON"), schema);
    // The server rounds bounds to 64-bit floats.
    assert!(parse_structural(&json!({"maximum": i64::MAX})).is_ok());
}

#[test]
fn non_structural_keys_are_refused() {
    refused(json!("text"), "", "expected an object, found a string");
    let property = |schema: Value| json!({"type": "object", "properties": { "a/b": schema }});
    refused(property(json!({"$ref": "#/other"})), "/properties/a~1b/$ref", "`$ref` is not allowed in the schema of");
    refused(property(json!({"patternProperties": {}})), "/properties/a~1b/patternProperties", "is not allowed");
    refused(property(json!({"type": "strange"})), "/properties/a~1b/type", "unknown type `strange`; known: `array`");
    refused(property(json!({"nullabel": true})), "/properties/a~1b/nullabel", "unknown key `nullabel`; known here: ");
    refused(property(json!({"items": {"x-new": 1}})), "/properties/a~1b/items/x-new", "unknown extension `x-new`");
}
