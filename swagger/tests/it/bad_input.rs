//! Every way in which a description can be wrong, with the pointer and the message that the user gets.

use kubernetes_swagger::{Error, parse as parse_bytes};
use openapiv3::OpenAPI;
use serde_json::{Value, json};

use crate::support::{merge, parse, try_parse, with_definitions, with_operation, with_paths};

/// The one problem of a description.
#[track_caller]
fn assert_problem(description: &Value, pointer: &str, message: &str) {
    assert_only(try_parse(description), pointer, message);
}

#[track_caller]
fn assert_text_problem(text: &str, pointer: &str, message: &str) {
    assert_only(parse_bytes(text.as_bytes()), pointer, message);
}

#[track_caller]
fn assert_only(result: Result<OpenAPI, Error>, pointer: &str, message: &str) {
    let error = result.expect_err("the description is wrong");
    let [problem] = error.problems() else { panic!("one problem, not: {error}") };
    assert_eq!(problem.pointer, pointer);
    assert!(problem.message.contains(message), "expected `{message}` in: {}", problem.message);
}

#[test]
fn no_json() {
    assert_text_problem("{\n  \"swagger\": \"2.0\",\n  \"info\": {", "", "ends too early, at line 3, column 11");
    assert_text_problem("", "", "ends too early, at line 1, column 0");
    assert_text_problem("{\"swagger\" \"2.0\"}", "", "invalid JSON at line 1, column 12");
    assert_text_problem("{} {}", "", "invalid JSON at line 1, column 4");
    assert_only(parse_bytes(b"{\"\xff\": 1}"), "", "invalid JSON at line 1");
    let deep = "[".repeat(100_000);
    assert_text_problem(&deep, "", "invalid JSON at line 1");
}

#[test]
fn the_cause_is_kept() {
    let error = parse_bytes(b"{").expect_err("truncated");
    let source = std::error::Error::source(&error).expect("serde_json's error");
    assert!(source.to_string().contains("EOF"), "{source}");
}

#[test]
fn the_document() {
    assert_text_problem("[]", "", "expected an object, found an array");
    assert_text_problem("null", "", "expected an object, found null");
    let mut version = with_paths(json!({}));
    version["swagger"] = "3.0".into();
    assert_problem(&version, "/swagger", "expected the version `2.0`, found `3.0`");
    let mut no_paths = with_paths(json!({}));
    no_paths.as_object_mut().expect("an object").remove("paths");
    assert_problem(&no_paths, "", "the required key `paths` is missing");
    let mut unknown = with_paths(json!({}));
    unknown["openapi"] = "3.0.0".into();
    assert_problem(&unknown, "/openapi", "unknown key `openapi`; known here: `swagger`, `info`");
}

#[test]
fn keys_and_types_of_schemas() {
    let problem = |schema: Value, pointer: &str, message: &str| {
        assert_problem(&with_definitions(json!({ "Pod": schema })), &format!("/definitions/Pod{pointer}"), message);
    };
    problem(json!("text"), "", "expected an object, found a string");
    problem(json!({ "nullable": true }), "/nullable", "unknown key `nullable`; known here: `$ref`");
    problem(json!({ "type": "file" }), "/type", "unknown type `file`; known: `array`, `boolean`");
    problem(json!({ "type": ["string", "null"] }), "/type", "expected a string, found an array");
    problem(json!({ "type": "string", "format": 1 }), "/format", "expected a string, found a number");
    problem(
        json!({ "x-kubernetes-new": 1 }),
        "/x-kubernetes-new",
        "unknown extension `x-kubernetes-new`; known here: ",
    );
    problem(json!({ "x-kubernetes-list-type": "bag" }), "/x-kubernetes-list-type", "unknown list type `bag`");
    problem(json!({ "x-kubernetes-patch-strategy": "merge,x" }), "/x-kubernetes-patch-strategy", "patch strategy `x`");
    problem(json!({ "description": null }), "/description", "expected a string, found null");
    problem(json!({ "required": ["a", 1] }), "/required/1", "expected a string, found a number");
    problem(json!({ "maxLength": -1 }), "/maxLength", "expected a whole number of 0 or more, found -1");
    problem(json!({ "maxItems": "1" }), "/maxItems", "expected a whole number of 0 or more, found a string");
    problem(json!({ "maximum": 9_007_199_254_740_993_u64 }), "/maximum", "does not fit a 64-bit float");
    problem(json!({ "maximum": u64::MAX }), "/maximum", "does not fit a 64-bit float");
    problem(json!({ "minimum": i64::MAX }), "/minimum", "does not fit a 64-bit float");
    problem(json!({ "additionalProperties": 1 }), "/additionalProperties", "expected a boolean or an object");
    problem(json!({ "enum": [] }), "/enum", "an empty `enum` allows no value");
    problem(json!({ "properties": { "a/b~c": { "type": 1 } } }), "/properties/a~1b~0c/type", "expected a string");
    problem(json!({ "items": { "properties": { "a": { "x": 1 } } } }), "/items/properties/a/x", "unknown key `x`");
    problem(json!({ "allOf": [{}, { "x": 1 }] }), "/allOf/1/x", "unknown key `x`");
    problem(
        json!({ "x-kubernetes-group-version-kind": [{ "group": "", "version": "v1" }] }),
        "/x-kubernetes-group-version-kind/0",
        "the required key `kind` is missing",
    );
    problem(
        json!({ "x-kubernetes-unions": [{ "fields": {} , "fields-to-discriminateBy": {} }] }),
        "/x-kubernetes-unions/0/fields",
        "unknown key `fields`; known here: `discriminator`, `fields-to-discriminateBy`",
    );
}

#[test]
fn a_key_given_twice() {
    let before = r#"{"swagger": "2.0", "info": {"title": "t", "version": "v"}, "paths": {}, "definitions": "#;
    let problem = |definitions: &str, pointer: &str| {
        assert_text_problem(&format!("{before}{definitions}}}"), pointer, "appears more than once");
    };
    problem(r#"{"A": {}, "A": {}}"#, "/definitions/A");
    problem(r#"{"A": {"type": "string", "type": "string"}}"#, "/definitions/A/type");
    problem(r#"{"A": {"properties": {"p": {}, "q": {}, "p": {}}}}"#, "/definitions/A/properties/p");
    problem(r#"{"A": {"default": {"k": 1, "k": 2}}}"#, "/definitions/A/default/k");
    problem(r#"{"A": {"type": "string", "\u0074ype": "string"}}"#, "/definitions/A/type");
    assert_text_problem(
        r#"{"swagger": "2.0", "info": {"title": "t", "version": "v"}, "paths": {}, "paths": {}}"#,
        "/paths",
        "more than once",
    );
}

#[test]
fn operations() {
    let problem = |keys: Value, pointer: &str, message: &str| {
        assert_problem(&with_operation(keys), &format!("/paths/~1things/post{pointer}"), message);
    };
    problem(json!({ "x-kubernetes-action": "fetch" }), "/x-kubernetes-action", "unknown action `fetch`; known: `get`");
    problem(json!({ "x-kubernetes-verb": "get" }), "/x-kubernetes-verb", "known here: `x-kubernetes-action`");
    problem(json!({ "requestBody": {} }), "/requestBody", "unknown key `requestBody`");
    problem(json!({ "operationId": 1 }), "/operationId", "expected a string, found a number");
    problem(json!({ "responses": { "2XX": { "description": "" } } }), "/responses/2XX", "found `2XX`");
    problem(json!({ "responses": { "+20": { "description": "" } } }), "/responses/+20", "found `+20`");
    problem(json!({ "responses": { "200": {} } }), "/responses/200", "the required key `description` is missing");
    problem(json!({ "security": [{ "Token": [] }] }), "/security/0/Token", "not among the securityDefinitions");
    let trace = with_paths(json!({ "/things": { "trace": {} } }));
    assert_problem(&trace, "/paths/~1things/trace", "known here: `parameters`, `get`, `put`");
    let empty = with_paths(json!({ "/things": { "get": { "responses": {} } } }));
    assert_problem(&empty, "/paths/~1things/get", "the required key `operationId` is missing");
}

#[test]
fn parameters() {
    let problem = |parameter: Value, pointer: &str, message: &str| {
        let pointer = format!("/paths/~1things/post/parameters/0{pointer}");
        assert_problem(&with_operation(json!({ "parameters": [parameter] })), &pointer, message);
    };
    problem(json!({ "name": "a", "type": "string" }), "", "the required key `in` is missing");
    problem(json!({ "name": "a", "in": "formData", "type": "string" }), "/in", "unknown parameter location `formData`");
    problem(json!({ "name": "a", "in": "query" }), "", "the required key `type` is missing");
    problem(json!({ "name": "a", "in": "query", "type": "object" }), "/type", "only allowed in a body");
    problem(json!({ "name": "a", "in": "query", "type": "string", "schema": {} }), "/schema", "unknown key `schema`");
    problem(json!({ "name": "a", "in": "path", "type": "string" }), "", "needs `\"required\": true`");
    problem(json!({ "name": "body", "in": "body" }), "", "the required key `schema` is missing");
    problem(json!({ "name": "b", "in": "body", "schema": {}, "type": "string" }), "/type", "unknown key `type`");
    let mut sibling = with_operation(json!({ "parameters": [{ "$ref": "#/parameters/a", "name": "a" }] }));
    merge(&mut sibling, json!({ "parameters": { "a": { "name": "a", "in": "query", "type": "string" } } }));
    assert_problem(&sibling, "/paths/~1things/post/parameters/0/name", "unknown key `name`; known here: `$ref`");
    problem(json!({ "$ref": "#/parameters/a" }), "/$ref", "`#/parameters/a` is not in the document");
    problem(json!({ "$ref": "#/definitions/a" }), "/$ref", "expected `#/parameters/` and a name");
}

#[test]
fn references_to_nothing() {
    let definitions = with_definitions(json!({ "A": { "properties": { "b": { "$ref": "#/definitions/B" } } } }));
    assert_problem(&definitions, "/definitions/A/properties/b/$ref", "`#/definitions/B` is not in the document");
    for schema in [json!({ "items": { "$ref": "B" } }), json!({ "additionalProperties": { "$ref": "B" } })] {
        let key = schema.as_object().and_then(|map| map.keys().next()).expect("one key").clone();
        let pointer = format!("/definitions/A/{key}/$ref");
        assert_problem(
            &with_definitions(json!({ "A": schema })),
            &pointer,
            "expected `#/definitions/` and a name, found `B`",
        );
    }
    let body = json!({ "parameters": [{ "name": "body", "in": "body", "schema": { "$ref": "#/definitions/B" } }] });
    assert_problem(&with_operation(body), "/paths/~1things/post/parameters/0/schema/$ref", "unresolved `$ref`");
    let response = json!({ "responses": { "200": { "description": "", "schema": { "$ref": "#/definitions/B" } } } });
    assert_problem(&with_operation(response), "/paths/~1things/post/responses/200/schema/$ref", "unresolved `$ref`");
    let both = with_definitions(json!({ "A": { "$ref": "#/definitions/A", "allOf": [{}] } }));
    assert_problem(&both, "/definitions/A/allOf", "`allOf` next to `$ref`");
}

#[test]
fn rules_across_operations() {
    let operation = |id: &str| json!({ "operationId": id, "responses": {} });
    let twice = with_paths(json!({ "/a": { "get": operation("x") }, "/b": { "get": operation("x") } }));
    assert_problem(&twice, "/paths/~1b/get/operationId", "`x` is also that of /paths/~1a/get");

    let undeclared = with_paths(json!({ "/a/{name}": { "get": operation("x") } }));
    assert_problem(&undeclared, "/paths/~1a~1{name}/get", "contains `{name}`, but no path parameter");
    let name = json!({ "name": "name", "in": "path", "type": "string", "required": true });
    let unnamed = with_paths(json!({ "/a": { "get": operation("x"), "parameters": [name] } }));
    assert_problem(&unnamed, "/paths/~1a/get", "the path parameter `name` does not appear in the path");
    let unclosed = with_paths(json!({ "/a/{name": { "get": operation("x") } }));
    assert_problem(&unclosed, "/paths/~1a~1{name/get", "without a `}`");
    assert_problem(&with_paths(json!({ "a": {} })), "/paths/a", "must begin with `/`");
    let twice = with_paths(json!({ "/a/{name}": { "get": operation("x"), "parameters": [name, name] } }));
    assert_problem(&twice, "/paths/~1a~1{name}/parameters/1", "the path parameter `name` appears more than once");

    let body = json!({ "name": "body", "in": "body", "schema": {} });
    assert_problem(
        &with_operation(json!({ "parameters": [body, body] })),
        "/paths/~1things/post/parameters",
        "at most one body",
    );
    let of_path = with_paths(json!({ "/a": { "get": operation("x"), "parameters": [body] } }));
    assert_problem(&of_path, "/paths/~1a/parameters", "declared by an operation");
    assert_problem(&with_definitions(json!({ "a/b": {} })), "/definitions/a~1b", "a name may contain only letters");
}

#[test]
fn security_definitions() {
    let problem = |definition: Value, pointer: &str, message: &str| {
        let mut description = with_paths(json!({}));
        description["securityDefinitions"] = json!({ "Token": definition });
        assert_problem(&description, &format!("/securityDefinitions/Token{pointer}"), message);
    };
    problem(json!({ "type": "oauth2" }), "/type", "unknown type `oauth2`; known: `apiKey`, `basic`");
    problem(json!({ "type": "apiKey", "name": "n" }), "", "the required key `in` is missing");
    problem(json!({ "type": "apiKey", "name": "n", "in": "cookie" }), "/in", "unknown API key location `cookie`");
    problem(json!({ "type": "basic", "in": "header" }), "/in", "unknown key `in`");
    problem(json!({}), "", "the required key `type` is missing");
}

#[test]
fn several_problems_are_reported_at_once() {
    let mut description = with_definitions(json!({
        "A": { "type": "strin", "properties": { "b": { "$ref": "#/definitions/Gone" }, "c": { "x-new": 1 } } },
        "B": 1,
        "C": { "$ref": "#/definitions/B" },
    }));
    merge(&mut description, json!({ "paths": { "/a": { "get": { "responses": {} } } } }));
    let error = try_parse(&description).expect_err("there are problems");
    let mut pointers: Vec<_> = error.problems().iter().map(|problem| problem.pointer.as_str()).collect();
    pointers.sort_unstable();
    assert_eq!(
        pointers,
        [
            "/definitions/A/properties/b/$ref",
            "/definitions/A/properties/c/x-new",
            "/definitions/A/type",
            "/definitions/B",
            "/paths/~1a/get",
        ]
    );
    assert!(error.to_string().starts_with("5 problems:\n  "), "{error}");
}

#[test]
fn a_long_list_of_problems_is_cut() {
    let definitions: serde_json::Map<_, _> = (0..30).map(|index| (format!("D{index}"), Value::Null)).collect();
    let error = try_parse(&with_definitions(Value::Object(definitions))).expect_err("there are problems");
    assert_eq!(error.problems().len(), 30);
    assert!(error.to_string().ends_with("and 10 more"), "{error}");
}

#[test]
fn the_starting_point_of_these_tests_is_right() {
    parse(&with_definitions(json!({ "A": {} })));
    parse(&with_operation(json!({})));
}
