//! Reviews of access: what the API server's webhook authorizer does with the answers.

use std::time::Duration;

use http::StatusCode;
use kubernetes_webhooks::{Authorization, Caller, Webhooks};
use serde_json::{Value, json};

use super::post;
use crate::support::Log;

const PATH: &str = "/authorize";

/// The verb says what the handler does.
fn webhooks() -> Webhooks {
    Webhooks::new().authorize(|request| async move {
        let spec = &request.spec;
        let (user, groups) = (spec.user.as_deref().unwrap_or_default(), spec.groups.join(","));
        let verb = match (&spec.resource_attributes, &spec.non_resource_attributes) {
            (Some(to), None) => to.verb.clone(),
            (None, Some(to)) => to.path.clone(),
            _ => None,
        };
        match verb.as_deref() {
            Some("get" | "/healthz") => Ok(Authorization::allow().reason(format!("{user} of {groups}"))),
            Some("delete") => Ok(Authorization::deny().reason("nobody deletes")),
            Some("list") => Ok(Authorization::no_opinion().evaluation_error("a rule is missing")),
            Some("slow") => {
                tokio::time::sleep(Duration::from_secs(60)).await;
                Ok(Authorization::allow())
            }
            Some("panic") => panic!("a bug"),
            _ => Err("the rules can't be read"),
        }
    })
}

fn review(version: &str, verb: &str) -> Value {
    let groups = if version == "v1" { "groups" } else { "group" };
    json!({
        "kind": "SubjectAccessReview",
        "apiVersion": format!("authorization.k8s.io/{version}"),
        "metadata": {"creationTimestamp": null},
        "spec": {
            "resourceAttributes": {"namespace": "shop", "verb": verb, "version": "v1", "resource": "pods"},
            "user": "ann",
            groups: ["shop", "night"],
        },
        "status": {"allowed": false},
    })
}

async fn ask(body: &Value) -> (StatusCode, Value) {
    post(&webhooks(), PATH, body.to_string()).await
}

#[tokio::test]
async fn a_decision_is_sent_in_the_version_of_the_review() {
    for version in ["v1", "v1beta1"] {
        let (status, answer) = ask(&review(version, "get")).await;
        let expected = json!({
            "kind": "SubjectAccessReview",
            "apiVersion": format!("authorization.k8s.io/{version}"),
            "metadata": {},
            "spec": {},
            "status": {"allowed": true, "reason": "ann of shop,night"},
        });
        assert_eq!((status, answer), (StatusCode::OK, expected));
    }
}

#[tokio::test]
async fn access_is_allowed_denied_or_left_to_others() {
    let denied = json!({"allowed": false, "denied": true, "reason": "nobody deletes"});
    assert_eq!(ask(&review("v1", "delete")).await.1["status"], denied);
    let open = json!({"allowed": false, "evaluationError": "a rule is missing"});
    assert_eq!(ask(&review("v1", "list")).await.1["status"], open);
    let mut health = review("v1", "");
    health["spec"]["resourceAttributes"].take();
    health["spec"]["nonResourceAttributes"] = json!({"path": "/healthz", "verb": "get"});
    assert_eq!(ask(&health).await.1["status"]["allowed"], true);
}

/// An answer with an error in it would be "no opinion", and be remembered: the failure policy would not be asked.
#[tokio::test(start_paused = true)]
async fn a_failure_is_not_a_decision() {
    for (verb, code, message) in [
        ("fail", 500, "the rules can't be read"),
        ("panic", 500, "the handler panicked"),
        ("slow", 504, "timed out waiting for the handler"),
    ] {
        let (status, body) = ask(&review("v1", verb)).await;
        assert_eq!((status.as_u16(), body.as_str()), (code, Some(message)));
    }
    let log = Log::start(tracing::Level::INFO);
    ask(&review("v1", "panic")).await;
    assert!(log.text().contains("a bug"), "a panic is logged with its message: {}", log.text());
    for (body, code) in [("", 400), ("{", 400), ("{}", 400), (&review("v2", "get").to_string(), 400)] {
        assert_eq!(post(&webhooks(), PATH, body.to_owned()).await.0.as_u16(), code, "{body}");
    }
    assert_eq!(post(&webhooks(), PATH, vec![b' '; (1 << 20) + 1]).await.0.as_u16(), 413);
}

#[tokio::test]
async fn callers_are_authenticated() {
    let guarded = webhooks().authenticate_callers(|caller: Caller| async move {
        let is_known = caller.bearer_token() == Some("api-server");
        if is_known { Ok(()) } else { Err("unknown".to_owned()) }
    });
    assert_eq!(post(&guarded, PATH, review("v1", "get").to_string()).await.0, StatusCode::UNAUTHORIZED);
}
