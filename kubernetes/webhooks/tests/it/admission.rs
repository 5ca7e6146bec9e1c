//! controller-runtime's `webhook_test.go` and `response_test.go`: the request and the response.

use std::time::Duration;

use kubernetes_core::json::Tree;
use kubernetes_core::{GroupVersionKind, Status};
use kubernetes_webhooks::{AdmissionRequest, Allowed, Denied, Operation, Webhook, Webhooks};
use serde_json::{Value, json};

use crate::support::{Lantern, Log, Notes, VALIDATE, lantern, post, review};

fn validating<A, E>(decide: fn() -> Result<A, E>) -> Webhooks
where
    A: Into<Allowed> + Send + 'static,
    E: Into<Denied> + Send + 'static,
{
    Webhooks::new().validate(move |_: AdmissionRequest<Lantern>| async move { decide() })
}

async fn ask(webhooks: &Webhooks) -> Value {
    post(webhooks, VALIDATE, &review("CREATE", &lantern("red"), &Value::Null)).await
}

#[tokio::test]
async fn should_invoke_the_handler_to_get_a_response() {
    let notes = Notes::default();
    let noted = notes.clone();
    let webhooks = Webhooks::new().validate(move |request: AdmissionRequest<Lantern>| {
        let noted = noted.clone();
        async move {
            noted.add(request.object.map_or("none".to_owned(), |lantern| lantern.color));
            Ok::<(), Denied>(())
        }
    });
    assert_eq!(ask(&webhooks).await["allowed"], true);
    assert_eq!(notes.all(), ["red"]);
}

#[tokio::test]
async fn should_ensure_that_the_responses_uid_is_set_to_the_requests_uid() {
    assert_eq!(ask(&validating(|| Ok::<_, Denied>(()))).await["uid"], "u-1");
    assert_eq!(ask(&validating(|| Err::<(), _>("no"))).await["uid"], "u-1");
}

#[tokio::test]
async fn should_populate_the_status_on_a_response_if_one_is_not_provided() {
    assert_eq!(ask(&validating(|| Ok::<_, Denied>(()))).await["status"]["code"], 200);
}

#[tokio::test]
async fn shouldnt_overwrite_the_status_on_a_response() {
    let response = ask(&validating(|| {
        let status = Status { code: Some(418), message: Some("a teapot".into()), ..Status::default() };
        Err::<(), _>(Denied::from(status))
    }))
    .await;
    assert_eq!((&response["status"]["code"], &response["status"]["message"]), (&json!(418), &json!("a teapot")));
    assert_eq!(response["allowed"], false);
}

#[tokio::test]
async fn should_return_a_not_allowed_response_with_a_reason() {
    let response = ask(&validating(|| {
        Err::<(), _>(Denied::new("too dark").cause("spec.color", "must not be black").code(422).reason("Invalid"))
    }))
    .await;
    let status = &response["status"];
    assert_eq!((&status["code"], &status["reason"]), (&json!(422), &json!("Invalid")));
    assert_eq!(status["message"], "too dark");
    assert_eq!(status["details"]["causes"][0], json!({"field": "spec.color", "message": "must not be black"}));
}

#[tokio::test]
async fn warnings_and_audit_annotations_are_part_of_either_decision() {
    let allowed = ask(&validating(|| {
        Ok::<_, Denied>(Allowed::new().warning("old").warning("slow").audit_annotation("color", "red"))
    }))
    .await;
    let denied = ask(&validating(|| {
        Err::<(), _>(Denied::new("no").warning("old").warning("slow").audit_annotation("color", "red"))
    }))
    .await;
    for response in [allowed, denied] {
        assert_eq!(response["warnings"], json!(["old", "slow"]));
        assert_eq!(response["auditAnnotations"], json!({"color": "red"}));
    }
}

/// The API server drops a warning with a control character, since it can't be in a header.
#[tokio::test]
async fn a_warning_of_several_lines_becomes_one_line() {
    let response = ask(&validating(|| Ok::<_, Denied>(Allowed::new().warning("old:\n\tuse spec.colors")))).await;
    assert_eq!(response["warnings"], json!(["old:  use spec.colors"]));
    let response = ask(&validating(|| Err::<(), _>(Denied::new("no").warning("old\u{7f}")))).await;
    assert_eq!(response["warnings"], json!(["old "]));
}

#[tokio::test]
async fn should_recover_panic() {
    let webhooks = Webhooks::new().validate(|request: AdmissionRequest<Lantern>| async move {
        assert!(request.object.is_none(), "a bug");
        Ok::<(), Denied>(())
    });
    let response = ask(&webhooks).await;
    assert_eq!((&response["allowed"], &response["uid"]), (&json!(false), &json!("u-1")));
    assert_eq!(response["status"]["code"], 500);
    assert_eq!(response["status"]["message"], "panic: a bug [recovered]");
}

#[tokio::test(start_paused = true)]
async fn a_handler_is_canceled_when_the_server_stops_waiting() {
    let notes = Notes::default();
    let noted = notes.clone();
    let webhooks = Webhooks::new().validate(move |request: AdmissionRequest<Lantern>| {
        let noted = noted.clone();
        async move {
            noted.add(format!("{:?}", request.remaining()));
            tokio::time::sleep(Duration::from_secs(60)).await;
            noted.add("done");
            Ok::<(), Denied>(())
        }
    });
    let body = review("CREATE", &lantern("red"), &Value::Null);
    for (query, waited) in [("?timeout=3s", 3), ("", 10), ("?dryRun=true&timeout=1h", 30), ("?timeout=soon", 10)] {
        let start = tokio::time::Instant::now();
        let response = post(&webhooks, &format!("{VALIDATE}{query}"), &body).await;
        assert_eq!(response["status"]["code"], 504, "{response}");
        assert_eq!(start.elapsed().as_secs(), waited, "{query}");
    }
    assert_eq!(notes.all(), ["3s", "10s", "30s", "10s"]);
}

#[tokio::test]
async fn the_request_is_what_the_server_sent() {
    let notes = Notes::default();
    let noted = notes.clone();
    let webhooks = Webhooks::new().with(Webhook::validating_at("/any", move |request: AdmissionRequest<Tree>| {
        let noted = noted.clone();
        async move {
            assert_eq!(request.kind, GroupVersionKind::new("light.example.com", "v1", "Lantern"));
            assert_eq!(request.request_kind, GroupVersionKind::new("light.example.com", "v1beta1", "Lantern"));
            assert_eq!((&*request.subresource, &*request.request_subresource), ("status", "state"));
            assert_eq!((&*request.name, &*request.namespace), ("porch", "home"));
            assert!(request.dry_run && request.operation == Operation::Update);
            assert_eq!(request.user_info.username.as_deref(), Some("ann"));
            assert!(request.options.as_str().contains("CreateOptions"));
            let color = |object: Option<Tree>| object?.at("/color")?.as_str().map(str::to_owned);
            noted.add(format!("{:?} {:?}", color(request.old_object), color(request.object)));
            Ok::<(), Denied>(())
        }
    }));
    let mut body = review("UPDATE", &lantern("red"), &lantern("blue"));
    body["request"]["requestKind"]["version"] = "v1beta1".into();
    body["request"]["subResource"] = "status".into();
    body["request"]["requestSubResource"] = "state".into();
    body["request"]["dryRun"] = true.into();
    assert_eq!(post(&webhooks, "/any", &body).await["status"]["code"], 200);
    assert_eq!(notes.all(), [r#"Some("blue") Some("red")"#]);
}

#[tokio::test]
async fn an_error_of_a_client_keeps_its_status() {
    let webhooks = Webhooks::new().validate(|_: AdmissionRequest<Lantern>| async {
        let status = Status { code: Some(404), reason: Some("NotFound".into()), ..Status::default() };
        Err::<(), _>(kubernetes_client::Error::from_status(status))
    });
    let response = ask(&webhooks).await;
    assert_eq!((&response["status"]["code"], &response["status"]["reason"]), (&json!(404), &json!("NotFound")));
    let broken = Webhooks::new().validate(|_: AdmissionRequest<Lantern>| async {
        Err::<(), _>(kubernetes_client::Error::from_transport("connection reset"))
    });
    assert_eq!(ask(&broken).await["status"]["code"], 500);
}

/// controller-runtime's "should pass a request logger via the context".
#[tokio::test]
async fn events_of_handlers_tell_the_request() {
    let log = Log::start(tracing::Level::DEBUG);
    let webhooks = Webhooks::new().validate(|_: AdmissionRequest<Lantern>| async {
        tracing::info!("deciding");
        Ok::<(), Denied>(())
    });
    ask(&webhooks).await;
    let text = log.text();
    let line = text.lines().find(|line| line.contains("deciding")).expect("the event");
    for field in ["admission{", "uid=\"u-1\"", "operation=\"CREATE\"", "namespace=\"home\" name=\"porch\" user=\"ann\""]
    {
        assert!(line.contains(field), "{field}: {line}");
    }
}
