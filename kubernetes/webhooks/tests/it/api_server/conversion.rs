use std::convert::Infallible;

use bytes::Bytes;
use futures_util::StreamExt as _;
use http::{Request, Response};
use http_body_util::Full;
use kubernetes_core::{
    CreateRequest, DeleteRequest, Execute as _, ListRequest, ObjectMeta, Patch, PatchRequest, ReadRequest,
    ReplaceRequest,
};
use kubernetes_testing::TestServer;
use kubernetes_webhooks::{AdmissionRequest, Denied, Webhooks};
use serde_json::{Value, json};
use tower_service::Service;

use super::{create, refused, serve};
use crate::support::{Lantern, Notes, OldLantern, OldestLantern, answering, converter};

/// All versions are read, written, listed and watched; the hub is stored.
#[tokio::test(start_paused = true)]
async fn versions_are_converted() {
    let (server, client) = serve(Webhooks::new().convert(converter())).await;
    let watch = ListRequest::<OldLantern>::namespaced("default").request().clone();
    let first = OldLantern { paint: "red".into(), ..OldLantern::named("a") };
    let created = CreateRequest::namespaced("default", &first);
    assert_eq!(created.send(&client).await.expect("it is converted to be stored").paint, "red");
    let mut hub = ReadRequest::<Lantern>::namespaced("default", "a").send(&client).await.expect("the hub");
    assert_eq!((hub.color.as_str(), hub.bulbs), ("red", 1));
    hub.bulbs = 5;
    ReplaceRequest::namespaced("default", &hub).send(&client).await.expect("it is stored");
    let mut old = ReadRequest::<OldLantern>::namespaced("default", "a").send(&client).await.expect("it is converted");
    old.paint = "blue".into();
    ReplaceRequest::namespaced("default", &old).send(&client).await.expect("it is converted");
    let hub = ReadRequest::<Lantern>::namespaced("default", "a").send(&client).await.expect("the hub");
    assert_eq!((hub.color.as_str(), hub.bulbs), ("blue", 5), "the old version has kept what it can't hold");
    create(&client, "b", "red").await.expect("the hub");
    let oldest = ListRequest::<OldestLantern>::namespaced("default").send(&client).await.expect("a list");
    assert_eq!(oldest.items.iter().map(|lantern| lantern.is_red).collect::<Vec<_>>(), [false, true]);

    let mut watch = watch;
    watch.query.set("watch", true);
    let mut events = client.open(watch).await.expect("a watch");
    let mut text = String::new();
    while text.matches("ADDED").count() < 2 {
        text.push_str(std::str::from_utf8(&events.next().await.expect("events").expect("no error")).expect("text"));
    }
    let patch = Patch::merge(&serde_json::json!({"color": "green"}));
    PatchRequest::<Lantern>::namespaced("default", "b", &patch).send(&client).await.expect("it is changed");
    DeleteRequest::<Lantern>::namespaced("default", "b").send(&client).await.expect("it is deleted");
    while !text.contains("DELETED") {
        text.push_str(std::str::from_utf8(&events.next().await.expect("events").expect("no error")).expect("text"));
    }
    let colors: Vec<&str> = text.split("\"paint\":\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert_eq!(colors, ["blue", "red", "green", "green"], "{text}");
    assert!(!text.contains("\"kind\":\"Lantern\",\"apiVersion\":\"light.example.com/v1\""), "{text}");

    server.serve_webhooks("lights.default.svc", Webhooks::new());
    ReadRequest::<Lantern>::namespaced("default", "a").send(&client).await.expect("the hub needs no conversion");
    let metadata = ObjectMeta { name: Some("c".into()), ..ObjectMeta::default() };
    let old = OldLantern { metadata, paint: "red".into() };
    let failed = refused(CreateRequest::namespaced("default", &old).send(&client).await);
    let expected = "conversion webhook for light.example.com/v1beta1, Kind=Lantern failed: the server could not find the requested resource";
    assert_eq!((failed.0, failed.2.as_str()), (500, expected));
}

/// A webhook for one version gets objects of all, converted to its own.
#[tokio::test(start_paused = true)]
async fn equivalent_requests_are_converted_for_webhooks() {
    let validating = |request: AdmissionRequest<Lantern>| async move {
        assert_eq!((&*request.kind.version, &*request.request_kind.version), ("v1", "v1beta1"));
        match request.object.map(|lantern| lantern.color).as_deref() {
            Some("black") => Err(Denied::new("too dark")),
            _ => Ok(()),
        }
    };
    let (_server, client) = serve(Webhooks::new().validate(validating).convert(converter())).await;
    let create = |paint: &str| {
        let (client, old) = (client.clone(), OldLantern { paint: paint.into(), ..OldLantern::named(paint) });
        async move { CreateRequest::namespaced("default", &old).send(&client).await }
    };
    create("red").await.expect("it is allowed");
    assert_eq!(refused(create("black").await).0, 403);
}

/// A converter whose right answers are changed. Notes the query, the version, and how many objects there are.
fn converting(
    notes: Notes,
    change: impl Fn(&mut Value) + Clone + Send + Sync + 'static,
) -> impl Service<Request<Full<Bytes>>, Response = Response<Full<Bytes>>, Error = Infallible, Future: Send>
+ Clone
+ Send
+ Sync
+ 'static {
    answering(move |query, review| {
        let request = &review["request"];
        let mut objects = request["objects"].as_array().cloned().unwrap_or_default();
        objects.iter_mut().for_each(|object| object["apiVersion"] = request["desiredAPIVersion"].clone());
        notes.add(format!("{query} {} {}", review["apiVersion"].as_str().unwrap_or_default(), objects.len()));
        let result = json!({"status": "Success"});
        let response = json!({"uid": request["uid"], "result": result, "convertedObjects": objects});
        let mut answer = json!({"apiVersion": review["apiVersion"], "kind": "ConversionReview", "response": response});
        change(&mut answer);
        answer
    })
}

async fn read(server: &TestServer) -> Result<OldLantern, kubernetes_client::Error> {
    ReadRequest::<OldLantern>::namespaced("default", "a").send(&server.client()).await
}

const FAILED: &str = "conversion webhook for light.example.com/v1, Kind=Lantern failed: ";
const RETURNED: &str = "conversion webhook for light.example.com/v1, Kind=Lantern returned ";
const CONVERTED: &str = "/response/convertedObjects/0";

/// The error of a read whose converter sets a value in its answer.
async fn fault_of(server: &TestServer, pointer: &str, value: Value) -> String {
    let pointer = pointer.to_owned();
    let change = move |answer: &mut Value| {
        let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
        let parent = answer.pointer_mut(parent).expect("the parent");
        match parent {
            Value::Array(items) => items[key.parse::<usize>().expect("an index")] = value.clone(),
            parent => parent[key] = value.clone(),
        }
    };
    server.serve_webhooks("lights.default.svc", converting(Notes::default(), change));
    refused(read(server).await).2
}

/// Like `getConvertedObjectsFromResponse` and its like check.
#[tokio::test(start_paused = true)]
async fn answers_of_converters_are_checked() {
    let (server, client) = serve(Webhooks::new().convert(converter())).await;
    create(&client, "a", "red").await.expect("it is stored");
    let review = "expected webhook response of apiextensions.k8s.io/v1, Kind=ConversionReview, got \
                  apiextensions.k8s.io/v1, Kind=Other";
    let version = "invalid groupVersion (expected light.example.com/v1beta1, received x/v1)";
    for (pointer, value, expected) in [
        ("/kind", json!("Other"), format!("{FAILED}{review}")),
        ("/response", Value::Null, format!("{FAILED}no response provided")),
        ("/response/result", json!({"status": "Failure", "message": "no"}), format!("{FAILED}no")),
        ("/response/result", json!({}), format!("{FAILED}response.result.status was '', not 'Success'")),
        ("/response/convertedObjects", json!([]), format!("{RETURNED}0 objects, expected 1")),
        (CONVERTED, json!({"apiVersion": "x/v1"}), format!("{RETURNED}invalid object at index 0: {version}")),
        (
            &format!("{CONVERTED}/kind"),
            json!("Torch"),
            format!("{RETURNED}invalid object at index 0: invalid kind (expected Lantern, received Torch)"),
        ),
    ] {
        assert_eq!(fault_of(&server, pointer, value).await, expected);
    }
}

/// Like `restoreObjectMeta`.
#[tokio::test(start_paused = true)]
async fn metadata_of_converted_objects_is_checked() {
    let (server, client) = serve(Webhooks::new().convert(converter())).await;
    create(&client, "a", "red").await.expect("it is stored");
    let invalid = format!("{RETURNED}invalid metadata: ");
    let label = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and \
                 must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', \
                 regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
    for (field, value, expected) in [
        ("name", json!("b"), format!("{RETURNED}invalid object: must have the same name: a != b")),
        (
            "labels",
            json!({"a": 1}),
            format!("{invalid}metadata.labels[a] must be a string, but is int64 in converted object"),
        ),
        (
            "annotations",
            json!([]),
            format!("{invalid}invalid metadata.annotations of type []interface {{}} in converted object"),
        ),
        ("labels", json!({"a": "-"}), format!("{invalid}metadata.labels: Invalid value: \"-\": {label}")),
    ] {
        assert_eq!(fault_of(&server, &format!("{CONVERTED}/metadata/{field}"), value).await, expected);
    }
    // As its name is gone, too.
    let fault = fault_of(&server, &format!("{CONVERTED}/metadata"), Value::Null).await;
    assert!(fault.contains("must have the same name"), "{fault}");
}

/// The API server sends the first version that it knows, and no timeout.
#[tokio::test(start_paused = true)]
async fn reviews_have_the_first_known_version() {
    let (server, client) = serve(Webhooks::new().convert(converter())).await;
    create(&client, "a", "red").await.expect("it is stored");
    let notes = Notes::default();
    server.serve_webhooks("lights.default.svc", converting(notes.clone(), |_| {}));
    read(&server).await.expect("it is converted");
    let patch =
        Patch::merge(&json!({"spec": {"conversion": {"webhook": {"conversionReviewVersions": ["v1beta1", "v1"]}}}}));
    let name = "lanterns.light.example.com";
    let request = PatchRequest::<kubernetes_core::schema::Definition>::cluster(name, &patch);
    request.send(&client).await.expect("the definition is changed");
    create(&client, "b", "red").await.expect("it is stored");
    // An answer in the older version needs no identity.
    let anonymous = |answer: &mut Value| drop(answer["response"]["uid"].take());
    server.serve_webhooks("lights.default.svc", converting(notes.clone(), anonymous));
    ReadRequest::<OldLantern>::namespaced("default", "b").send(&client).await.expect("it is converted");
    assert_eq!(notes.all(), [" apiextensions.k8s.io/v1 1", " apiextensions.k8s.io/v1beta1 1"]);
}

/// Each object is converted by a call of its own, and once.
#[tokio::test(start_paused = true)]
async fn the_objects_of_lists_are_converted() {
    let (server, client) = serve(Webhooks::new().convert(converter())).await;
    for index in 0..120 {
        create(&client, &format!("x-{index:03}"), "red").await.expect("it is stored");
    }
    let notes = Notes::default();
    server.serve_webhooks("lights.default.svc", converting(notes.clone(), |_| {}));
    let list = ListRequest::<OldestLantern>::namespaced("default").send(&client).await.expect("all are converted");
    assert_eq!((list.items.len(), notes.all()), (120, vec![" apiextensions.k8s.io/v1 1".to_owned(); 120]));
    ListRequest::<OldestLantern>::namespaced("default").send(&server.client()).await.expect("they are kept");
    assert_eq!(notes.all().len(), 120);
    // A watch takes them by and by.
    let mut watch = ListRequest::<OldLantern>::namespaced("default").request().clone();
    watch.query.set("watch", true);
    let mut events = client.open(watch).await.expect("a watch");
    let mut text = String::new();
    while text.matches("ADDED").count() < 120 {
        text.push_str(std::str::from_utf8(&events.next().await.expect("events").expect("no error")).expect("text"));
    }
    assert_eq!(text.matches("light.example.com/v1beta1").count(), 120);
}
