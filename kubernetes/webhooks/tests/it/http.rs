//! controller-runtime's `http_test.go` (admission): requests that can't be handled.

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::Full;
use kubernetes_webhooks::{AdmissionRequest, Caller, Denied, Webhooks};
use serde_json::{Value, json};

use crate::support::{Lantern, VALIDATE, lantern, post, review, send};

fn webhooks() -> Webhooks {
    Webhooks::new().validate(|_: AdmissionRequest<Lantern>| async { Ok::<(), Denied>(()) })
}

fn request(content_type: &str, body: impl Into<Bytes>) -> Request<Full<Bytes>> {
    Request::post(VALIDATE).header("content-type", content_type).body(Full::new(body.into())).expect("a request")
}

/// The code and message in the review that is sent back.
async fn refused(webhooks: &Webhooks, request: Request<Full<Bytes>>) -> (u64, String) {
    let (status, body) = send(webhooks, request).await;
    assert_eq!(status, StatusCode::OK, "the code is in the review");
    let review: Value = serde_json::from_slice(&body).expect("a review");
    assert_eq!(review["response"]["allowed"], false);
    let status = &review["response"]["status"];
    (status["code"].as_u64().expect("a code"), status["message"].as_str().expect("a message").to_owned())
}

#[tokio::test]
async fn should_return_bad_request_when_given_an_empty_body() {
    let expected = (400, "request body is empty".to_owned());
    assert_eq!(refused(&webhooks(), request("application/json", "")).await, expected);
}

#[tokio::test]
async fn should_return_bad_request_when_given_the_wrong_content_type() {
    let expected = (400, "contentType=application/foo, expected application/json".to_owned());
    assert_eq!(refused(&webhooks(), request("application/foo", "{}")).await, expected);
}

#[tokio::test]
async fn should_return_bad_request_when_given_an_undecodable_body() {
    for body in ["{", "[]", r#"{"foo": "bar"}"#, r#"{"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1"}"#]
    {
        assert_eq!(refused(&webhooks(), request("application/json", body)).await.0, 400, "{body}");
    }
    let mut other = review("CREATE", &lantern("red"), &Value::Null);
    other["apiVersion"] = "admission.k8s.io/v2".into();
    let (code, message) = refused(&webhooks(), request("application/json", other.to_string())).await;
    assert!(code == 400 && message.contains("admission.k8s.io/v2"), "{message}");
}

#[tokio::test]
async fn should_error_when_given_an_infinite_body() {
    let expected = (413, "request entity is too large; limit is 7340032 bytes".to_owned());
    assert_eq!(refused(&webhooks(), request("application/json", vec![b' '; (7 << 20) + 1])).await, expected);
    let small = webhooks().max_admission_bytes(10);
    assert_eq!(refused(&small, request("application/json", "           ")).await.0, 413);
}

#[tokio::test]
async fn should_return_the_response_with_version_defaulted_to_v1() {
    for (sent, expected) in [
        (None, "admission.k8s.io/v1"),
        (Some("admission.k8s.io/v1"), "admission.k8s.io/v1"),
        (Some("admission.k8s.io/v1beta1"), "admission.k8s.io/v1beta1"),
    ] {
        let mut body = review("CREATE", &lantern("red"), &Value::Null);
        body["apiVersion"] = sent.into();
        if sent.is_none() {
            body["kind"].take();
        }
        let (_, body) = send(&webhooks(), request("application/json; charset=utf-8", body.to_string())).await;
        let review: Value = serde_json::from_slice(&body).expect("a review");
        assert_eq!((&review["apiVersion"], &review["kind"]), (&json!(expected), &json!("AdmissionReview")));
        assert_eq!(review["response"]["allowed"], true);
    }
}

#[tokio::test]
async fn other_paths_and_methods_are_refused() {
    let get = Request::get(VALIDATE).body(Full::default()).expect("a request");
    assert_eq!(send(&webhooks(), get).await.0, StatusCode::METHOD_NOT_ALLOWED);
    for path in ["/", "/convert", "/validate"] {
        let request = Request::post(path).body(Full::default()).expect("a request");
        assert_eq!(send(&webhooks(), request).await.0, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn callers_are_authenticated() {
    let guarded = webhooks().authenticate_callers(|caller: Caller| async move {
        assert_ne!(caller.bearer_token(), Some("panic"));
        match caller.bearer_token() {
            Some("secret") if caller.path() == VALIDATE => Ok(()),
            _ => Err("a wrong token".to_owned()),
        }
    });
    let body = review("CREATE", &lantern("red"), &Value::Null).to_string();
    for (header, expected) in [
        (None, StatusCode::UNAUTHORIZED),
        (Some("Bearer other"), StatusCode::UNAUTHORIZED),
        (Some("Bearer panic"), StatusCode::UNAUTHORIZED),
        (Some("Basic secret"), StatusCode::UNAUTHORIZED),
        (Some("bearer secret"), StatusCode::OK),
    ] {
        let mut request = request("application/json", body.clone());
        if let Some(header) = header {
            request.headers_mut().insert("authorization", header.parse().expect("a header"));
        }
        assert_eq!(send(&guarded, request).await.0, expected, "{header:?}");
    }
}

#[tokio::test]
async fn a_large_reply_is_sent_whole() {
    let webhooks = Webhooks::new().mutate(|mut lantern: Lantern, _: AdmissionRequest<Lantern>| async move {
        lantern.color = "x".repeat(3 << 20);
        Ok::<_, Denied>(lantern)
    });
    let response = post(&webhooks, crate::support::MUTATE, &review("CREATE", &lantern("red"), &Value::Null)).await;
    let patch = crate::support::patch(&response);
    assert_eq!(patch[0]["value"].as_str().map(str::len), Some(3 << 20));
}
