//! Each rule of lifting on a small description, and the way back.

use openapiv3::{OpenAPI, ReferenceOr, Schema};
use serde_json::{Value, json};

use crate::lower::lower;
use crate::support::{keywords, merge, parse, with_definitions, with_operation, with_paths};

/// Lifts a description and shows that nothing was lost on the way.
#[track_caller]
fn lift(description: &Value) -> (OpenAPI, Value) {
    let lifted = parse(description);
    assert_eq!(lower(&lifted), *description);
    let value = serde_json::to_value(&lifted).expect("OpenAPI is JSON");
    (lifted, value)
}

#[track_caller]
fn lift_definition(schema: Value) -> (Schema, Value) {
    let (lifted, mut value) = lift(&with_definitions(json!({ "A": schema, "B": {} })));
    let lifted = lifted.components.and_then(|components| components.schemas.get("A").cloned());
    let schema = lifted.and_then(ReferenceOr::into_item).expect("an inline schema");
    (schema, value["components"]["schemas"]["A"].take())
}

#[track_caller]
fn lift_operation(keys: Value) -> Value {
    lift(&with_operation(keys)).1["paths"]["/things"]["post"].take()
}

#[test]
fn a_plain_reference_stays_one() {
    let (_, value) = lift(&with_definitions(json!({ "A": { "$ref": "#/definitions/B" }, "B": {} })));
    assert_eq!(value["components"]["schemas"]["A"], json!({ "$ref": "#/components/schemas/B" }));
}

#[test]
fn a_reference_with_siblings_becomes_all_of() {
    let (_, value) = lift_definition(json!({
        "$ref": "#/definitions/B", "description": "text", "default": {}, "x-kubernetes-map-type": "atomic",
    }));
    assert_eq!(
        value,
        json!({
            "allOf": [{ "$ref": "#/components/schemas/B" }],
            "description": "text", "default": {}, "x-kubernetes-map-type": "atomic",
        })
    );
    let (_, value) = lift_definition(json!({ "$ref": "#/definitions/B", "type": "object" }));
    assert_eq!(value, json!({ "allOf": [{ "$ref": "#/components/schemas/B" }], "type": "object" }));
}

#[test]
fn an_all_of_is_told_from_a_reference_with_siblings() {
    let all_of = json!({ "allOf": [{ "$ref": "#/definitions/B" }], "description": "text" });
    let (_, value) = lift_definition(all_of);
    assert_eq!(value["x-swagger-all-of"], true);
    let (_, value) = lift_definition(json!({ "allOf": [{ "$ref": "#/definitions/B" }, { "type": "string" }] }));
    assert_eq!(value.get("x-swagger-all-of"), None);
    lift_definition(json!({ "allOf": [{ "$ref": "#/definitions/B", "description": "inner" }] }));
    lift_definition(json!({ "allOf": [{ "allOf": [{ "$ref": "#/definitions/B" }] }] }));
}

/// Schemas of every type, and those that no single type of `openapiv3` holds, are kept whole.
#[test]
fn schemas_are_kept() {
    for schema in [
        json!({ "type": "string", "format": "int-or-string" }),
        json!({ "type": "string", "format": "date-time", "enum": ["a", null], "pattern": "a", "maxLength": 3 }),
        json!({ "type": "integer", "format": "int64", "minimum": 1, "exclusiveMaximum": true, "enum": [1] }),
        json!({ "type": "number", "format": "double", "minimum": -1, "maximum": 1.5, "multipleOf": 0.5 }),
        json!({ "type": "boolean", "enum": [true] }),
        json!({ "type": "array", "items": { "type": "string" }, "uniqueItems": true, "minItems": 1 }),
        json!({
            "type": "object", "required": ["a"], "properties": { "a": {} }, "additionalProperties": false,
            "minProperties": 1,
        }),
        json!({ "description": "any value" }),
        json!({ "type": "string", "properties": { "a": { "type": "string" } } }),
        json!({ "type": "integer", "minimum": 0.5 }),
        json!({ "type": "integer", "maximum": 9_223_372_036_854_775_808_u64, "format": "uint64" }),
        json!({ "type": "integer", "enum": ["text"] }),
        json!({ "type": "string", "enum": [1] }),
        json!({ "type": "number", "enum": [1, 1.5] }),
        json!({ "type": "object", "format": "byte" }),
        json!({ "type": "object", "enum": [{}] }),
        json!({ "type": "array", "enum": [[]], "items": {} }),
        json!({ "type": "boolean", "format": "byte" }),
        json!({ "properties": { "a": {} }, "items": {}, "pattern": "a", "uniqueItems": true, "exclusiveMinimum": true }),
        json!({ "allOf": [{}, {}], "required": ["a"] }),
        json!({ "$ref": "#/definitions/B", "uniqueItems": true }),
        json!({ "default": null, "example": [1, { "a": null }], "title": "t", "readOnly": true }),
        json!({ "externalDocs": { "url": "https://kubernetes.io", "description": "d" } }),
        json!({ "additionalProperties": true, "type": "object" }),
        json!({ "additionalProperties": { "$ref": "#/definitions/B" }, "type": "object" }),
        json!({ "additionalProperties": { "$ref": "#/definitions/B", "description": "d" }, "type": "object" }),
    ] {
        lift_definition(schema);
    }
}

/// Go writes 2^63 in its shortest form, which stands for the same float.
#[test]
fn a_bound_as_go_writes_it() {
    for number in [9_223_372_036_854_776_000_u64, 9_223_372_036_854_775_808] {
        let lifted = parse(&with_definitions(json!({ "A": { "type": "integer", "maximum": number } })));
        let maximum = keywords(crate::support::schema(&lifted, "A")).maximum;
        assert_eq!(maximum, Some(9_223_372_036_854_775_808.0));
    }
}

/// JSONSchemaProps has such properties.
#[test]
fn properties_named_like_keywords() {
    let names =
        ["$ref", "$schema", "type", "enum", "default", "format", "items", "properties", "x-kubernetes-list-type"];
    let properties: serde_json::Map<_, _> =
        names.into_iter().map(|name| (name.to_owned(), json!({ "type": "string", "description": name }))).collect();
    let (schema, value) = lift_definition(json!({ "type": "object", "properties": properties }));
    assert_eq!(keywords(&schema).properties.len(), names.len());
    assert_eq!(value["properties"]["$ref"], json!({ "type": "string", "description": "$ref" }));
}

#[test]
fn unique_items_without_an_array() {
    let query = json!({ "name": "watch", "in": "query", "type": "boolean", "uniqueItems": true });
    let operation = lift_operation(json!({ "parameters": [query] }));
    let schema = &operation["parameters"][0]["schema"];
    assert_eq!(*schema, json!({ "type": "boolean", "uniqueItems": true }));
}

#[test]
fn parameters_of_every_kind() {
    let items = json!({ "type": "string" });
    let array = |name: &str, format: &str| json!({ "name": name, "in": "query", "type": "array", "items": items, "collectionFormat": format });
    let operation = lift_operation(json!({ "parameters": [
        array("csv", "csv"), array("multi", "multi"), array("ssv", "ssv"), array("tsv", "tsv"), array("pipes", "pipes"),
        { "name": "plain", "in": "query", "type": "array", "items": items, "allowEmptyValue": true },
        { "name": "header", "in": "header", "type": "integer", "format": "int32", "required": true, "default": 1 },
    ] }));
    let parameters = operation["parameters"].as_array().expect("an array");
    let explode: Vec<_> = parameters.iter().map(|parameter| parameter["explode"].as_bool()).collect();
    let yes = Some(true);
    let no = Some(false);
    assert_eq!(explode, [no, yes, no, no, no, no, None]);
    let styles: Vec<_> = parameters.iter().filter_map(|parameter| parameter["style"].as_str()).collect();
    assert_eq!(styles, ["form", "form", "spaceDelimited", "form", "pipeDelimited", "form", "simple"]);
    assert_eq!(parameters[6]["in"], "header");
}

#[test]
fn a_body_takes_the_content_types_that_are_consumed() {
    let body = json!({ "name": "body", "in": "body", "required": true, "schema": { "type": "object" } });
    let schema = json!({ "schema": { "type": "object" } });
    let operation =
        lift_operation(json!({ "consumes": ["application/json", "application/yaml"], "parameters": [body] }));
    assert_eq!(
        operation["requestBody"],
        json!({ "required": true, "content": { "application/json": schema, "application/yaml": schema } })
    );
    assert_eq!(operation.get("x-swagger-consumes"), None);

    for (consumes, kept) in
        [(json!(null), json!(null)), (json!([]), json!([])), (json!(["a/b", "a/b"]), json!(["a/b", "a/b"]))]
    {
        let mut keys = json!({ "parameters": [body] });
        if !consumes.is_null() {
            merge(&mut keys, json!({ "consumes": consumes }));
        }
        let operation = lift_operation(keys);
        assert_eq!(operation.get("x-swagger-consumes"), Some(&kept));
    }
}

#[test]
fn a_body_keeps_its_name_and_place() {
    let query = |name: &str| json!({ "name": name, "in": "query", "type": "string" });
    let body = json!({ "name": "thing", "description": "text", "in": "body", "schema": {} });
    let operation = lift_operation(json!({ "consumes": ["a/b"], "parameters": [query("a"), body, query("b")] }));
    assert_eq!(operation["requestBody"]["x-swagger-name"], "thing");
    assert_eq!(operation["requestBody"]["x-swagger-index"], 1);
    assert_eq!(operation["parameters"].as_array().map(Vec::len), Some(2));
}

#[test]
fn global_parameters_become_components() {
    let mut description = with_operation(json!({
        "consumes": ["a/b"], "parameters": [{ "$ref": "#/parameters/body-1" }, { "$ref": "#/parameters/limit" }],
    }));
    merge(
        &mut description,
        json!({
            "parameters": {
                "body-1": { "name": "body", "in": "body", "schema": { "$ref": "#/definitions/A" } },
                "limit": { "name": "limit", "in": "query", "type": "integer" },
            },
            "definitions": { "A": {} },
        }),
    );
    let (_, value) = lift(&description);
    let content = json!({ "schema": { "$ref": "#/components/schemas/A" } });
    assert_eq!(value["components"]["requestBodies"], json!({ "body-1": { "content": { "*/*": content } } }));
    assert_eq!(value["components"]["parameters"]["limit"]["name"], "limit");
    let operation = &value["paths"]["/things"]["post"];
    assert_eq!(operation["parameters"], json!([{ "$ref": "#/components/parameters/limit" }]));
    assert_eq!(
        operation["requestBody"],
        json!({ "content": { "a/b": content }, "x-swagger-ref": "#/parameters/body-1" })
    );
}

#[test]
fn responses_take_the_content_types_that_are_produced() {
    let responses = json!({
        "200": { "description": "OK", "schema": { "type": "string" } },
        "401": { "description": "Unauthorized" },
        "default": { "description": "any", "schema": {} },
    });
    let operation = lift_operation(json!({ "produces": ["text/plain"], "responses": responses }));
    let content = json!({ "text/plain": { "schema": { "type": "string" } } });
    assert_eq!(operation["responses"]["200"], json!({ "description": "OK", "content": content }));
    assert_eq!(operation["responses"]["401"], json!({ "description": "Unauthorized" }));
    assert_eq!(operation["responses"]["default"]["content"], json!({ "text/plain": { "schema": {} } }));
    assert_eq!(operation.get("x-swagger-produces"), None);
    let operation = lift_operation(json!({ "responses": responses }));
    assert_eq!(operation.get("x-swagger-produces"), Some(&Value::Null));
}

#[test]
fn keys_without_a_place_in_openapi_become_extensions() {
    let operation = lift_operation(json!({ "consumes": ["*/*"], "produces": ["a/b"], "schemes": ["https"] }));
    assert_eq!(operation["x-swagger-consumes"], json!(["*/*"]));
    assert_eq!(operation["x-swagger-produces"], json!(["a/b"]));
    assert_eq!(operation["x-swagger-schemes"], json!(["https"]));
    lift_operation(json!({ "consumes": [], "produces": [], "schemes": [] }));
}

#[test]
fn the_document_s_own_keys() {
    let mut description = with_operation(json!({
        "parameters": [{ "name": "body", "in": "body", "schema": {} }], "security": [], "deprecated": true,
        "tags": ["t"], "summary": "s", "description": "d", "externalDocs": { "url": "u" },
    }));
    merge(
        &mut description,
        json!({
            "host": "h", "basePath": "/b", "schemes": ["https"], "consumes": ["c/d"], "produces": ["e/f"],
            "securityDefinitions": {
                "BearerToken": { "type": "apiKey", "name": "authorization", "in": "header", "description": "d" },
                "Query": { "type": "apiKey", "name": "q", "in": "query" },
                "Basic": { "type": "basic" },
            },
            "security": [{ "BearerToken": [] }],
        }),
    );
    merge(
        &mut description["info"],
        json!({
            "description": "d", "termsOfService": "t", "contact": { "name": "n", "url": "u", "email": "e" },
            "license": { "name": "Apache-2.0", "url": "u" },
        }),
    );
    let (_, value) = lift(&description);
    assert_eq!(value["x-swagger-host"], "h");
    assert_eq!(value["security"], json!([{ "BearerToken": [] }]));
    // The document's content types hold for operations without their own.
    let content = &value["paths"]["/things"]["post"]["requestBody"]["content"];
    assert_eq!(*content, json!({ "c/d": { "schema": {} } }));
}

#[test]
fn every_method_is_held() {
    let operation = |id: &str| json!({ "operationId": id, "responses": {} });
    let methods = ["get", "put", "post", "delete", "options", "head", "patch"];
    let item: serde_json::Map<_, _> = methods.into_iter().map(|name| (name.to_owned(), operation(name))).collect();
    let (lifted, _) = lift(&with_paths(json!({ "/a": item })));
    for (_, method, operation) in lifted.operations() {
        assert_eq!(operation.operation_id.as_deref(), Some(method));
    }
    assert_eq!(lifted.operations().count(), methods.len());
}
