//! Documents of OpenAPI 3.0, and the description that they are together.

use kubernetes_swagger::{Error, extension, merge};
use openapiv3::OpenAPI;
use serde_json::{Value, json};

use crate::support::{merge as add, schema};

fn document(schemas: Value, paths: Value) -> Value {
    json!({
        "openapi": "3.0.0", "info": {"title": "Kubernetes", "version": "v1.37.2"},
        "paths": paths, "components": {"schemas": schemas},
    })
}

fn try_parse(document: &Value) -> Result<OpenAPI, Error> {
    kubernetes_swagger::parse(document.to_string().as_bytes())
}

#[track_caller]
fn parse(document: &Value) -> OpenAPI {
    try_parse(document).unwrap_or_else(|error| panic!("{error}"))
}

#[track_caller]
fn refused(document: &Value, pointer: &str, message: &str) {
    let error = try_parse(document).expect_err(message);
    let [problem] = error.problems() else { panic!("{error}") };
    assert_eq!(problem.pointer, pointer, "{error}");
    assert!(problem.message.contains(message), "{error}");
}

/// Every key of a schema that OpenAPI 3.0 has and Kubernetes writes.
fn schemas() -> Value {
    json!({
        "a.v1.Lamp": {
            "type": "object", "description": "A lamp.", "required": ["name"],
            "x-kubernetes-group-version-kind": [{"group": "a", "version": "v1", "kind": "Lamp"}],
            "properties": {
                "name": {"type": "string", "default": "", "minLength": 1, "pattern": "^a$"},
                "owner": {"type": "string", "nullable": true, "format": "of-its-own"},
                "spec": {"allOf": [{"$ref": "#/components/schemas/a.v1.Spec"}], "default": {}, "description": "What."},
                "plain": {"$ref": "#/components/schemas/a.v1.Spec"},
                "list": {"type": "array", "items": {"allOf": [{"$ref": "#/components/schemas/a.v1.Spec"}], "default": {}}},
                "amount": {"oneOf": [{"type": "string"}, {"type": "number"}]},
                "port": {"anyOf": [{"type": "integer"}, {"type": "string"}], "x-kubernetes-int-or-string": true},
                "limited": {
                    "type": "string", "allOf": [{"enum": ["a"]}, {"maxLength": 2}], "not": {"enum": ["b"]},
                    "oneOf": [{"minLength": 1}],
                },
                "forbidden": {"not": {"type": "string"}},
            },
        },
        "a.v1.Spec": {"type": "object", "additionalProperties": {"type": "integer", "format": "int32"}},
    })
}

/// Everything is read: nothing is dropped on the way, nor when it is written and read again.
#[test]
fn schemas_survive() {
    let source = document(schemas(), json!({}));
    let openapi = parse(&source);
    let written = serde_json::to_value(&openapi).expect("OpenAPI is JSON");
    assert_eq!(written["components"]["schemas"], source["components"]["schemas"]);
    assert_eq!(parse(&written), openapi);
}

fn operation(more: Value) -> Value {
    let body = json!({"schema": {"$ref": "#/components/schemas/a.v1.Spec"}});
    let mut operation = json!({
        "operationId": "createSpec", "description": "Creates.", "tags": ["a_v1"],
        "x-kubernetes-action": "post",
        "x-kubernetes-group-version-kind": {"group": "a", "version": "v1", "kind": "Spec"},
        "parameters": [{"name": "item", "in": "query", "schema": {"type": "array", "items": {"type": "string"}}}],
        "requestBody": {"required": true, "content": {"application/json": body, "application/yaml": body}},
        "responses": {"200": {"description": "OK", "content": {"application/json": body}}, "401": {"description": "No"}},
    });
    add(&mut operation, more);
    let name =
        json!({"name": "name", "in": "path", "required": true, "schema": {"type": "string", "uniqueItems": true}});
    document(schemas(), json!({"/apis/a/v1/specs/{name}": {"parameters": [name], "post": operation}}))
}

/// An operation is the one that the document has, and survives being written and read again.
#[test]
fn operations_survive() {
    let source = operation(json!({}));
    let openapi = parse(&source);
    let mut written = serde_json::to_value(&openapi).expect("OpenAPI is JSON");
    assert_eq!(parse(&written), openapi);
    let item = &mut written["paths"]["/apis/a/v1/specs/{name}"];
    let query = &mut item["post"]["parameters"][0];
    assert_eq!((query["style"].take(), query["explode"].take()), (json!("form"), json!(true)), "a list is repeated");
    assert_eq!(item["parameters"][0]["style"].take(), "simple");
    for place in ["/post/parameters/0", "/parameters/0"] {
        let parameter = item.pointer_mut(place).and_then(Value::as_object_mut);
        parameter.expect("an object").retain(|_, value| !value.is_null());
    }
    assert_eq!(*item, source["paths"]["/apis/a/v1/specs/{name}"]);
}

/// Responses need not agree in their content types.
#[test]
fn content_types_are_those_of_each_response() {
    let response = |media: &str| json!({"description": "OK", "content": {media: {"schema": {"type": "string"}}}});
    let source = operation(json!({"responses": {"200": response("a"), "201": response("b")}}));
    let written = serde_json::to_value(parse(&source)).expect("OpenAPI is JSON");
    let responses = |document: &Value| document["paths"]["/apis/a/v1/specs/{name}"]["post"]["responses"].clone();
    assert_eq!(responses(&written), responses(&source));
}

#[test]
fn unknown_keys_are_refused() {
    let schema = |schema: Value| document(json!({ "a.v1.Lamp": schema }), json!({}));
    let lamp = "/components/schemas/a.v1.Lamp";
    refused(&schema(json!({"discriminator": {}})), &format!("{lamp}/discriminator"), "unknown key");
    refused(&schema(json!({"x-nullable": true})), &format!("{lamp}/x-nullable"), "unknown extension");
    refused(&schema(json!({"x-kubernetes-new": true})), &format!("{lamp}/x-kubernetes-new"), "unknown extension");
    let gone = json!({"oneOf": [{"$ref": "#/components/schemas/a.v1.Gone"}]});
    refused(&schema(gone), &format!("{lamp}/oneOf/0/$ref"), "`#/components/schemas/a.v1.Gone` is not in the document");
    let foreign = json!({"$ref": "other.json#/a"});
    refused(&schema(foreign), &format!("{lamp}/$ref"), "expected `#/components/schemas/` and a name");
    let mut swagger = document(json!({}), json!({}));
    swagger["openapi"] = json!("3.1.0");
    refused(&swagger, "/openapi", "expected a version 3.0, found `3.1.0`");
    let post = "/paths/~1apis~1a~1v1~1specs~1{name}/post";
    let differing = json!({"a": {"schema": {"type": "string"}}, "b": {"schema": {"type": "integer"}}});
    let body = operation(json!({"requestBody": {"content": differing}}));
    refused(&body, &format!("{post}/requestBody/content"), "the content types differ");
    let mut style = operation(json!({}));
    style["paths"]["/apis/a/v1/specs/{name}"]["post"]["parameters"][0]["style"] = json!("deepObject");
    refused(&style, &format!("{post}/parameters/0/style"), "expected the style `form`, found `deepObject`");
}

fn named(name: &str, document: &Value) -> (String, OpenAPI) {
    (name.to_owned(), parse(document))
}

fn with_kind(group: &str, more: Value) -> Value {
    let kinds = json!([{"group": group, "version": "v1", "kind": "DeleteOptions"}]);
    let mut options = json!({"type": "object", "x-kubernetes-group-version-kind": kinds});
    add(&mut options, more);
    let name = "io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions";
    document(json!({ name: options, "a.v1.Shared": {"type": "object"} }), json!({}))
}

#[test]
fn documents_become_one() {
    let version = json!({"get": {"operationId": "getVersion", "responses": {"200": {"description": "OK"}}}});
    let mut main = document(json!({}), json!({ "/version/": version }));
    main["info"]["version"] = json!("v1.37.3");
    let mut aggregated = with_kind("c", json!({"description": "of another release"}));
    aggregated["info"] = json!({"title": "Metrics", "version": "v0"});
    let mut documents = vec![named("1", &aggregated), named("2", &with_kind("b", json!({})))];
    documents.extend([named("3", &with_kind("a", json!({}))), named("4", &main)]);
    let (_, first) = documents.get_mut(1).expect("there are four");
    first.info.version = "v1.37.3".to_owned();
    let merged = merge(documents).unwrap_or_else(|error| panic!("{error}")).openapi;
    assert_eq!(merged.info.version, "v1.37.3", "that of the server itself");
    assert!(merged.paths.paths.contains_key("/version/"));
    let options = &schema(&merged, "io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions").schema_data;
    let groups: Vec<String> = extension::group_version_kinds(options).into_iter().map(|kind| kind.group).collect();
    assert_eq!(groups, ["a", "b", "c"]);
    assert_eq!(options.description, None, "the main server's form, although another came first");
}

#[test]
fn documents_that_differ_are_refused() {
    let shared = |type_: &str, id: &str| {
        let get = json!({"operationId": id, "responses": {"200": {"description": "OK"}}});
        document(json!({"a.v1.Shared": {"type": type_}}), json!({"/a": {"get": get}}))
    };
    let documents = vec![named("one.json", &shared("object", "a")), named("two.json", &shared("string", "b"))];
    let error = merge(documents).expect_err("they differ").to_string();
    assert!(error.contains("/components/schemas/a.v1.Shared: one.json and two.json describe this"), "{error}");
    assert!(error.contains("/paths/~1a: one.json and two.json describe this"), "{error}");
    assert!(merge(Vec::new()).is_err());
}

fn of_server(title: &str, definitions: Value) -> Value {
    let mut document = document(definitions, json!({}));
    document["info"] = json!({"title": title, "version": "v1"});
    document
}

/// An aggregated server publishes the types of the release that it was built with.
#[test]
fn another_server_gives_way() {
    let pod = |text: &str| json!({"io.k8s.api.core.v1.Pod": {"type": "object", "description": text}});
    let other = named("a.json", &of_server("OpenShift", pod("old")));
    let main = named("b.json", &of_server("Kubernetes", pod("new")));
    let merged = merge(vec![other.clone(), main.clone()]).unwrap_or_else(|error| panic!("{error}"));
    let merged_pod = &schema(&merged.openapi, "io.k8s.api.core.v1.Pod").schema_data;
    assert_eq!(
        (merged_pod.description.as_deref(), merged.openapi.info.title.as_str()),
        (Some("new"), "Kubernetes"),
        "without /version/, too"
    );
    let notes: Vec<String> = merged.gave_way.iter().map(ToString::to_string).collect();
    let note = "a.json describes this differently from b.json, which takes precedence";
    assert_eq!(notes, [format!("/components/schemas/io.k8s.api.core.v1.Pod: {note}")]);
    assert!(merge(vec![main.clone(), main.clone()]).is_ok_and(|merged| merged.gave_way.is_empty()));

    let third = named("c.json", &of_server("Metrics", pod("third")));
    let error = merge(vec![third, other]).expect_err("neither is the main one").to_string();
    assert!(error.contains("c.json and a.json describe this"), "{error}");
}

/// Documents of one server agree, in what the library has and in how to authenticate.
#[test]
fn documents_of_one_server_agree() {
    let meta = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";
    let form = |server: &str, text: &str, header: &str| {
        let mut document = of_server(server, json!({ meta: {"type": "object", "description": text} }));
        let scheme = json!({"type": "apiKey", "name": header, "in": "header"});
        document["components"]["securitySchemes"] = json!({ "BearerToken": scheme });
        document["security"] = json!([{ "BearerToken": [header] }]);
        document
    };
    let one = named("1.json", &form("Kubernetes", "one", "authorization"));
    let error = merge(vec![one.clone(), named("2.json", &form("Kubernetes", "two", "token"))]);
    let error = error.expect_err("they differ").to_string();
    for place in [&format!("/components/schemas/{meta}"), "/components/securitySchemes/BearerToken", "/security"] {
        assert!(error.contains(&format!("{place}: 1.json and 2.json describe this")), "{error}");
    }
    let merged = merge(vec![named("0.json", &form("Other", "two", "token")), one.clone()]);
    let merged = merged.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(merged.openapi.components, one.1.components);
    assert_eq!(merged.openapi.security, one.1.security);
    assert!(merged.gave_way.is_empty(), "the library's differ as a rule");
}
