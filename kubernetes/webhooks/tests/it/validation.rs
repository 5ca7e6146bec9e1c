//! controller-runtime's `validator_custom_test.go` and `decode_test.go`.

use kubernetes_core::Status;
use kubernetes_core::json::Tree;
use kubernetes_webhooks::{AdmissionRequest, Allowed, Denied, Operation, Webhook, Webhooks};
use serde_json::{Value, json};

use crate::support::{Lantern, VALIDATE, lantern, post, review};

/// The review of each operation.
fn reviews() -> [Value; 3] {
    let null = Value::Null;
    [
        review("CREATE", &lantern("red"), &null),
        review("UPDATE", &lantern("red"), &lantern("blue")),
        review("DELETE", &null, &lantern("red")),
    ]
}

fn validating<A, E>(decide: fn() -> Result<A, E>) -> Webhooks
where
    A: Into<Allowed> + Send + 'static,
    E: Into<Denied> + Send + 'static,
{
    let webhook = Webhook::validating(move |request: AdmissionRequest<Lantern>| async move {
        let objects = (request.object.is_some(), request.old_object.is_some());
        let expected = match request.operation {
            Operation::Create => (true, false),
            Operation::Update => (true, true),
            _ => (false, true),
        };
        assert_eq!(objects, expected);
        decide()
    });
    Webhooks::new().with(webhook.operations([Operation::Create, Operation::Update, Operation::Delete]))
}

#[tokio::test]
async fn should_return_200_in_response_when_create_update_or_delete_succeeds() {
    let webhooks = validating(|| Ok::<_, Denied>(()));
    let warning = validating(|| Ok::<_, Denied>(Allowed::new().warning("dim")));
    for review in reviews() {
        let response = post(&webhooks, VALIDATE, &review).await;
        assert_eq!((&response["allowed"], &response["status"]["code"]), (&json!(true), &json!(200)));
        assert_eq!(post(&warning, VALIDATE, &review).await["warnings"], json!(["dim"]), "with warning messages");
    }
}

#[tokio::test]
async fn should_propagate_the_status_from_validates_return_value_to_the_http_response() {
    let webhooks = validating(|| {
        let status = Status { code: Some(422), message: Some("unprocessable".into()), ..Status::default() };
        Err::<(), _>(Denied::from(status))
    });
    for review in reviews() {
        let response = post(&webhooks, VALIDATE, &review).await;
        assert_eq!((&response["allowed"], &response["status"]["code"]), (&json!(false), &json!(422)));
        assert_eq!(response["status"]["message"], "unprocessable");
    }
}

#[tokio::test]
async fn should_return_403_response_when_validate_returns_a_message() {
    let webhooks = validating(|| Err::<(), _>("go away"));
    for review in reviews() {
        let response = post(&webhooks, VALIDATE, &review).await;
        let status = &response["status"];
        assert_eq!((&status["code"], &status["reason"]), (&json!(403), &json!("Forbidden")));
        assert_eq!(status["message"], "go away");
    }
}

#[tokio::test]
async fn should_return_400_in_response_when_an_object_cant_be_decoded() {
    let webhooks = Webhooks::new().validate(|_: AdmissionRequest<Lantern>| async { Ok::<(), Denied>(()) });
    let mut wrong = lantern("red");
    wrong["bulbs"] = "many".into();
    let null = Value::Null;
    for (review, place) in [
        (review("CREATE", &wrong, &null), "object"),
        (review("UPDATE", &wrong, &lantern("red")), "object"),
        (review("UPDATE", &lantern("red"), &wrong), "oldObject"),
        (review("DELETE", &null, &wrong), "oldObject"),
    ] {
        let response = post(&webhooks, VALIDATE, &review).await;
        assert_eq!(response["status"]["code"], 400, "{response}");
        assert!(response["status"]["message"].as_str().is_some_and(|message| message.contains(place)), "{response}");
    }
}

#[tokio::test]
async fn should_fail_to_decode_if_the_object_doesnt_match_the_type() {
    let webhooks = Webhooks::new().validate(|_: AdmissionRequest<Lantern>| async { Ok::<(), Denied>(()) });
    let mut other = lantern("red");
    other["kind"] = "Torch".into();
    let response = post(&webhooks, VALIDATE, &review("CREATE", &other, &Value::Null)).await;
    assert_eq!(response["status"]["code"], 400, "{response}");
}

#[tokio::test]
async fn should_be_able_to_decode_any_type_and_an_object_without_a_type() {
    let typed = Webhooks::new().validate(|request: AdmissionRequest<Lantern>| async move {
        assert_eq!(request.object.map(|lantern| lantern.color).as_deref(), Some("red"));
        Ok::<(), Denied>(())
    });
    let object = json!({"metadata": {"name": "porch"}, "color": "red"});
    let review = review("CREATE", &object, &Value::Null);
    assert_eq!(post(&typed, VALIDATE, &review).await["allowed"], true);
    let dynamic = Webhook::validating_at(VALIDATE, |request: AdmissionRequest<Tree>| async move {
        let color = request.object.as_ref().and_then(|object| object.at("/color")).and_then(Tree::as_str);
        if color == Some("red") { Ok(()) } else { Err("another color") }
    });
    assert_eq!(post(&Webhooks::new().with(dynamic), VALIDATE, &review).await["allowed"], true);
}
