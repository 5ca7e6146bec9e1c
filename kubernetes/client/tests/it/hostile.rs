//! Responses of servers that are broken, or mean harm.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::header::RETRY_AFTER;
use http::{HeaderValue, Method, Response};
use http_body::Frame;
use kubernetes_client::{Body, Client};
use kubernetes_config::Credentials;
use kubernetes_core::json::Budget;
use kubernetes_core::version::Info;
use kubernetes_core::{Deleted, Encoded, Execute, Map, Path, Request, Str};

use crate::server::{Server, answer};
use crate::{chain, config, fakes, fetch, get, raw};

const FAR: &str = "9300000000000000000";

#[tokio::test(start_paused = true)]
async fn a_wait_longer_than_any_clock_counts_is_not_added_to_a_time() {
    for value in [FAR, "18446744073709551615", "99999999999999999999999"] {
        let server = Server::plain(move |_| async move {
            let mut busy = answer(503, "");
            busy.headers_mut().insert(RETRY_AFTER, HeaderValue::from_str(value).unwrap());
            busy
        })
        .await;
        for client in [
            Client::new(config(&server.url("http"))).unwrap(),
            Client::builder(config(&server.url("http"))).request_timeout(None).retries(0).build().unwrap(),
        ] {
            let error = fetch(&client).await.unwrap_err();
            assert_eq!(error.http_status().unwrap(), 503);
            if let Some(wait) = error.retry_after() {
                // A caller may add it to a time, or double it.
                assert!(std::time::Instant::now().checked_add(wait * 2).is_some(), "{wait:?}");
            }
        }
    }
}

#[test]
fn a_rate_that_no_clock_can_keep_is_refused() {
    let builder = Client::builder(config("http://127.0.0.1:1")).rate_limit(1e-19, 1);
    assert!(builder.build().unwrap_err().to_string().contains("rate limit"));
}

/// Yields chunks without end, each of which is ready at once.
struct Endless {
    chunk: Bytes,
    yielded: Arc<AtomicUsize>,
}

impl http_body::Body for Endless {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        self.yielded.fetch_add(self.chunk.len(), Ordering::Relaxed);
        Poll::Ready(Some(Ok(Frame::data(self.chunk.clone()))))
    }
}

fn endless(chunk: &'static [u8], code: u16) -> (Client, Arc<AtomicUsize>) {
    let yielded = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&yielded);
    let client = fakes::client(move |_| {
        let mut response =
            Response::new(Body::new(Endless { chunk: Bytes::from_static(chunk), yielded: Arc::clone(&count) }));
        *response.status_mut() = http::StatusCode::from_u16(code).unwrap();
        async { response }
    });
    (client, yielded)
}

#[tokio::test]
async fn an_endless_body_stops_at_the_limit() {
    let (client, yielded) = endless(&[b' '; 64 * 1024], 200);
    let error = fetch(&client).await.unwrap_err();
    assert!(
        error.to_string().contains("268435456 bytes") && error.to_string().contains("max_response_bytes"),
        "{error}"
    );
    assert!(yielded.load(Ordering::Relaxed) <= 256 * 1024 * 1024 + 64 * 1024);

    let (client, yielded) = endless(&[b' '; 64 * 1024], 500);
    assert_eq!(fetch(&client).await.unwrap_err().http_status().unwrap(), 500);
    assert!(yielded.load(Ordering::Relaxed) <= 11 * 2 * 1024 * 1024);
}

#[tokio::test]
async fn chunks_of_one_byte_or_none_do_not_outrun_a_timeout() {
    for chunk in [&b" "[..], b""] {
        let (client, yielded) = endless(chunk, 200);
        let reading = async {
            let mut body = client.open(get("/log")).await.unwrap();
            while let Some(Ok(_)) = futures_util::StreamExt::next(&mut body).await {}
        };
        let limit = Duration::from_millis(50);
        assert!(tokio::time::timeout(limit, reading).await.is_err(), "{}", yielded.load(Ordering::Relaxed));
        // The limit of the response is far: 256 MiB of single bytes take seconds.
        assert!(tokio::time::timeout(limit, fetch(&client)).await.is_err());
    }
}

#[tokio::test]
async fn an_error_shows_neither_control_characters_nor_an_echoed_token() {
    let status = "{\"kind\": \"Status\", \"status\": \"Failure\", \"code\": 403, \"reason\": \"Forbidden\", \
                  \"message\": \"no \\u001b[31mred\\u0007\\u202e text\\nGET / HTTP/1.1\\r\\nauthorization: Bearer s3cret-t0ken\", \
                  \"details\": {\"causes\": [{\"field\": \"a\\u001b[2J\", \"message\": \"Bearer s3cret-t0ken\\u0007\"}]}}";
    for body in [status, "\u{1b}[31mGET / HTTP/1.1\r\nAuthorization: Bearer s3cret-t0ken\r\n\u{7}"] {
        let server = Server::plain(move |_| async move { answer(403, body) }).await;
        let mut config = config(&server.url("http"));
        config.credentials = Credentials::Token("s3cret-t0ken".into());
        let error = fetch(&Client::new(config).unwrap()).await.unwrap_err();
        let debug = format!("{error:?}").replace('\n', " ");
        for text in [error.to_string(), chain(&error), debug] {
            assert!(!text.contains(|c: char| c.is_control() || c == '\u{202e}'), "{text:?}");
            assert!(!text.contains("s3cret"), "{text}");
            assert!(text.to_lowercase().contains("authorization: bearer [redacted]"), "{text}");
        }
        assert!(!format!("{:?}", error.status()).contains("s3cret"), "{:?}", error.status());
    }
}

#[tokio::test]
async fn an_error_is_short_however_long_the_answer() {
    let message = "x".repeat(300_000);
    let body = format!(
        r#"{{"kind": "Status", "status": "Failure", "reason": "Invalid", "message": "{message}",
        "details": {{"causes": [{{"field": "{message}", "message": "wrong"}}]}}}}"#
    );
    let json = format!(r#"{{"{message}": 1, "gitVersion": ["{message}"]}}"#);
    for (code, body) in [(422, body), (200, json)] {
        let client = fakes::answering(code, body);
        let error = client.execute(get("/version"), Encoded::decode::<Info>).await.unwrap_err();
        assert!(chain(&error).len() < 64 * 1024, "{code}: {}", chain(&error).len());
    }
    let map = fakes::answering(200, format!(r#"{{"{message}\u001b": 1}}"#));
    let error = map.execute(get("/labels"), Encoded::decode::<Map<Str>>).await.unwrap_err();
    assert!(chain(&error).len() < 4096 && !chain(&error).contains('\u{1b}'), "{}", chain(&error).len());
}

#[tokio::test]
async fn a_response_that_decodes_to_much_more_than_its_text_is_refused() {
    let body = format!("[{}{{}}]", "{},".repeat(1_000_000));
    let decode = |answer: &Encoded| Ok(answer.decode::<Vec<Info>>()?.len());
    let error = fakes::answering(200, body.clone()).execute(get("/versions"), decode).await.unwrap_err();
    assert!(error.is_decode() && error.to_string().contains("decode_budget"), "{error}");

    let server = Server::plain(move |_| std::future::ready(answer(200, body.clone()))).await;
    let builder = Client::builder(config(&server.url("http"))).decode_budget(Budget::UNLIMITED);
    assert_eq!(builder.build().unwrap().execute(get("/versions"), decode).await.unwrap(), 1_000_001);
}

fn delete() -> Request {
    Request::new(Method::DELETE, Path::new("/api/v1/namespaces/shop/pods/web", &[]))
}

#[tokio::test]
async fn a_delete_that_is_answered_without_a_body_has_succeeded() {
    for code in [200, 202, 204] {
        let deleted = fakes::answering(code, "").execute(delete(), Encoded::decode::<Deleted<Info>>).await.unwrap();
        let Deleted::Status(status) = deleted else { panic!("{deleted:?}") };
        assert_eq!(status.status.as_deref(), Some("Success"));
    }
    let error = fakes::answering(200, "").execute(get("/version"), Encoded::decode::<Info>).await.unwrap_err();
    assert!(error.is_decode(), "an object is not nothing: {error}");
}

#[tokio::test]
async fn a_failure_that_comes_with_status_200_is_a_failure() {
    let status = r#"{"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "code": 404,
        "message": "pods \"web\" not found"}"#;
    let client = fakes::answering(200, status);
    let deleted = client.execute(delete(), Encoded::decode::<Deleted<Info>>).await.unwrap_err();
    let read = client.execute(get("/version"), raw).await.unwrap_err();
    for error in [deleted, read] {
        assert!(error.is_not_found(), "{error:?}");
        assert!(error.to_string().ends_with("failed: 404 Not Found: pods \"web\" not found"), "{error}");
    }
    // Not every text with the word is one.
    for body in [
        r#"{"kind": "BackupStatus", "reason": "Failure", "status": "Failure"}"#,
        r#"{"kind": "Status", "status": "Success", "message": "Failure"}"#,
    ] {
        assert_eq!(fetch(&fakes::answering(200, body)).await.unwrap(), body);
    }
}
