//! Changes of objects that others change too, and that have fields their type does not know.

use kubernetes_core::{Json, Object, ObjectMeta, Patch, ReadRequest, resource};
use kubernetes_dynamic::{ApiResource, DynamicObject};
use kubernetes_testing::{CustomResource, Fault, TestServer};
use kubernetes_utils::{Modify, modify};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Lantern {
    metadata: ObjectMeta,
    #[serde(default)]
    spec: Spec,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    status: Option<Status>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Spec {
    #[serde(default)]
    lamps: Vec<Lamp>,
    /// Always written, though the server's object has none.
    #[serde(default)]
    height: u32,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Lamp {
    name: String,
    #[serde(default)]
    watts: u32,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Status {
    phase: String,
}

resource!(Lantern: "light.example.com" / "v1" / "Lantern", "lanterns", namespaced, watch, serde);

fn server() -> TestServer {
    let server = TestServer::builder().resource(CustomResource::of::<Lantern>().with_status()).in_process();
    let object = json!({
        "apiVersion": "light.example.com/v1", "kind": "Lantern", "metadata": {"name": "red", "namespace": "default"},
        "spec": {"color": "red", "precise": 1.25,
            "lamps": [{"name": "a", "watts": 1, "maker": "x"}, {"name": "b", "watts": 2, "maker": "y", "deep": {"z": [1]}}]},
    });
    server.load_yaml(&object.to_string()).unwrap();
    server
}

fn red() -> ReadRequest<Lantern> {
    ReadRequest::namespaced("default", "red")
}

async fn spec(server: &TestServer) -> Value {
    let red: DynamicObject = ReadRequest::at(red().request().path.clone()).send(&server.client()).await.unwrap();
    red.get::<Json>("/spec").unwrap().unwrap().decode().unwrap()
}

/// The verbs of the requests so far.
fn verbs(server: &TestServer) -> Vec<String> {
    let verbs = server.requests().iter().map(|request| request.verb().to_owned()).collect();
    server.forget_requests();
    verbs
}

#[tokio::test(start_paused = true)]
async fn fields_that_the_type_does_not_know_survive_inside_the_items_of_lists() {
    let server = server();
    let changed = modify(&server.client(), red(), |red| {
        red.spec.lamps.insert(0, Lamp { name: "new".to_owned(), watts: 9 });
        red.spec.lamps[2].watts = 20;
    })
    .await
    .unwrap();
    assert_eq!(changed.spec.lamps.len(), 3);
    assert_eq!(
        spec(&server).await,
        json!({"color": "red", "precise": 1.25, "lamps": [{"name": "new", "watts": 9}, {"name": "a", "watts": 1, "maker": "x"},
            {"name": "b", "watts": 20, "maker": "y", "deep": {"z": [1]}}]}),
        "what did not change is as it was: the height, which is always written, is not set"
    );
    modify(&server.client(), red(), |red| red.spec.lamps.retain(|lamp| lamp.name == "b")).await.unwrap();
    let lamps = spec(&server).await["lamps"].clone();
    assert_eq!(lamps, json!([{"name": "b", "watts": 20, "maker": "y", "deep": {"z": [1]}}]));
    modify(&server.client(), red(), |red| red.spec.height = 3).await.unwrap();
    assert_eq!(spec(&server).await["height"], 3);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_if_nothing_has_changed() {
    let server = server();
    let before = red().send(&server.client()).await.unwrap();
    server.forget_requests();
    let same = modify(&server.client(), red(), |red| red.spec.height = 0).await.unwrap();
    assert_eq!(same, before);
    assert_eq!(verbs(&server), ["get"]);
}

#[tokio::test(start_paused = true)]
async fn a_change_of_another_in_between_is_kept() {
    let server = server();
    let mut calls = 0;
    let changed = {
        let server = &server;
        modify(&server.client(), red(), |red| {
            calls += 1;
            if calls == 1 {
                // Another is quicker than this one.
                let lantern = json!({"apiVersion": "light.example.com/v1", "kind": "Lantern", "spec": {"color": "blue"},
                    "metadata": {"name": "red", "namespace": "default", "labels": {"theirs": "kept"}}});
                server.load_yaml(&lantern.to_string()).unwrap();
            }
            red.metadata.labels.insert("mine", "too");
        })
        .await
        .unwrap()
    };
    assert_eq!(calls, 2);
    assert_eq!((&*changed.metadata.labels["theirs"], &*changed.metadata.labels["mine"]), ("kept", "too"));
    assert_eq!(verbs(&server), ["get", "patch", "get", "patch"]);
    assert_eq!(spec(&server).await, json!({"color": "blue"}));
}

#[tokio::test(start_paused = true)]
async fn conflicts_are_retried_and_no_other_error_is() {
    let server = server();
    let client = server.client();
    server.inject(Fault::status(409).verb("patch").times(4));
    modify(&client, red(), |red| red.spec.height += 1).await.unwrap();
    assert_eq!(verbs(&server).len(), 10, "four conflicts, and the fifth attempt");
    server.inject(Fault::status(409).verb("patch").times(5));
    let error = modify(&client, red(), |red| red.spec.height += 1).await.unwrap_err();
    assert!(error.is_conflict());
    assert_eq!(verbs(&server).len(), 10);
    server.inject(Fault::status(403).verb("patch"));
    assert!(modify(&client, red(), |red| red.spec.height += 1).await.unwrap_err().is_forbidden());
    assert_eq!(verbs(&server), ["get", "patch"]);
    let nothing = ReadRequest::<Lantern>::namespaced("default", "nothing");
    assert!(modify(&client, nothing, |_| unreachable!("there is no object")).await.unwrap_err().is_not_found());
}

#[tokio::test(start_paused = true)]
async fn the_status_is_changed_at_its_own_path() {
    let server = server();
    let client = server.client();
    modify(&client, red().subresource("status"), |red| {
        red.status.get_or_insert_default().phase = "Lit".to_owned();
        red.spec.height = 7;
    })
    .await
    .unwrap();
    let read = red().send(&client).await.unwrap();
    assert_eq!(read.status.unwrap().phase, "Lit");
    assert_eq!(read.spec.height, 0, "only the status is written there");
}

#[tokio::test(start_paused = true)]
async fn dynamic_objects_are_changed_by_their_paths() {
    let server = server();
    let client = server.client();
    let lanterns = ApiResource::namespaced::<Lantern>().in_namespace("default");
    let changed = modify(&client, lanterns.read("red"), |red| {
        red.set("/spec/lamps/0/watts", &5).unwrap();
        red.metadata.annotations.insert("example.com/seen", "yes");
    })
    .await
    .unwrap();
    assert_eq!(changed.get::<i32>("/spec/lamps/0/watts").unwrap(), Some(5));
    assert_eq!(changed.get::<String>("/spec/lamps/0/maker").unwrap().as_deref(), Some("x"));
    let patch = server.requests().last().unwrap().json();
    let paths: Vec<_> = patch.as_array().unwrap().iter().map(|operation| operation["path"].as_str().unwrap()).collect();
    assert_eq!(paths, ["/metadata/annotations", "/spec/lamps/0/watts", "/metadata/resourceVersion"]);
}

#[tokio::test(start_paused = true)]
async fn options_are_parameters_of_the_patch() {
    let server = server();
    let client = server.client();
    let change = Modify::new(red()).field_manager("me").field_validation("Strict").dry_run("All");
    let tried = change.send(&client, |red| red.spec.height = 9).await.unwrap();
    assert_eq!(tried.spec.height, 9);
    assert_eq!(red().send(&client).await.unwrap().spec.height, 0);
    let query = &server.requests().iter().find(|request| request.verb() == "patch").unwrap().query.clone();
    for part in ["fieldManager=me", "fieldValidation=Strict", "dryRun=All"] {
        assert!(query.contains(part), "{query}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_built_in_object_is_changed_in_a_task_of_its_own() {
    let server = server();
    let client = server.client();
    let namespace: DynamicObject = serde_json::from_value(json!({"apiVersion": "v1", "kind": "Namespace",
        "metadata": {"name": "shop"}}))
    .unwrap();
    let namespaces = ApiResource::new(&namespace.group_version_kind().unwrap(), "namespaces", false).cluster();
    namespaces.create(&namespace).send(&client).await.unwrap();
    let patch = Patch::merge(&json!({"metadata": {"labels": {"a": "1"}}}));
    namespaces.patch("shop", &patch).send(&client).await.unwrap();
    let request = namespaces.read("shop");
    let changed =
        tokio::spawn(
            async move { modify(&client, request, |namespace| drop(namespace.metadata.labels.remove("a"))).await },
        );
    assert!(!changed.await.unwrap().unwrap().metadata.labels.contains_key("a"));
}
