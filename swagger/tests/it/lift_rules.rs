//! Each rule of lifting on a small description, and the way back.

use kubernetes_swagger::{ReferenceOr, Swagger, lower};
use openapiv3::{OpenAPI, Schema, SchemaKind, Type};
use serde_json::{Value, json};

use crate::support::{merge, parse, with_definitions, with_operation, with_paths};

/// Lifts a description and shows that nothing was lost on the way.
#[track_caller]
fn lift(description: &Value) -> (OpenAPI, Value) {
    let swagger = parse(description);
    assert_eq!(serde_json::to_value(&swagger).expect("a description is JSON"), *description);
    let lifted = swagger.lift();
    assert_eq!(lower(&lifted).unwrap_or_else(|error| panic!("{error}")), swagger);
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
    let (schema, value) = lift_definition(json!({
        "$ref": "#/definitions/B", "description": "text", "default": {}, "x-kubernetes-map-type": "atomic",
    }));
    assert!(matches!(schema.schema_kind, SchemaKind::AllOf { .. }));
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

#[test]
fn every_type_has_its_form() {
    let kind = |schema: Value| lift_definition(schema).0.schema_kind;
    let int_or_string = kind(json!({ "type": "string", "format": "int-or-string" }));
    let SchemaKind::Type(Type::String(string)) = int_or_string else { panic!("a string") };
    assert_eq!(string.format, openapiv3::VariantOrUnknownOrEmpty::Unknown("int-or-string".to_owned()));
    let time =
        kind(json!({ "type": "string", "format": "date-time", "enum": ["a", null], "pattern": "a", "maxLength": 3 }));
    assert!(matches!(time, SchemaKind::Type(Type::String(_))));
    let integer =
        kind(json!({ "type": "integer", "format": "int64", "minimum": 1, "exclusiveMaximum": true, "enum": [1] }));
    assert!(matches!(integer, SchemaKind::Type(Type::Integer(_))));
    let number = kind(json!({ "type": "number", "format": "double", "minimum": 1, "maximum": 1.5, "multipleOf": 0.5 }));
    assert!(matches!(number, SchemaKind::Type(Type::Number(_))));
    assert!(matches!(kind(json!({ "type": "boolean", "enum": [true] })), SchemaKind::Type(Type::Boolean(_))));
    let array = kind(json!({ "type": "array", "items": { "type": "string" }, "uniqueItems": true, "minItems": 1 }));
    assert!(matches!(array, SchemaKind::Type(Type::Array(array)) if array.unique_items));
    let object = kind(json!({
        "type": "object", "required": ["a"], "properties": { "a": {} }, "additionalProperties": false, "minProperties": 1,
    }));
    assert!(matches!(object, SchemaKind::Type(Type::Object(_))));
    assert!(matches!(kind(json!({ "description": "any value" })), SchemaKind::Any(_)));
}

/// Schemas that no single type of `openapiv3` holds are kept whole.
#[test]
fn mixed_schemas_are_kept() {
    for schema in [
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
    let bound = |number: u64| parse(&with_definitions(json!({ "A": { "type": "integer", "maximum": number } })));
    let swagger = bound(9_223_372_036_854_776_000);
    assert_eq!(swagger.definitions["A"].maximum, Some(9_223_372_036_854_775_808.0));
    assert_eq!(swagger, bound(9_223_372_036_854_775_808));
    assert_eq!(lower(&swagger.lift()).expect("nothing is lost"), swagger);
}

/// JSONSchemaProps has such properties.
#[test]
fn properties_named_like_keywords() {
    let names =
        ["$ref", "$schema", "type", "enum", "default", "format", "items", "properties", "x-kubernetes-list-type"];
    let properties: serde_json::Map<_, _> =
        names.into_iter().map(|name| (name.to_owned(), json!({ "type": "string", "description": name }))).collect();
    let (schema, value) = lift_definition(json!({ "type": "object", "properties": properties }));
    let SchemaKind::Type(Type::Object(object)) = schema.schema_kind else { panic!("an object") };
    assert_eq!(object.properties.len(), names.len());
    assert_eq!(value["properties"]["$ref"], json!({ "type": "string", "description": "$ref" }));
}

#[test]
fn unique_items_of_what_is_no_array() {
    let query = json!({ "name": "watch", "in": "query", "type": "boolean", "uniqueItems": true });
    let operation = lift_operation(json!({ "parameters": [query] }));
    let schema = &operation["parameters"][0]["schema"];
    assert_eq!(*schema, json!({ "type": "boolean", "x-swagger-unique-items": true }));
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
fn what_openapi_has_no_place_for_is_an_extension() {
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

/// Lowering refuses what would be lost, and says where it is.
#[test]
fn lowering_names_what_swagger_cannot_hold() {
    let swagger: Swagger = parse(&with_definitions(json!({ "A": { "type": "string" } })));
    let problem = |change: &dyn Fn(&mut OpenAPI), pointer: &str| {
        let mut lifted = swagger.lift();
        change(&mut lifted);
        let error = lower(&lifted).expect_err("something would be lost");
        assert_eq!(error.problems()[0].pointer, pointer, "{error}");
    };
    problem(&|document| document.tags.push(openapiv3::Tag { name: "t".to_owned(), ..Default::default() }), "/tags");
    problem(&|document| drop(document.extensions.insert("x-new".to_owned(), true.into())), "/x-new");
    problem(&|document| document.openapi = "3.0.0".to_owned(), "/openapi");
    let schema = |document: &mut OpenAPI, change: &dyn Fn(&mut Schema)| {
        let schemas = document.components.as_mut().map(|components| &mut components.schemas);
        let Some(ReferenceOr::Item(schema)) = schemas.and_then(|schemas| schemas.get_mut("A")) else { panic!("A") };
        change(schema);
    };
    problem(
        &|document| schema(document, &|schema| schema.schema_data.deprecated = true),
        "/components/schemas/A/deprecated",
    );
    problem(
        &|document| schema(document, &|schema| drop(schema.schema_data.extensions.insert("x-a".to_owned(), 1.into()))),
        "/components/schemas/A/x-a",
    );
    problem(
        &|document| schema(document, &|schema| schema.schema_kind = SchemaKind::OneOf { one_of: Vec::new() }),
        "/components/schemas/A/oneOf",
    );
}
