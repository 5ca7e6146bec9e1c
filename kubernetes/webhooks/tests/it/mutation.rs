//! controller-runtime's `defaulter_custom_test.go`, and patches of objects with special content.

use kubernetes_core::json::Tree;
use kubernetes_models::core::v1::{Container, Pod};
use kubernetes_webhooks::{AdmissionRequest, Allowed, Denied, Mutated, Operation, Webhook, Webhooks};
use serde_json::{Value, json};

use crate::support::{Lantern, MUTATE, lantern, patch, post, review};

/// Gives lanterns a bulb.
fn defaulting() -> Webhooks {
    let webhook = Webhook::mutating(|mut lantern: Lantern, request: AdmissionRequest<Lantern>| async move {
        assert!(request.object.is_none());
        lantern.bulbs = lantern.bulbs.max(1);
        Ok::<_, Denied>(lantern)
    });
    Webhooks::new().with(webhook.operations([Operation::Create, Operation::Delete]))
}

/// The object after the patch of a response.
fn patched(object: &Value, response: &Value) -> Value {
    let mut object = object.clone();
    let operations: json_patch::Patch = serde_json::from_value(patch(response)).expect("a JSON Patch");
    json_patch::patch(&mut object, &operations).expect("the patch applies");
    object
}

#[tokio::test]
async fn should_preserve_unknown_fields_by_default() {
    let mut object = lantern("red");
    object["shade"] = json!({"material": "paper", "size": 1.50});
    object["metadata"]["newField"] = json!([null]);
    let response = post(&defaulting(), MUTATE, &review("CREATE", &object, &Value::Null)).await;
    assert_eq!(response["patchType"], "JSONPatch");
    assert_eq!(patch(&response), json!([{"op": "add", "path": "/bulbs", "value": 1}]));
}

#[tokio::test]
async fn an_object_that_is_as_it_should_be_has_no_patch() {
    let mut object = lantern("red");
    object["bulbs"] = json!(3);
    object["shade"] = json!("paper");
    let response = post(&defaulting(), MUTATE, &review("CREATE", &object, &Value::Null)).await;
    assert_eq!(response["allowed"], true);
    assert!(response.get("patch").is_none() && response.get("patchType").is_none(), "{response}");
}

#[tokio::test]
async fn should_return_ok_if_received_delete_verb_in_defaulter_handler() {
    let response = post(&defaulting(), MUTATE, &review("DELETE", &Value::Null, &lantern("red"))).await;
    assert_eq!((&response["allowed"], &response["status"]["code"]), (&json!(true), &json!(200)));
    assert!(response.get("patch").is_none());
}

/// A stored object that today's type does not read can be repaired.
#[tokio::test]
async fn an_old_object_that_can_t_be_read_is_no_obstacle() {
    let webhooks = Webhooks::new().mutate(|lantern: Lantern, request: AdmissionRequest<Lantern>| async move {
        assert!(request.operation == Operation::Update && request.old_object.is_none());
        let error = request.old_object_error.expect("it is not taken for a create");
        assert!(error.starts_with("oldObject"), "{error}");
        Ok::<_, Denied>(lantern)
    });
    let mut old = lantern("red");
    old["bulbs"] = "many".into();
    let response = post(&webhooks, MUTATE, &review("UPDATE", &lantern("red"), &old)).await;
    assert_eq!(response["allowed"], true, "{response}");
}

#[tokio::test]
async fn a_refused_object_is_not_patched_and_warnings_are_sent() {
    let webhooks = Webhooks::new().mutate(|mut lantern: Lantern, _: AdmissionRequest<Lantern>| async move {
        lantern.bulbs += 1;
        if lantern.color == "black" {
            return Err(Denied::new("too dark"));
        }
        Ok(Mutated::new(lantern, Allowed::new().warning("bright")))
    });
    let response = post(&webhooks, MUTATE, &review("CREATE", &lantern("black"), &Value::Null)).await;
    assert!(response["allowed"] == false && response.get("patch").is_none(), "{response}");
    let response = post(&webhooks, MUTATE, &review("CREATE", &lantern("red"), &Value::Null)).await;
    assert_eq!(response["warnings"], json!(["bright"]));
}

#[tokio::test]
async fn keys_with_special_characters_are_escaped() {
    let webhooks = Webhooks::new().mutate(|mut lantern: Lantern, _: AdmissionRequest<Lantern>| async move {
        lantern.metadata.annotations.extend([("a/b~c\"d", "e\\f\n")]);
        lantern.metadata.labels.remove("x/y~z");
        Ok::<_, Denied>(lantern)
    });
    let mut object = lantern("red");
    object["metadata"]["annotations"] = json!({"x": "y"});
    object["metadata"]["labels"] = json!({"x/y~z": "1", "tier": "front"});
    let response = post(&webhooks, MUTATE, &review("CREATE", &object, &Value::Null)).await;
    let after = patched(&object, &response);
    assert_eq!(after["metadata"]["annotations"], json!({"x": "y", "a/b~c\"d": "e\\f\n"}));
    assert_eq!(after["metadata"]["labels"], json!({"tier": "front"}));
}

/// A sidecar goes before a container with a field that the model does not know.
#[tokio::test]
async fn items_of_lists_keep_their_unknown_fields() {
    let webhooks = Webhooks::new().mutate(|mut pod: Pod, _: AdmissionRequest<Pod>| async move {
        if let Some(spec) = &mut pod.spec {
            spec.containers.insert(0, Container { name: "proxy".into(), ..Container::default() });
            spec.containers[1].image = Some("web:2".into());
        }
        Ok::<_, Denied>(pod)
    });
    let object = json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web", "creationTimestamp": null},
        "spec": {"containers": [{"name": "web", "image": "web:1", "future": {"a": [1.0, null]}}], "future": null},
    });
    let response = post(&webhooks, "/mutate--v1-pod", &review("CREATE", &object, &Value::Null)).await;
    let mut expected = object.clone();
    expected["spec"]["containers"] =
        json!([{"name": "proxy"}, {"name": "web", "image": "web:2", "future": {"a": [1.0, null]}}]);
    assert_eq!(patched(&object, &response), expected);
}

#[tokio::test]
async fn objects_of_any_type_are_changed_as_documents() {
    let webhook = Webhook::mutating_at("/any", |mut object: Tree, _: AdmissionRequest<Tree>| async move {
        object
            .set("/spec/size", Tree::Number("1.500".into()))
            .map_err(|error| Denied::error(500, error.to_string()))?;
        Ok::<_, Denied>(object)
    });
    let object = json!({"kind": "Thing", "spec": {"old": 12345678901234567890_u64}});
    let response = post(&Webhooks::new().with(webhook), "/any", &review("UPDATE", &object, &object)).await;
    assert_eq!(response["allowed"], true, "{response}");
    let encoded: kubernetes_core::ByteString =
        kubernetes_core::json::from_str(&response["patch"].to_string()).expect("base64");
    assert_eq!(&*encoded, br#"[{"op":"add","path":"/spec/size","value":1.500}]"#, "numbers are as they were written");
}
