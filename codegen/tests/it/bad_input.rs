//! Each problem of a description is an error, with its place.

use serde_json::{Value, json};

use super::support::{fixtures, generate_from, whole};
use kubernetes_codegen::{Content, Description, generate};

fn fixture(name: &str) -> Value {
    let fixture = fixtures().into_iter().find(|(found, _)| found == name);
    fixture.unwrap_or_else(|| panic!("the fixture {name} is there")).1
}

fn check(swagger: &Value, pointer: &str, message: &str) {
    let error = generate_from(swagger).expect_err(message).to_string();
    assert!(error.starts_with(&format!("swagger.json: {pointer}")), "{error}");
    assert!(error.contains(message), "{error}");
    assert_eq!(error.lines().count(), 1, "{error}");
}

/// A description with one definition.
fn definition(name: &str, definition: Value) -> Value {
    whole(json!({"definitions": {name: definition}}), &json!({}))
}

fn property(property: Value) -> Value {
    definition("io.k8s.api.core.v1.Pod", json!({"type": "object", "properties": {"a/b": property}}))
}

const PROPERTY: &str = "/definitions/io.k8s.api.core.v1.Pod/properties/a~1b";

#[test]
fn no_json() {
    let bytes = br#"{"swagger": "2.0", "info": {"#;
    let description = Description { source: "swagger.json", kubernetes: "v1.0.0", content: Content::Document(bytes) };
    let error = generate(&description).expect_err("it is truncated").to_string();
    assert!(error.starts_with("swagger.json: ") && error.contains("truncated"), "{error}");
}

#[test]
fn another_version() {
    let mut swagger = fixture("names");
    swagger["info"]["version"] = json!("v2.0.0");
    check(&swagger, "/info/version: ", "the description is of v2.0.0, but the lock file says v1.0.0");
}

#[test]
fn properties() {
    check(&property(json!({"$ref": "#/definitions/io.k8s.api.core.v1.Gone"})), PROPERTY, "io.k8s.api.core.v1.Gone");
    check(&property(json!({"type": "strange"})), PROPERTY, "strange");
    check(&property(json!({"type": "string", "x-kubernetes-new": 1})), PROPERTY, "x-kubernetes-new");
    let composed = json!({"allOf": [{"type": "string"}, {"type": "string"}]});
    check(&property(composed), PROPERTY, "a schema composed of others");
    let with_part = |part: Value| {
        let text = json!({"type": "string", "maxLength": 9});
        let list = json!({"type": "array", "items": {"type": "object", "properties": {"b": text}}});
        property(json!({"type": "object", "properties": {"a": text, "list": list}, "allOf": [part]}))
    };
    let more = [
        json!({"properties": {"b": {"type": "string"}}}),
        json!({"type": "object", "properties": {"a": {"properties": {"c": {"type": "string"}}}}}),
        json!({"properties": {"list": {"items": {"properties": {"c": {"type": "string"}}}}}}),
        json!({"additionalProperties": {"type": "string"}}),
        json!({"allOf": [{"properties": {"b": {"type": "string"}}}]}),
        json!({"items": {"type": "string"}}),
    ];
    for part in more {
        check(&with_part(part), PROPERTY, "a schema composed of others");
    }
    for part in [
        json!({"required": ["a"]}),
        json!({"properties": {"a": {"minLength": 2}, "list": {"items": {"properties": {"b": {"pattern": "x"}}}}}}),
    ] {
        generate_from(&with_part(part)).unwrap_or_else(|error| panic!("{error}"));
    }
    let both = json!({"type": "object", "properties": {"podIP": {"type": "string"}, "podIp": {"type": "string"}}});
    let place = "/definitions/io.k8s.api.core.v1.Pod/properties/podIp: ";
    check(&definition("io.k8s.api.core.v1.Pod", both), place, "`podIp` and `podIP` are both `pod_ip`");
}

#[test]
fn definitions() {
    let place = "/definitions/io.k8s.api.core.v1.Pod: ";
    check(
        &definition("io.k8s.api.core.v1.Pod", json!({"type": "string"})),
        place,
        "add io.k8s.api.core.v1.Pod to Special",
    );
    check(&definition("Pod", json!({"type": "object"})), "/definitions/Pod: ", "must end in a version and a kind");
    let twins = json!({"io.k8s.api.core.v1.IPs": {"type": "object"}, "io.k8s.api.core.v1.Ips": {"type": "object"}});
    let swagger = whole(json!({ "definitions": twins }), &json!({}));
    check(&swagger, "/definitions/io.k8s.api.core.v1.Ips: ", "another definition has the file");
}

/// Changes an operation of the fixture `resource`.
fn operation(path: &str, method: &str, change: impl FnOnce(&mut Value)) -> Value {
    let mut swagger = fixture("resource");
    let operation = swagger["paths"][path].get_mut(method).expect("the fixture has the operation");
    change(operation);
    swagger
}

const LAMPS: &str = "/apis/apps/v1/namespaces/{namespace}/lamps";
const LAMP: &str = "/apis/apps/v1/namespaces/{namespace}/lamps/{name}";
const LAMP_POINTER: &str = "/paths/~1apis~1apps~1v1~1namespaces~1{namespace}~1lamps~1{name}";

#[test]
fn operations() {
    let swagger = operation(LAMP, "put", |put| put["x-kubernetes-action"] = json!("connect"));
    check(&swagger, &format!("{LAMP_POINTER}/put: "), "no verb claims PUT with connect: add one to Verb");

    let response = json!({"200": {"description": "OK", "schema": {"type": "array", "items": {"type": "string"}}}});
    let swagger = operation(LAMP, "get", |get| get["responses"] = response);
    check(&swagger, &format!("{LAMP_POINTER}/get/responses/200/schema: "), "a body must be a definition");

    let swagger = operation(LAMP, "delete", |delete| delete["responses"] = json!({"202": {"description": "later"}}));
    check(&swagger, &format!("{LAMP_POINTER}/delete/responses/200: "), "the operation has no 200 response");

    let swagger = operation(LAMPS, "get", |list| {
        list["responses"]["200"]["schema"] = json!({"$ref": "#/definitions/io.k8s.api.apps.v1.Lamp"});
    });
    check(&swagger, "/paths/~1apis~1apps~1v1~1namespaces~1{namespace}~1lamps/get: ", "the 200 response of a list");

    let swagger = operation(LAMP, "get", |get| get["operationId"] = json!("listAppsV1LampForAllNamespacesAppsV1"));
    assert!(generate_from(&swagger).is_ok(), "only the first mention of the group is cut from a name");
    let swagger = operation(LAMP, "get", |get| get["operationId"] = json!("listLampForAllNamespaces"));
    check(&swagger, &format!("{LAMP_POINTER}/get: "), "are both `list_lamp_for_all_namespaces`");
}

#[test]
fn parameters() {
    let swagger =
        operation(LAMP, "get", |get| get["parameters"] = json!([{"name": "follow", "in": "query", "type": "boolean"}]));
    check(&swagger, &format!("{LAMP_POINTER}/get: "), "no verb claims this set of query parameters: `follow`");

    let swagger = operation(LAMPS, "get", |list| {
        list["parameters"] = json!([{"name": "watch", "in": "query", "type": "boolean"}, {"name": "depth", "in": "query", "type": "integer"}]);
    });
    check(&swagger, "/paths/~1apis~1apps~1v1~1namespaces~1{namespace}~1lamps/get: ", "`depth` is unknown to");

    let swagger = operation(LAMP, "delete", |delete| {
        delete["parameters"] = json!([{"name": "tree", "in": "query", "type": "array", "items": {"type": "string"}}]);
    });
    check(&swagger, &format!("{LAMP_POINTER}/delete: "), "the query parameter `tree` is not a string");

    let swagger = operation(LAMP, "delete", |delete| {
        delete["parameters"] = json!([{"name": "X-Token", "in": "header", "type": "string"}]);
    });
    check(&swagger, &format!("{LAMP_POINTER}/delete: "), "parameters are not supported: `X-Token`");
}

/// A watch may only be left out if a list does the same.
#[test]
fn a_watch_without_a_list() {
    let mut swagger = fixture("resource");
    for path in ["/apis/apps/v1/lamps", LAMPS] {
        swagger["paths"][path]["get"]["parameters"] = json!([]);
    }
    check(&swagger, "/paths/~1apis~1apps~1v1~1watch~1lamps/get: ", "no list operation with a `watch` parameter");
}

/// A bug that was mended upstream must not be mended once more.
#[test]
fn a_fixup_that_no_longer_applies() {
    let mut swagger = fixture("connections");
    let exec = &mut swagger["paths"]["/api/v1/namespaces/{namespace}/pods/{name}/exec"]["parameters"][2];
    *exec = json!({"name": "command", "in": "query", "type": "array", "collectionFormat": "multi", "items": {"type": "string"}});
    let ports = &mut swagger["paths"]["/api/v1/namespaces/{namespace}/pods/{name}/portforward"]["parameters"][2];
    *ports = json!({"name": "ports", "in": "query", "type": "array", "collectionFormat": "multi", "items": {"type": "integer"}});
    check(&swagger, "/paths: ", "the fixup commands_and_ports_are_lists no longer applies");
}

/// A whole API server has every bug that is known.
#[test]
fn a_whole_server_without_the_places_of_fixups() {
    let mut swagger = fixture("names");
    let response = json!({"200": {"description": "OK", "schema": {"$ref": "#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.Status"}}});
    swagger["paths"]["/api/v1/"] =
        json!({"get": {"operationId": "getCoreV1APIResources", "tags": ["core_v1"], "responses": response}});
    let error = generate_from(&swagger).expect_err("it has none of the bugs");
    assert_eq!(error.problems().count(), 5, "all but the one that depends on how the server was started: {error}");
    for name in
        ["commands_and_ports_are_lists", "bindings_and_evictions_return_a_status", "openid_responses_are_objects"]
    {
        assert!(error.to_string().contains(&format!("the fixup {name} no longer applies")), "{error}");
    }
}

/// A reader sees all that is wrong at once, each with the lines around it.
#[test]
fn all_problems_of_a_description_with_their_surroundings() {
    let definitions = json!({
        "Pod": {"type": "object"},
        "io.k8s.api.core.v1.A": {"type": "string"},
        "io.k8s.api.core.v1.B": {"type": "object", "properties": {"podIP": {"type": "string"}, "podIp": {"type": "string"}}},
    });
    let text = format!("{:#}", whole(json!({ "definitions": definitions }), &json!({})));
    let description =
        Description { source: "swagger.json", kubernetes: "v1.0.0", content: Content::Document(text.as_bytes()) };
    let error = generate(&description).expect_err("three definitions are wrong");
    let found: Vec<&str> = error.problems().map(|problem| problem.pointer()).collect();
    let b = "/definitions/io.k8s.api.core.v1.B/properties/podIp";
    assert_eq!(found, ["/definitions/Pod", "/definitions/io.k8s.api.core.v1.A", b]);
    assert_eq!(error.to_string().lines().filter(|line| line.starts_with("swagger.json: /definitions/")).count(), 3);
    let excerpt = error.problems().last().map(|problem| problem.excerpt()).unwrap_or_default();
    let line = text.lines().position(|line| line.contains("\"podIp\"")).expect("it is there") + 1;
    assert!(excerpt.starts_with(&format!("  line {line}, column ")), "{excerpt}");
    assert!(excerpt.contains(&format!("\n{line:>7} |")) && excerpt.contains("\"podIp\": {"), "{excerpt}");

    let two = json!({"a": {"type": "strange"}, "b": {"type": "stranger"}});
    let error = generate_from(&definition("io.k8s.api.core.v1.Pod", json!({"type": "object", "properties": two})));
    assert_eq!(error.expect_err("two types are wrong").problems().count(), 2);
}
