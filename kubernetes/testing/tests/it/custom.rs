//! Custom resources with a schema.

use kubernetes_testing::TestServer;
use serde_json::{Value, json};

use crate::support::{APPLY, MERGE, get, post, send};
use crate::widgets::widgets;

const VERSIONS: &str = "    subresources: {status: {}}
    schema: &schema
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            required: [count]
            properties:
              count: {type: integer, minimum: 1}
              color: {type: string, enum: [red, blue], default: red}
              parts: {type: array, maxItems: 1, items: {type: object, properties: {size: {type: integer, default: 7}}}}
          status: {type: object, x-kubernetes-preserve-unknown-fields: true}
  - {name: v1beta1, served: true, storage: false, schema: *schema}
";

const WIDGETS: &str = "/apis/example.com/v1/namespaces/default/widgets";

fn widget(name: &str, spec: Value) -> Value {
    json!({"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": name}, "spec": spec})
}

#[tokio::test]
async fn defaults_are_filled_in_and_versions_differ_in_nothing_but_their_name() {
    let server = TestServer::in_process();
    server.load_yaml(&widgets(VERSIONS)).unwrap();
    let created = post(&server, WIDGETS, widget("w", json!({"count": 1, "parts": [{}], "color": null}))).await;
    assert_eq!(created.body["spec"], json!({"count": 1, "color": "red", "parts": [{"size": 7}]}));
    let other = get(&server, &format!("{}/w", WIDGETS.replace("/v1/", "/v1beta1/"))).await.body;
    assert_eq!((&other["apiVersion"], &other["spec"]), (&json!("example.com/v1beta1"), &created.body["spec"]));
}

#[tokio::test]
async fn the_schema_is_kept() {
    let server = TestServer::in_process();
    server.load_yaml(&widgets(VERSIONS)).unwrap();
    let table = [
        (json!({}), "spec.count: Required value"),
        (json!({"count": 0}), "spec.count: Invalid value: 0: spec.count in body should be greater than or equal to 1"),
        (
            json!({"count": 1, "color": "green"}),
            "spec.color: Unsupported value: \"green\": supported values: \"red\", \"blue\"",
        ),
        (
            json!({"count": "x"}),
            "spec.count: Invalid value: \"string\": spec.count in body must be of type integer: \"string\"",
        ),
        (
            json!({"count": 1, "parts": [{}, {}]}),
            "spec.parts: Invalid value: [{\"size\":7},{\"size\":7}]: spec.parts in body should be at most 1 items",
        ),
    ];
    for (spec, why) in table {
        let refused = post(&server, WIDGETS, widget("w", spec)).await;
        assert_eq!((refused.status, refused.message()), (422, &*format!("Widget.example.com \"w\" is invalid: {why}")));
    }
    assert_eq!(post(&server, WIDGETS, widget("w", json!({"count": 1}))).await.status, 201);
    let refused = send(&server, "PATCH", &format!("{WIDGETS}/w"), MERGE, json!({"spec": {"count": 0}})).await;
    assert_eq!(refused.status, 422);
    for (body, message) in [
        (json!({"metadata": {"name": "w"}}), "Object 'Kind' is missing"),
        (json!({"apiVersion": "v1", "kind": "Widget"}), "the API version in the data (v1) does not match"),
    ] {
        let refused = post(&server, WIDGETS, body).await;
        assert!(refused.status == 400 && refused.message().contains(message), "{refused:?}");
    }
}

#[tokio::test]
async fn an_applier_stays_the_same_in_another_version() {
    let server = TestServer::in_process();
    server.load_yaml(&widgets(VERSIONS)).unwrap();
    let apply = async |manager: &str, version: &str, spec: Value| {
        let mut body = widget("w", spec);
        body["apiVersion"] = json!(format!("example.com/{version}"));
        let path = format!("/apis/example.com/{version}/namespaces/default/widgets/w?fieldManager={manager}");
        send(&server, "PATCH", &path, APPLY, body).await
    };
    apply("a", "v1", json!({"count": 1, "parts": [{"size": 1}]})).await;
    let applied = apply("a", "v1beta1", json!({"count": 2})).await;
    assert_eq!(applied.status, 200, "{}", applied.body);
    assert_eq!(applied.body["spec"], json!({"count": 2, "color": "red"}), "the parts were given up");
    let managers = applied.body["metadata"]["managedFields"].as_array().unwrap();
    let [manager] = managers.as_slice() else { panic!("{managers:?}") };
    assert_eq!((&manager["manager"], &manager["operation"]), (&json!("a"), &json!("Apply")));
    assert_eq!(manager["apiVersion"], "example.com/v1beta1");
    assert_eq!(manager["fieldsV1"], json!({"f:spec": {"f:count": {}}}));
    let refused = apply("b", "v1", json!({"count": 3})).await;
    assert_eq!(
        (refused.status, refused.message()),
        (409, "Apply failed with 1 conflict: conflict with \"a\": .spec.count")
    );
}
