//! Changes between two descriptions.

use expect_test::{expect, expect_file};
use kubernetes_codegen::{Content, Description, Differences, Item, Kind, diff};
use serde_json::{Value, json};

use super::support::{pinned, whole};

fn compare(old: &Value, new: &Value) -> Differences {
    let (old, new) = (old.to_string(), new.to_string());
    let description =
        |kubernetes, bytes| Description { source: "swagger.json", kubernetes, content: Content::Document(bytes) };
    diff(&description("v1.0.0", old.as_bytes()), &description("v1.1.0", new.as_bytes())).expect("both are right")
}

/// A description with a lamp and its operations.
fn lamps(spec: Value, parameters: Value) -> Value {
    let lamp = json!({
        "type": "object",
        "properties": {"spec": {"$ref": "#/definitions/io.k8s.api.lighting.v1.LampSpec"}},
        "x-kubernetes-group-version-kind": [{"group": "lighting.k8s.io", "version": "v1", "kind": "Lamp"}],
    });
    let response =
        json!({"200": {"description": "OK", "schema": {"$ref": "#/definitions/io.k8s.api.lighting.v1.Lamp"}}});
    let read = json!({"operationId": "readLightingV1Lamp", "parameters": parameters, "responses": response});
    let definitions = json!({"io.k8s.api.lighting.v1.Lamp": lamp, "io.k8s.api.lighting.v1.LampSpec": spec});
    let paths = json!({"/apis/lighting.k8s.io/v1/lamps": {"get": read}});
    whole(json!({"definitions": definitions, "paths": paths}), &json!({}))
}

fn lamps_with(properties: Value, required: Value) -> Value {
    lamps(json!({"type": "object", "properties": properties, "required": required}), json!([]))
}

/// Two descriptions with every kind of change between them.
fn changed_lamps() -> (Value, Value) {
    let mut old = lamps_with(
        json!({
            "color": {"type": "string", "enum": ["red", "green"]},
            "gone": {"type": "integer", "format": "int32"},
            "inner": {"type": "array", "items": {"type": "object", "properties": {"deep": {"type": "string"}}}},
            "level": {"type": "integer", "format": "int32", "default": 1},
            "name": {"type": "string"},
            "old": {"type": "string", "description": "The old one."},
            "power": {"type": "string"},
        }),
        json!(["power"]),
    );
    let mut new = lamps_with(
        json!({
            "color": {"type": "string", "enum": ["red", "blue"]},
            "inner": {"type": "array", "items": {"type": "object", "properties": {"deep": {"type": "boolean"}}}},
            "level": {"type": "integer", "format": "int64", "default": 2},
            "name": {"type": "string"},
            "needed": {"type": "string"},
            "old": {"type": "string", "description": "The old one. Deprecated: use name."},
            "power": {"type": "string"},
            "tags": {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}},
        }),
        json!(["name", "needed"]),
    );
    old["definitions"]["io.k8s.api.lighting.v1.Shade"] = json!({"type": "object"});
    new["definitions"]["io.k8s.apimachinery.pkg.version.Extra"] = json!({"type": "object"});
    (old, new)
}

#[test]
fn every_kind_of_change_is_told_apart_and_breaking_ones_come_first() {
    let (old, new) = changed_lamps();
    expect![[r#"
        # What changed from Kubernetes v1.0.0 to v1.1.0

        13 changes, 7 of them breaking.

        ## apimachinery

        ### Other changes

        - added types: `Extra`

        ## lighting.k8s.io/v1

        ### Breaking

        - removed types: `Shade`
        - removed `LampSpec.gone`
        - removed the value `green` of `LampSpec.color`
        - made required `LampSpec.name`
        - retyped `LampSpec.inner[].deep`: `string` → `boolean`
        - retyped `LampSpec.level`: `integer (int32)` → `integer (int64)`
        - added `LampSpec.needed`: `string, required`

        ### Other changes

        - added `LampSpec.tags`: `map of list of string`
        - added the value `blue` of `LampSpec.color`
        - made optional `LampSpec.power`
        - default changed `LampSpec.level`: `1` → `2`
        - deprecated `LampSpec.old`
    "#]]
    .assert_eq(&compare(&old, &new).to_string());
}

#[test]
fn parameters_responses_and_operations() {
    let old = lamps(json!({"type": "object"}), json!([{"name": "limit", "in": "query", "type": "integer"}]));
    let mut new = lamps(json!({"type": "object"}), json!([{"name": "limit", "in": "query", "type": "string"}]));
    let path = &mut new["paths"]["/apis/lighting.k8s.io/v1/lamps"];
    path["get"]["responses"]["200"]["schema"] = json!({"type": "string"});
    path["post"] = path["get"].clone();
    path["post"]["operationId"] = json!("createLightingV1Lamp");
    let differences = compare(&old, &new);
    let found: Vec<_> = differences
        .changes
        .iter()
        .map(|change| (change.item, change.change, change.name.as_str(), change.part.as_deref(), change.is_breaking))
        .collect();
    let read = "readLightingV1Lamp";
    assert_eq!(
        found,
        [
            (Item::Parameter, Kind::Retyped, read, Some("limit"), true),
            (Item::Response, Kind::Retyped, read, None, true),
            (Item::Operation, Kind::Added, "createLightingV1Lamp", None, false),
        ]
    );
    let json: Value = serde_json::from_str(&differences.to_json()).expect("it is JSON");
    assert_eq!(
        json["changes"][0],
        json!({"group": "lighting.k8s.io", "version": "v1", "is_breaking": true, "change": "retyped",
            "item": "parameter", "name": read, "part": "limit", "before": "integer", "after": "string"})
    );
}

/// The description in Kubernetes' sources lists no values, which says nothing about them.
#[test]
fn enums_that_one_description_lacks_are_not_changes() {
    let colors = |items: Value| lamps_with(json!({"colors": {"type": "array", "items": items}}), json!([]));
    let with = colors(json!({"type": "string", "enum": ["red"]}));
    let without = colors(json!({"type": "string"}));
    for (old, new, version) in [(&with, &without, "v1.1.0"), (&without, &with, "v1.0.0")] {
        let Differences { changes, notes, .. } = compare(old, new);
        assert!(changes.is_empty(), "{changes:?}");
        assert!(
            notes[0].starts_with("1 strings with known values are left out, because the description of "),
            "{notes:?}"
        );
        assert!(notes[0].contains(version), "{notes:?}");
    }
}

#[test]
fn the_same_description_has_no_changes() {
    let lamps = lamps_with(json!({"name": {"type": "string"}}), json!([]));
    let differences = compare(&lamps, &lamps);
    assert!(differences.changes.is_empty());
    assert!(differences.to_string().ends_with("\n\nNothing.\n"));
}

/// The pinned description, as if the next version had changed it here and there.
#[test]
fn the_pinned_description_and_a_changed_one() {
    let (bytes, kubernetes) = pinned();
    let mut changed: Value = serde_json::from_slice(&bytes).expect("the description is JSON");
    let definitions = changed["definitions"].as_object_mut().expect("it has definitions");
    definitions.remove("io.k8s.api.core.v1.PodOS");
    definitions["io.k8s.api.core.v1.PodSpec"]["properties"]["os"] = json!({"type": "string"});
    let protocol = &mut definitions["io.k8s.api.core.v1.ContainerPort"]["properties"]["protocol"]["enum"];
    protocol.as_array_mut().expect("it is an enum").push(json!("QUIC"));
    for item in changed["paths"].as_object_mut().expect("it has paths").values_mut() {
        let parameters = item.get_mut("parameters").and_then(Value::as_array_mut);
        let watch = |parameter: &Value| parameter["$ref"].as_str().is_some_and(|name| name.contains("/watch-"));
        if let Some(parameters) = parameters.filter(|parameters| parameters.iter().any(watch)) {
            parameters.push(json!({"name": "depth", "in": "query", "type": "integer"}));
        }
    }
    let changed = changed.to_string();
    let description =
        |bytes| Description { source: "swagger.json", kubernetes: &kubernetes, content: Content::Document(bytes) };
    let differences = diff(&description(&bytes), &description(changed.as_bytes())).expect("both are right");
    expect_file!["../diff.md"].assert_eq(&differences.to_string());
}

#[test]
fn files_that_are_not_descriptions_are_named() {
    let description = |source, bytes| Description { source, kubernetes: "v1.0.0", content: Content::Document(bytes) };
    let error = diff(&description("a.json", b"{}"), &description("b.json", b"{}")).expect_err("it has no paths");
    assert!(error.to_string().starts_with("a.json: "), "{error}");
}

/// As a server's documents describe custom resources.
#[test]
fn a_field_that_may_be_null_is_another_type() {
    let description = |nullable: bool| {
        let text = |nullable: bool| json!({"type": "string", "nullable": nullable});
        let properties = json!({
            "any": {"nullable": nullable},
            "list": {"type": "array", "items": text(nullable)},
            "same": text(true),
            "text": text(nullable),
        });
        let lamp = json!({
            "type": "object", "properties": properties,
            "x-kubernetes-group-version-kind": [{"group": "lighting.example.com", "version": "v1", "kind": "Lamp"}],
        });
        json!({
            "openapi": "3.0.0", "info": {"title": "Kubernetes", "version": "v1.0.0"}, "paths": {},
            "components": {"schemas": {"com.example.lighting.v1.Lamp": lamp}},
        })
    };
    let changes = |old: bool, new: bool| {
        let changes = compare(&description(old), &description(new)).changes;
        changes
            .into_iter()
            .map(|change| (change.is_breaking, change.name, change.before, change.after))
            .collect::<Vec<_>>()
    };
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(
        changes(false, true),
        [
            (true, "Lamp.list".to_owned(), text("list of string"), text("list of string or null")),
            (true, "Lamp.text".to_owned(), text("string"), text("string or null")),
        ]
    );
    assert_eq!(changes(true, false).len(), 2);
    assert_eq!(changes(true, true), []);
}
