//! controller-runtime's tests of `pkg/webhook/authentication`, by their names, and what a token must not do.

use std::time::Duration;

use http::{Request, StatusCode};
use kubernetes_models::authentication::v1::{TokenReviewSpec, UserInfo};
use kubernetes_serving::MetricsText;
use kubernetes_webhooks::{Authentication, ReviewRequest, Webhooks};
use serde_json::{Value, json};

use super::post;
use crate::support::{Log, send};

const PATH: &str = "/authenticate";
/// A token that texts may show in other forms than it was sent.
const OPAQUE: &str = r#"se+cret/"=="#;

fn ann() -> UserInfo {
    UserInfo { username: Some("ann".into()), groups: vec!["shop".into()], ..UserInfo::default() }
}

/// The token says what the handler does.
async fn handle(request: ReviewRequest<TokenReviewSpec>) -> Result<Authentication, String> {
    tracing::info!(?request, "checking");
    match request.spec.token.as_str() {
        "ann's-secret" => Ok(ann().into()),
        "for-vault" => Ok(Authentication::authenticated(ann()).audiences(["vault", "other"])),
        "nameless" => Ok(UserInfo::default().into()),
        "failing-secret" => Err(format!("GET https://issuer/check?token={} failed", request.spec.token)),
        OPAQUE => Err(format!("GET https://issuer/check?token=se%2Bcret%2F%22%3D%3D failed: {OPAQUE:?} of {OPAQUE}")),
        "panicking-secret" => panic!("a bug with {}", request.spec.token),
        "slow" => {
            tokio::time::sleep(Duration::from_secs(60)).await;
            Ok(ann().into())
        }
        _ => Ok(Authentication::unauthenticated()),
    }
}

fn webhooks() -> Webhooks {
    Webhooks::new().authenticate_tokens(handle)
}

fn review(token: &str) -> Value {
    json!({
        "kind": "TokenReview",
        "apiVersion": "authentication.k8s.io/v1",
        "metadata": {"uid": "u-1", "creationTimestamp": null},
        "spec": {"token": token},
        "status": {"user": {}},
    })
}

async fn ask(body: &Value) -> Value {
    let (status, answer) = post(&webhooks(), PATH, body.to_string()).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    assert!(!answer.to_string().contains("secret"), "{answer}");
    answer
}

/// The error of a review that is not authenticated.
fn error(answer: &Value) -> &str {
    assert_eq!(answer["status"]["authenticated"], false, "{answer}");
    answer["status"]["error"].as_str().unwrap_or_default()
}

#[tokio::test]
async fn should_return_bad_request_when_given_an_empty_body() {
    let (status, answer) = post(&webhooks(), PATH, "").await;
    assert_eq!((status, error(&answer)), (StatusCode::OK, "request body is empty"));
}

#[tokio::test]
async fn should_return_bad_request_when_given_the_wrong_content_type() {
    let request = Request::post(PATH).header("content-type", "application/foo").body("{}".into()).expect("a request");
    let (status, body) = send(&webhooks(), request).await;
    let answer = serde_json::from_slice(&body).expect("a review");
    assert_eq!(status, StatusCode::OK);
    assert_eq!(error(&answer), "contentType=application/foo, expected application/json");
}

#[tokio::test]
async fn should_return_bad_request_when_given_an_undecodable_body() {
    let mut other = review("ann's-secret");
    other["apiVersion"] = "authentication.k8s.io/v2".into();
    let mut access = review("ann's-secret");
    access["kind"] = "SubjectAccessReview".into();
    let bodies =
        ["{", "[]", r#"{"spec": null}"#, r#"{"spec": {"token": 7}}"#, "{}", &other.to_string(), &access.to_string()];
    for body in bodies {
        let (status, answer) = post(&webhooks(), PATH, body.to_owned()).await;
        assert_eq!(status, StatusCode::OK);
        assert!(!error(&answer).is_empty(), "{body}: {answer}");
    }
    assert_eq!(error(&ask(&review("")).await), "token is empty");
}

#[tokio::test]
async fn should_error_when_given_an_infinite_body() {
    let (status, answer) = post(&webhooks(), PATH, vec![b' '; (1 << 20) + 1]).await;
    assert_eq!((status, error(&answer)), (StatusCode::OK, "request entity is too large; limit is 1048576 bytes"));
}

/// `v1beta1` is what an API server sends unless `--authentication-token-webhook-version=v1`.
#[tokio::test]
async fn should_return_the_response_given_by_the_handler_with_version_defaulted_to_v1() {
    for (sent, expected) in [
        (None, "authentication.k8s.io/v1"),
        (Some("authentication.k8s.io/v1"), "authentication.k8s.io/v1"),
        (Some("authentication.k8s.io/v1beta1"), "authentication.k8s.io/v1beta1"),
    ] {
        let mut body = review("ann's-secret");
        body["apiVersion"] = sent.into();
        if sent.is_none() {
            body["kind"].take();
        }
        let answer = ask(&body).await;
        let expected = json!({
            "kind": "TokenReview",
            "apiVersion": expected,
            "metadata": {"uid": "u-1"},
            "spec": {},
            "status": {"authenticated": true, "user": {"username": "ann", "groups": ["shop"]}},
        });
        assert_eq!(answer, expected);
    }
}

#[tokio::test]
async fn should_ensure_that_the_responses_uid_is_set_to_the_requests_uid() {
    for token in ["ann's-secret", "unknown", "failing-secret", "panicking-secret"] {
        assert_eq!(ask(&review(token)).await["metadata"]["uid"], "u-1", "{token}");
    }
}

#[tokio::test]
async fn should_return_a_not_allowed_response() {
    assert_eq!(
        ask(&review("unknown")).await["status"],
        json!({"authenticated": false}),
        "an unknown token is not an error"
    );
}

#[tokio::test]
async fn should_return_a_unauthenticated_response_with_an_error() {
    let answer = ask(&review("failing-secret")).await;
    assert_eq!(error(&answer), "GET https://issuer/check?token=[token] failed");
    let answer = ask(&review(OPAQUE)).await;
    assert_eq!(error(&answer), r#"GET https://issuer/check?token=[token] failed: "[token]" of [token]"#);
    let answer = ask(&review("panicking-secret")).await;
    assert_eq!(error(&answer), "the handler panicked");
    // Else it would be a user whom rules for "" apply to.
    assert_eq!(error(&ask(&review("nameless")).await), "the handler returned a user without a name");
}

#[tokio::test(start_paused = true)]
async fn a_handler_is_canceled_when_the_server_stops_waiting() {
    let start = tokio::time::Instant::now();
    assert_eq!(error(&ask(&review("slow")).await), "timed out waiting for the handler");
    assert_eq!(start.elapsed(), Duration::from_secs(30));
}

/// A token for one service must not be of use with another.
#[tokio::test]
async fn audiences_are_those_that_the_server_asks_for() {
    for (asked, expected) in [
        (json!([]), Some(json!(["vault", "other"]))),
        (json!(["vault", "api"]), Some(json!(["vault"]))),
        (json!(["api"]), None),
    ] {
        let mut body = review("for-vault");
        body["spec"]["audiences"] = asked;
        let status = ask(&body).await["status"].take();
        assert_eq!(status["authenticated"], expected.is_some(), "{status}");
        assert_eq!(status["audiences"], expected.unwrap_or_default());
    }
}

/// Not even one that a handler puts into its error, or logs with its request.
#[tokio::test]
async fn tokens_are_in_no_log_and_no_metric() {
    let log = Log::start(tracing::Level::TRACE);
    let webhooks = webhooks();
    for token in ["ann's-secret", "failing-secret", "panicking-secret", "an-unknown-secret"] {
        post(&webhooks, PATH, review(token).to_string()).await;
    }
    let text = log.text();
    assert!(text.contains("token_review{path=\"/authenticate\"}: ") && text.contains("token=[token] failed"), "{text}");
    let mut metrics = MetricsText::default();
    webhooks.metrics()(&mut metrics);
    let metrics = metrics.to_string();
    for line in [
        r#"controller_runtime_webhook_requests_total{code="200",webhook="/authenticate"} 4"#,
        "controller_runtime_webhook_panics_total 1",
    ] {
        assert!(metrics.lines().any(|found| found == line), "{line}\n{metrics}");
    }
    assert!(!text.contains("secret") && !metrics.contains("secret"), "{text}\n{metrics}");
}

#[test]
#[should_panic(expected = "two webhooks have the path /authenticate")]
fn should_panic_if_a_duplicate_path_is_registered() {
    let _ = webhooks()
        .authorize_at("authenticate", |_| async { Ok::<_, String>(kubernetes_webhooks::Authorization::deny()) });
}
