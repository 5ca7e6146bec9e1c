use std::time::Duration;

use kubernetes_testing::TestServer;
use serde_json::{Value, json};

use crate::support::{APPLY, Events, MAPS, MERGE, delete, get, post, put, send};
use crate::widgets::widgets;

const PODS: &str = "/api/v1/namespaces/default/pods";
const DEPLOYMENTS: &str = "/apis/apps/v1/namespaces/default/deployments";
const STRATEGIC: &str = "application/strategic-merge-patch+json";

#[tokio::test]
async fn finalizers_hold_a_deletion_up() {
    let server = TestServer::in_process();
    let path = format!("{MAPS}/a");
    let object = json!({"metadata": {"name": "a", "finalizers": ["example.com/x"]}});
    assert_eq!(post(&server, MAPS, object).await.status, 201);
    let pending = delete(&server, &path, Value::Null).await;
    assert_eq!(pending.body["kind"], "ConfigMap");
    assert!(pending.body["metadata"]["deletionTimestamp"].is_string());
    assert_eq!(pending.body["metadata"]["deletionGracePeriodSeconds"], 0);
    let again = delete(&server, &path, Value::Null).await;
    assert_eq!(again.version(), pending.version());

    let more = json!({"metadata": {"finalizers": ["example.com/x", "example.com/y"]}});
    let refused = send(&server, "PATCH", &path, MERGE, more).await;
    assert_eq!((refused.status, refused.reason()), (422, "Invalid"));
    let last = send(&server, "PATCH", &path, MERGE, json!({"metadata": {"finalizers": null}})).await;
    assert_eq!((last.status, get(&server, &path).await.status), (200, 404));
}

#[tokio::test]
async fn preconditions_name_what_does_not_match() {
    let server = TestServer::in_process();
    let path = format!("{MAPS}/a");
    let uid = post(&server, MAPS, json!({"metadata": {"name": "a"}})).await.body["metadata"]["uid"].clone();
    let refused = delete(&server, &path, json!({"preconditions": {"uid": "x"}})).await;
    let uid = uid.as_str().unwrap();
    let message = format!(
        "Operation cannot be fulfilled on ConfigMap \"a\": the UID in the precondition (x) does not match the UID in record \
         ({uid}). The object might have been deleted and then recreated"
    );
    assert_eq!((refused.status, refused.message()), (409, &*message));
    assert_eq!(delete(&server, &path, json!({"preconditions": {"uid": uid}})).await.status, 200);
}

fn pod(name: &str, node: Option<&str>) -> Value {
    json!({"metadata": {"name": name}, "spec": {"nodeName": node, "containers": [{"name": "web", "image": "web:1"}]}})
}

#[tokio::test]
async fn a_scheduled_pod_goes_when_its_grace_period_is_over() {
    let server = TestServer::in_process();
    post(&server, PODS, pod("a", Some("node"))).await;
    post(&server, PODS, pod("b", None)).await;
    let mut events = Events::open(&server, &format!("{PODS}?watch=1")).await;
    assert_eq!(events.take(2).await, ["ADDED a", "ADDED b"]);
    let deleted = delete(&server, &format!("{PODS}/b"), Value::Null).await;
    assert_eq!((&deleted.body["kind"], get(&server, &format!("{PODS}/b")).await.status), (&json!("Pod"), 404));
    let deleted = delete(&server, &format!("{PODS}/a"), json!({"gracePeriodSeconds": 20})).await;
    assert_eq!(deleted.body["metadata"]["deletionGracePeriodSeconds"], 20);
    server.advance(Duration::from_secs(19));
    assert_eq!(get(&server, &format!("{PODS}/a")).await.status, 200);
    server.advance(Duration::from_secs(1));
    assert_eq!(get(&server, &format!("{PODS}/a")).await.status, 404);
    assert_eq!(events.take(3).await, ["DELETED b", "MODIFIED a", "DELETED a"]);
}

#[tokio::test(start_paused = true)]
async fn a_watch_sees_the_end_of_a_grace_period_by_the_paused_clock() {
    let server = TestServer::in_process();
    post(&server, PODS, pod("a", Some("node"))).await;
    delete(&server, &format!("{PODS}/a"), Value::Null).await;
    let start = tokio::time::Instant::now();
    let mut events = Events::open(&server, &format!("{PODS}?watch=1")).await;
    assert_eq!(events.take(2).await, ["ADDED a", "DELETED a"]);
    assert_eq!(start.elapsed().as_secs(), 30);
}

async fn owned(server: &TestServer, name: &str, owner: &Value, blocks: bool) {
    let owner = &owner["metadata"];
    let reference = json!({
        "apiVersion": "v1", "kind": "ConfigMap", "name": owner["name"], "uid": owner["uid"], "blockOwnerDeletion": blocks,
    });
    let answer = post(server, MAPS, json!({"metadata": {"name": name, "ownerReferences": [reference]}})).await;
    assert_eq!(answer.status, 201);
}

#[tokio::test]
async fn dependents_follow_their_owners() {
    for (policy, left) in [("Background", vec![]), ("Foreground", vec![]), ("Orphan", vec!["child", "grandchild"])] {
        let server = TestServer::in_process();
        let owner = post(&server, MAPS, json!({"metadata": {"name": "owner"}})).await.body;
        owned(&server, "child", &owner, true).await;
        let child = get(&server, &format!("{MAPS}/child")).await.body;
        owned(&server, "grandchild", &child, false).await;
        let deleted = delete(&server, &format!("{MAPS}/owner"), json!({"propagationPolicy": policy})).await;
        assert_eq!(deleted.status, 200);
        assert_eq!(get(&server, MAPS).await.names(), left, "{policy}");
        if policy == "Orphan" {
            let child = get(&server, &format!("{MAPS}/child")).await;
            assert_eq!(child.body["metadata"].get("ownerReferences"), None);
        }
    }
}

#[tokio::test]
async fn a_foreground_deletion_waits_for_what_blocks_it() {
    let server = TestServer::in_process();
    let owner = post(&server, MAPS, json!({"metadata": {"name": "owner"}})).await.body;
    owned(&server, "child", &owner, true).await;
    let finalizer = json!({"metadata": {"finalizers": ["example.com/x"]}});
    send(&server, "PATCH", &format!("{MAPS}/child"), MERGE, finalizer).await;
    delete(&server, &format!("{MAPS}/owner"), json!({"propagationPolicy": "Foreground"})).await;
    assert_eq!(get(&server, MAPS).await.names(), ["child", "owner"]);
    send(&server, "PATCH", &format!("{MAPS}/child"), MERGE, json!({"metadata": {"finalizers": null}})).await;
    assert_eq!(get(&server, MAPS).await.names(), Vec::<&str>::new());
}

#[tokio::test]
async fn a_namespace_takes_everything_along() {
    let server = TestServer::builder().namespace("shop").in_process();
    let maps = "/api/v1/namespaces/shop/configmaps";
    let held = json!({"metadata": {"name": "held", "finalizers": ["example.com/x"]}});
    for object in [json!({"metadata": {"name": "free"}}), held] {
        assert_eq!(post(&server, maps, object).await.status, 201);
    }
    let deleted = delete(&server, "/api/v1/namespaces/shop", Value::Null).await;
    assert_eq!(deleted.body["status"]["phase"], "Terminating");
    assert_eq!(get(&server, maps).await.names(), ["held"]);
    let refused = post(&server, maps, json!({"metadata": {"name": "late"}})).await;
    assert_eq!((refused.status, refused.reason()), (403, "Forbidden"));
    let held = json!({"metadata": {"finalizers": ["example.com/z"]}});
    let path = "/api/v1/namespaces/shop";
    assert_eq!(send(&server, "PATCH", path, MERGE, held).await.status, 422, "it is too late for a finalizer");
    send(&server, "PATCH", &format!("{maps}/held"), MERGE, json!({"metadata": {"finalizers": null}})).await;
    assert_eq!(get(&server, path).await.status, 404);
}

#[tokio::test]
async fn a_namespace_waits_for_its_own_finalizers() {
    let server = TestServer::in_process();
    let path = "/api/v1/namespaces/shop";
    post(&server, "/api/v1/namespaces", json!({"metadata": {"name": "shop", "finalizers": ["example.com/x"]}})).await;
    delete(&server, path, Value::Null).await;
    assert_eq!(get(&server, path).await.status, 200);
    send(&server, "PATCH", path, MERGE, json!({"metadata": {"finalizers": null}})).await;
    assert_eq!(get(&server, path).await.status, 404);
}

fn deployment() -> Value {
    json!({
        "metadata": {"name": "web"},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "web", "image": "web:1"}, {"name": "side", "image": "side:1"}]},
            },
        },
        "status": {"replicas": 9},
    })
}

#[tokio::test]
async fn status_and_specification_are_written_apart() {
    let server = TestServer::in_process();
    let created = post(&server, DEPLOYMENTS, deployment()).await;
    assert_eq!((&created.body["status"], &created.body["metadata"]["generation"]), (&json!({}), &json!(1)));
    let path = format!("{DEPLOYMENTS}/web");
    let both = json!({"spec": {"replicas": 5}, "status": {"replicas": 5}});
    let status = send(&server, "PATCH", &format!("{path}/status"), MERGE, both.clone()).await;
    assert_eq!((&status.body["spec"]["replicas"], &status.body["status"]["replicas"]), (&json!(2), &json!(5)));
    assert_eq!(status.body["metadata"]["generation"], 1);
    let both = json!({"spec": {"replicas": 3}, "status": {"replicas": 7}});
    let spec = send(&server, "PATCH", &path, MERGE, both).await;
    assert_eq!((&spec.body["spec"]["replicas"], &spec.body["status"]["replicas"]), (&json!(3), &json!(5)));
    assert_eq!(spec.body["metadata"]["generation"], 2);
}

#[tokio::test]
async fn a_scale_is_a_view_of_the_object() {
    let server = TestServer::in_process();
    post(&server, DEPLOYMENTS, deployment()).await;
    let path = format!("{DEPLOYMENTS}/web/scale");
    let scale = get(&server, &path).await.body;
    assert_eq!(
        (&scale["kind"], &scale["spec"]["replicas"], &scale["status"]["selector"]),
        (&json!("Scale"), &json!(2), &json!("app=web"))
    );
    let mut changed = scale.clone();
    changed["spec"]["replicas"] = 4.into();
    assert_eq!(put(&server, &path, changed.clone()).await.body["spec"]["replicas"], 4);
    assert_eq!(put(&server, &path, changed).await.reason(), "Conflict");
    assert_eq!(send(&server, "PATCH", &path, MERGE, json!({"spec": {"replicas": 6}})).await.status, 200);
    assert_eq!(get(&server, &format!("{DEPLOYMENTS}/web")).await.body["spec"]["replicas"], 6);
    assert_eq!(send(&server, "PATCH", &path, MERGE, json!({"spec": {"replicas": "x"}})).await.status, 400);
}

#[tokio::test]
async fn strategic_merge_patches_know_the_keys_of_lists() {
    let server = TestServer::in_process();
    post(&server, DEPLOYMENTS, deployment()).await;
    let path = format!("{DEPLOYMENTS}/web");
    let containers = |list: Value| json!({"spec": {"template": {"spec": {"containers": list}}}});
    let images = |body: &Value| -> Vec<String> {
        let list = body["spec"]["template"]["spec"]["containers"].as_array().unwrap();
        list.iter()
            .map(|item| format!("{}={}", item["name"].as_str().unwrap(), item["image"].as_str().unwrap()))
            .collect()
    };
    let table = [
        (json!([{"name": "web", "image": "web:2"}]), vec!["web=web:2", "side=side:1"]),
        (json!([{"name": "new", "image": "new:1"}]), vec!["web=web:2", "side=side:1", "new=new:1"]),
        (json!([{"name": "side", "$patch": "delete"}]), vec!["web=web:2", "new=new:1"]),
        (json!([{"$patch": "replace"}, {"name": "only", "image": "only:1"}]), vec!["only=only:1"]),
    ];
    for (patch, expected) in table {
        let patched = send(&server, "PATCH", &path, STRATEGIC, containers(patch)).await;
        assert_eq!(images(&patched.body), expected);
    }
    let keyless = send(&server, "PATCH", &path, STRATEGIC, containers(json!([{"image": "x"}]))).await;
    assert_eq!(keyless.status, 400);
}

#[tokio::test]
async fn applies_own_fields_and_conflict_over_them() {
    let server = TestServer::in_process();
    let path = format!("{MAPS}/a");
    let apply = |manager: &str, query: &str, data: Value| {
        let body = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": data});
        let path = format!("{path}?fieldManager={manager}{query}");
        let server = &server;
        async move { send(server, "PATCH", &path, APPLY, body).await }
    };
    let created = apply("one", "", json!({"a": "1", "b": "1"})).await;
    assert_eq!(created.status, 201);
    let fields = &created.body["metadata"]["managedFields"][0];
    assert_eq!(
        (&fields["operation"], &fields["fieldsV1"]),
        (&json!("Apply"), &json!({"f:data": {"f:a": {}, "f:b": {}}}))
    );

    let refused = apply("two", "", json!({"a": "2"})).await;
    assert_eq!(
        (refused.status, refused.message()),
        (409, "Apply failed with 1 conflict: conflict with \"one\": .data.a")
    );
    assert_eq!(refused.body["details"]["causes"][0]["reason"], "FieldManagerConflict");
    assert_eq!(apply("two", "", json!({"a": "1"})).await.status, 200, "who agrees shares the field");
    assert_eq!(apply("two", "&force=true", json!({"a": "2"})).await.body["data"], json!({"a": "2", "b": "1"}));
    let given_up = apply("one", "", json!({})).await;
    assert_eq!(given_up.body["data"], json!({"a": "2"}), "what nobody has any more is gone");
    let same = apply("two", "", json!({"a": "2"})).await;
    assert_eq!(same.version(), given_up.version(), "an apply that changes nothing makes no version");

    send(&server, "PATCH", &path, MERGE, json!({"data": {"a": "3"}})).await;
    let refused = apply("two", "", json!({"a": "2"})).await;
    assert_eq!(refused.message(), "Apply failed with 1 conflict: conflict with \"tester\" using v1: .data.a");
}

#[tokio::test]
async fn applies_merge_lists_by_their_keys() {
    let server = TestServer::in_process();
    let path = format!("{DEPLOYMENTS}/web");
    let apply = |manager: &str, containers: Value| {
        let template = json!({"spec": {"containers": containers}});
        let body = json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {"template": template},
        });
        let path = format!("{path}?fieldManager={manager}");
        let server = &server;
        async move { send(server, "PATCH", &path, APPLY, body).await }
    };
    let ports = json!([{"containerPort": 80}, {"containerPort": 80, "protocol": "UDP"}]);
    apply("one", json!([{"name": "web", "image": "web:1", "ports": ports}])).await;
    let both = apply("two", json!([{"name": "side", "image": "side:1"}, {"name": "web", "tty": true}])).await;
    let containers = &both.body["spec"]["template"]["spec"]["containers"];
    assert_eq!(containers[0]["name"], "side");
    assert_eq!(
        (&containers[1]["image"], &containers[1]["tty"], containers[1]["ports"].as_array().map(Vec::len)),
        (&json!("web:1"), &json!(true), Some(2))
    );
    let less = apply("one", json!([{"name": "web", "image": "web:1", "ports": [{"containerPort": 80}]}])).await;
    assert_eq!(less.body["spec"]["template"]["spec"]["containers"][1]["ports"], json!([{"containerPort": 80}]));
    let gone = apply("two", json!([])).await;
    let containers = gone.body["spec"]["template"]["spec"]["containers"].as_array().unwrap();
    assert_eq!((containers.len(), containers[0].get("tty")), (1, None));
}

const VERSION: &str = "    selectableFields: [{jsonPath: .spec.color}]
    subresources:
      status: {}
      scale: {specReplicasPath: .spec.count, statusReplicasPath: .status.count}
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            properties:
              color: {type: string}
              count: {type: integer}
              parts:
                type: array
                x-kubernetes-list-type: map
                x-kubernetes-list-map-keys: [name]
                items: {type: object, properties: {name: {type: string}, size: {type: integer}}}
          status: {type: object, x-kubernetes-preserve-unknown-fields: true}
";

#[tokio::test]
async fn a_definition_adds_a_resource_until_it_is_deleted() {
    let server = TestServer::in_process();
    let path = "/apis/example.com/v1/namespaces/default/widgets";
    assert_eq!(get(&server, path).await.status, 404);
    server.load_yaml(&widgets(VERSION).replace("kind: Widget}", "kind: Widget, shortNames: [wd]}")).unwrap();
    let spec = json!({"color": "red", "count": 2, "other": 1, "parts": [{"name": "a", "size": 1}]});
    let widget = json!({"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w"}, "spec": spec});
    let created = post(&server, path, widget).await;
    assert_eq!((created.status, created.body["spec"].get("other")), (201, None), "what the schema has not is pruned");
    assert_eq!(get(&server, &format!("{path}?fieldSelector=spec.color%3Dred")).await.names(), ["w"]);
    assert_eq!(get(&server, &format!("{path}/w/scale")).await.body["spec"]["replicas"], 2);
    let body = json!({
        "apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w"}, "spec": {"parts": [{"name": "b"}]},
    });
    let applied = send(&server, "PATCH", &format!("{path}/w?fieldManager=m"), APPLY, body).await;
    assert_eq!(applied.body["spec"]["parts"], json!([{"name": "a", "size": 1}, {"name": "b"}]));
    assert_eq!(get(&server, "/apis/example.com/v1").await.body["resources"][0]["shortNames"], json!(["wd"]));
    let definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.example.com";
    delete(&server, definitions, Value::Null).await;
    assert_eq!(get(&server, path).await.status, 404);
}

#[tokio::test]
async fn what_is_left_out_says_so() {
    let server = TestServer::in_process();
    post(&server, PODS, pod("a", None)).await;
    let table =
        [get(&server, &format!("{PODS}/a/log")).await, post(&server, &format!("{PODS}/a/exec"), Value::Null).await];
    for answer in table {
        assert_eq!(answer.status, 501);
        assert!(answer.message().starts_with("the in-memory API server does not support"), "{answer:?}");
    }
}
