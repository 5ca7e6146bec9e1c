//! Error responses.

use std::time::Duration;

use http::header::RETRY_AFTER;
use http::{HeaderValue, Response, StatusCode};
use kubernetes_client::{Body, Client, Error};
use kubernetes_core::version::Info;
use kubernetes_core::{Execute, GetRequest, Path, Request, Status, json};

use crate::server::{Server, answer};
use crate::{chain, config, fakes, fetch, get, raw};

/// A `Status` as the API server writes it.
fn status_json(code: u16, reason: &str, message: &str) -> String {
    format!(
        r#"{{"kind":"Status","apiVersion":"v1","metadata":{{}},"status":"Failure","message":"{message}","reason":"{reason}","code":{code}}}"#
    )
}

/// The names of all predicates that are true.
fn predicates(error: &Error) -> Vec<&'static str> {
    let all = [
        ("not_found", error.is_not_found()),
        ("already_exists", error.is_already_exists()),
        ("conflict", error.is_conflict()),
        ("gone", error.is_gone()),
        ("forbidden", error.is_forbidden()),
        ("unauthorized", error.is_unauthorized()),
        ("invalid", error.is_invalid()),
        ("too_many_requests", error.is_too_many_requests()),
        ("timeout", error.is_timeout()),
        ("connect", error.is_connect()),
        ("retryable", error.is_retryable()),
        ("decode", error.is_decode()),
    ];
    all.into_iter().filter_map(|(name, holds)| holds.then_some(name)).collect()
}

#[tokio::test]
async fn predicates_tell_errors_apart() {
    let cases: &[(u16, &str, &[&str])] = &[
        (404, "NotFound", &["not_found"]),
        (409, "AlreadyExists", &["already_exists"]),
        (409, "Conflict", &["conflict"]),
        (410, "Gone", &["gone"]),
        (410, "Expired", &["gone"]),
        (403, "Forbidden", &["forbidden"]),
        (401, "Unauthorized", &["unauthorized"]),
        (422, "Invalid", &["invalid"]),
        (429, "TooManyRequests", &["too_many_requests", "retryable"]),
        (504, "Timeout", &["timeout", "retryable"]),
        (500, "InternalError", &["retryable"]),
        (503, "ServiceUnavailable", &["retryable"]),
        (400, "BadRequest", &[]),
        (405, "MethodNotAllowed", &[]),
        (413, "RequestEntityTooLarge", &[]),
        // No reason: the code decides.
        (404, "", &["not_found"]),
        (408, "", &["timeout", "retryable"]),
        (409, "", &["conflict"]),
        (410, "", &["gone"]),
        (429, "", &["too_many_requests", "retryable"]),
        (501, "", &[]),
        (502, "", &["retryable"]),
    ];
    for (code, reason, expected) in cases {
        let body = status_json(*code, reason, "because");
        let client = fakes::answering(*code, body.clone());
        let made = Error::from_status(json::from_slice(body.as_bytes()).unwrap());
        let opened = client.open(get("/version")).await.unwrap_err();
        for error in [fetch(&client).await.unwrap_err(), opened, made] {
            assert_eq!(predicates(&error), *expected, "{code} {reason}");
            assert_eq!(error.http_status().unwrap(), *code);
            assert_eq!(error.status().unwrap().message.as_deref(), Some("because"));
        }
    }
}

#[tokio::test]
async fn says_what_failed_in_one_line() {
    let body = status_json(404, "NotFound", r#"pods \"web\" not found"#);
    let error = fakes::answering(404, body)
        .execute(
            Request::new(http::Method::DELETE, Path::new("/api/v1/namespaces/{n}/pods/{p}", &["shop", "web"])),
            raw,
        )
        .await
        .unwrap_err();
    let expected = r#"DELETE /api/v1/namespaces/shop/pods/web failed: 404 Not Found: pods "web" not found"#;
    assert_eq!(error.to_string(), expected);
    assert_eq!(chain(&error), expected, "there is nothing below");

    assert_eq!(Error::from_status(Status::default()).to_string(), "the server refused");
    let expired = Status { reason: Some("Expired".into()), ..Status::default() };
    assert_eq!(Error::from_status(expired).to_string(), "Expired");
}

#[tokio::test]
async fn keeps_the_details_of_an_invalid_object() {
    let body = r#"{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Invalid","code":422,"message":"no",
        "details":{"name":"web","kind":"Pod","causes":[{"reason":"FieldValueRequired","message":"Required value","field":"spec.containers"}]}}"#;
    let error = fetch(&fakes::answering(422, body)).await.unwrap_err();
    let details = error.status().unwrap().details.as_ref().unwrap();
    assert_eq!(details.name.as_deref(), Some("web"));
    assert_eq!(details.causes[0].field.as_deref(), Some("spec.containers"));
}

/// Answers with a header and a `Status` that both may say when to come back.
async fn retry_after(header: Option<&'static str>, seconds: Option<i32>) -> Option<Duration> {
    let client = fakes::client(move |_| async move {
        let details = seconds.map_or(String::new(), |it| format!(r#","details":{{"retryAfterSeconds":{it}}}"#));
        let body = format!(r#"{{"kind":"Status","status":"Failure","reason":"TooManyRequests","code":429{details}}}"#);
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
        if let Some(header) = header {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static(header));
        }
        response
    });
    fetch(&client).await.unwrap_err().retry_after()
}

#[tokio::test(start_paused = true)]
async fn says_when_to_come_back() {
    let seconds = |seconds| Some(Duration::from_secs(seconds));
    assert_eq!(retry_after(None, None).await, None);
    assert_eq!(retry_after(Some("1"), None).await, seconds(1));
    assert_eq!(retry_after(None, Some(10)).await, seconds(10));
    assert_eq!(retry_after(Some("2"), Some(10)).await, seconds(2));
    assert_eq!(retry_after(Some("soon"), Some(10)).await, seconds(10));
    assert_eq!(retry_after(Some("-1"), Some(-1)).await, None);
    assert_eq!(retry_after(Some("99999999999999999999"), Some(0)).await, None);
}

#[tokio::test]
async fn makes_a_status_of_what_is_none() {
    let html = "<html>\n  <body>Bad\tGateway</body>\r\n</html>";
    let truncated = &status_json(403, "Forbidden", "no")[..60];
    let cases: &[(u16, &str, Option<&str>, &str)] = &[
        (502, html, None, "502 Bad Gateway: <html> <body>Bad Gateway</body> </html>"),
        (503, "", Some("ServiceUnavailable"), "503 Service Unavailable"),
        (403, truncated, Some("Forbidden"), &format!("403 Forbidden: {truncated}")),
        (404, "404 page not found\n", Some("NotFound"), "404 Not Found: 404 page not found"),
        (500, r#"{"error":"x"}"#, Some("InternalError"), r#"500 Internal Server Error: {"error":"x"}"#),
        (500, r#"{"kind":"Pod"}"#, Some("InternalError"), r#"500 Internal Server Error: {"kind":"Pod"}"#),
        (409, "[]", Some("Conflict"), "409 Conflict: []"),
        (302, "moved", None, "302 Found: moved"),
        (418, "null", None, "418 I'm a teapot: null"),
    ];
    for (code, body, reason, message) in cases {
        let error = fetch(&fakes::answering(*code, (*body).to_owned())).await.unwrap_err();
        assert_eq!(error.to_string(), format!("GET /version failed: {message}"));
        let status = error.status().unwrap();
        assert_eq!((status.reason.as_deref(), status.code), (*reason, Some(i32::from(*code))));
    }
    let post = Request::new(http::Method::POST, Path::new("/api/v1/pods", &[]));
    assert!(fakes::answering(409, "").execute(post, raw).await.unwrap_err().is_already_exists());
}

#[tokio::test]
async fn a_status_without_code_takes_that_of_the_response() {
    let body = r#"{"kind":"Status","status":"Failure","reason":"Forbidden"}"#;
    let error = fetch(&fakes::answering(403, body)).await.unwrap_err();
    assert_eq!(error.status().unwrap().code, Some(403));
}

#[tokio::test]
async fn keeps_the_beginning_of_a_large_error() {
    // On a real connection, which is given up when enough has been read.
    let server = Server::plain(|_| async { answer(500, "ä ".repeat(3_500_000)) }).await;
    let client = Client::new(config(&server.url("http"))).unwrap();
    for error in [fetch(&client).await.unwrap_err(), client.open(get("/version")).await.unwrap_err()] {
        let message = error.status().unwrap().message.clone().unwrap();
        assert!(message.starts_with("ä ä ") && message.ends_with("ä ä …"), "{message}");
        assert!((1000..=1100).contains(&message.len()), "{}", message.len());
        assert_eq!(error.http_status(), Some(StatusCode::INTERNAL_SERVER_ERROR));
    }
    // A `Status` may be larger than what is kept of other bodies.
    let long = "x".repeat(100_000);
    let error = fetch(&fakes::answering(422, status_json(422, "Invalid", &long))).await.unwrap_err();
    assert_eq!(error.status().unwrap().message.as_deref(), Some(long.as_str()));
}

#[tokio::test]
async fn tells_where_decoding_failed() {
    let client = fakes::answering(200, r#"{"major":"1","minor":37}"#);
    let error = GetRequest::<Info>::at(Path::new("/version", &[])).send(&client).await.unwrap_err();
    assert_eq!(predicates(&error), ["decode"]);
    assert_eq!(error.to_string(), "GET /version failed: can't decode the response");
    assert!(chain(&error).contains("minor"), "{}", chain(&error));
}

#[tokio::test]
async fn an_invalid_request_is_not_sent() {
    let client = fakes::answering(200, "{}");
    let path = Path::new("/api/v1/namespaces/{namespace}/pods", &[""]);
    let error = client.execute(Request::new(http::Method::GET, path), raw).await.unwrap_err();
    assert_eq!(chain(&error), "GET request failed: the request is invalid: the argument `namespace` is empty");
    assert!(predicates(&error).is_empty());
    assert_eq!((error.method(), error.path()), (Some(&http::Method::GET), None));
}

#[test]
fn made_errors_have_their_meaning() {
    let broken = Error::from_transport(std::io::Error::other("reset"));
    assert_eq!(predicates(&broken), ["retryable"]);
    assert_eq!(chain(&broken), "the connection failed before the response: reset");

    let busy = r#"{"status":"Failure","reason":"TooManyRequests","code":429,"details":{"retryAfterSeconds":3}}"#;
    let busy = Error::from_status(json::from_slice(busy.as_bytes()).unwrap());
    assert_eq!(busy.retry_after(), Some(Duration::from_secs(3)));
    let odd = Status { code: Some(-7), ..Status::default() };
    assert_eq!(Error::from_status(odd).http_status(), None);
}
