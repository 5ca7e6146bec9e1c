//! Changes between two CustomResourceDefinitions.

use kubernetes_codegen::{CustomDifferences, diff_custom};
use serde_json::{Value, json};

fn definition(schema: &Value) -> Value {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "lamps.example.com"},
        "spec": {
            "group": "example.com", "scope": "Namespaced", "names": {"kind": "Lamp", "plural": "lamps"},
            "versions": [{
                "name": "v1", "served": true, "storage": true, "subresources": {"status": {}},
                "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": schema}}},
            }],
        },
    })
}

fn compare(old: &Value, new: &Value) -> CustomDifferences {
    let file = |definition: &Value| vec![("definition.json".to_owned(), definition.to_string().into_bytes())];
    diff_custom(&file(old), &file(new)).expect("both are definitions")
}

/// Schemas of `spec` before and after, and the change: `!` stands before a breaking one.
const CHANGES: &[(&str, &str, &str)] = &[
    (
        r#"{"type":"object","properties":{"a":{"type":"string"}}}"#,
        r#"{"type":"object"}"#,
        "!spec.a: the field was removed",
    ),
    (
        r#"{"type":"object"}"#,
        r#"{"type":"object","properties":{"a":{"type":"string"}}}"#,
        "spec.a: the field was added",
    ),
    (
        r#"{"type":"object"}"#,
        r#"{"type":"object","required":["a"],"properties":{"a":{"type":"string"}}}"#,
        "!spec.a: a required field was added",
    ),
    (
        r#"{"type":"object","properties":{"a":{"type":"string"}}}"#,
        r#"{"type":"object","required":["a"],"properties":{"a":{"type":"string"}}}"#,
        "!spec.a: the field was made required",
    ),
    (
        r#"{"type":"object","required":["a"],"properties":{"a":{"type":"string"}}}"#,
        r#"{"type":"object","properties":{"a":{"type":"string"}}}"#,
        "spec.a: the field was made optional",
    ),
    (r#"{"type":"integer"}"#, r#"{"type":"string"}"#, "!spec: the type changed from integer to string"),
    (r#"{"type":"integer"}"#, r#"{"type":"integer","minimum":1}"#, "!spec: minimum 1 was added"),
    (r#"{"type":"integer","maximum":5}"#, r#"{"type":"integer","maximum":3}"#, "!spec: maximum changed from 5 to 3"),
    (r#"{"type":"integer","maximum":5}"#, r#"{"type":"integer","maximum":9}"#, "spec: maximum changed from 5 to 9"),
    (
        r#"{"type":"string","enum":["a","b"]}"#,
        r#"{"type":"string","enum":["a"]}"#,
        "!spec: the value \"b\" was removed",
    ),
    (r#"{"type":"string","enum":["a"]}"#, r#"{"type":"string","enum":["a","b"]}"#, "spec: the value \"b\" was added"),
    (r#"{"type":"string"}"#, r#"{"type":"string","pattern":"a"}"#, "!spec: pattern was added"),
    (r#"{"type":"string","nullable":true}"#, r#"{"type":"string"}"#, "!spec: null is no longer allowed"),
    (
        r#"{"type":"string"}"#,
        r#"{"type":"string","default":"a"}"#,
        "spec: the default value changed from none to \"a\"",
    ),
    (
        r#"{"type":"string"}"#,
        r#"{"type":"string","x-kubernetes-validations":[{"rule":"self != ''"}]}"#,
        "spec: a rule was added, which only applies to values that change: self != ''",
    ),
    (
        r#"{"type":"array","items":{"type":"string"}}"#,
        r#"{"type":"array","items":{"type":"string","x-kubernetes-validations":[{"rule":"self != ''"}]}}"#,
        "!spec[]: a rule was added that also applies to unchanged values: self != ''",
    ),
    (
        r#"{"type":"array","items":{"type":"string"}}"#,
        r#"{"type":"array","items":{"type":"string"},"x-kubernetes-list-type":"set"}"#,
        "!spec: x-kubernetes-list-type changed from none to set",
    ),
    (
        r#"{"type":"object","x-kubernetes-preserve-unknown-fields":true}"#,
        r#"{"type":"object"}"#,
        "!spec: unknown fields are no longer kept",
    ),
    (
        r#"{"type":"object","additionalProperties":{"type":"string"}}"#,
        r#"{"type":"object","additionalProperties":{"type":"string","maxLength":3}}"#,
        "!spec.*: maxLength 3 was added",
    ),
];

#[test]
fn each_change_is_found_and_judged() {
    for (old, new, expected) in CHANGES {
        let parse = |text: &str| definition(&serde_json::from_str(text).expect("it is JSON"));
        let differences = compare(&parse(old), &parse(new));
        let found: Vec<String> = differences
            .changes
            .iter()
            .map(|change| {
                let mark = if change.is_breaking { "!" } else { "" };
                format!("{mark}{}: {}", change.path, change.change)
            })
            .collect();
        assert_eq!(found, [*expected], "{old} to {new}");
    }
}

#[test]
fn versions_and_subresources_count() {
    let old = definition(&json!({"type": "object"}));
    let mut new = old.clone();
    new["spec"]["versions"][0]["subresources"] = json!({});
    let mut added = old["spec"]["versions"][0].clone();
    added["name"] = json!("v2");
    new["spec"]["versions"].as_array_mut().expect("a list").push(added);
    let differences = compare(&old, &new);
    assert_eq!(differences.breaking(), 1);
    assert_eq!(
        differences.to_string(),
        "breaking: lamps.example.com v1: the subresource status was removed\n\
         change: lamps.example.com v2: the version was added\n"
    );
    assert_eq!(compare(&new, &old).changes[0].change, "the status became a subresource");
    assert_eq!(compare(&old, &old).to_string(), "no changes\n");
    let gone = diff_custom(&[("a.json".into(), old.to_string().into_bytes())], &[]).expect("it can be read");
    assert_eq!(gone.to_string(), "breaking: lamps.example.com: the definition was removed\n");
}
