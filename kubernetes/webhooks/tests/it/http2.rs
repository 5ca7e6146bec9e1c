//! Requests that share a connection of HTTP/2, and with it the window for bytes that the server has not read.

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use http_body_util::BodyExt as _;
use kubernetes_webhooks::{AdmissionRequest, Caller, Certificates, Denied, Webhook, WebhookServer, Webhooks};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::support::{Lantern, VALIDATE, lantern, review};
use crate::tls::{Connection, ca, certificate, start};

const SLOW: &str = "/slow";
const LIMIT: Duration = Duration::from_secs(10);

/// Webhooks whose callers are known at once, but for those of one path: they wait for a permit. The number of callers that
/// wait is a semaphore, too.
fn slowly_authenticating(waiting: &Arc<Semaphore>, permits: &Arc<Semaphore>) -> Webhooks {
    let (waiting, permits) = (Arc::clone(waiting), Arc::clone(permits));
    Webhooks::new()
        .validate(|_: AdmissionRequest<Lantern>| async { Ok::<(), Denied>(()) })
        .with(Webhook::validating_at(SLOW, |_: AdmissionRequest<Lantern>| async { Ok::<(), Denied>(()) }))
        .authenticate_callers(move |caller: Caller| {
            let (waiting, permits) = (Arc::clone(&waiting), Arc::clone(&permits));
            async move {
                if caller.path() == SLOW {
                    waiting.add_permits(1);
                    permits.acquire().await.map_err(|error| error.to_string())?.forget();
                }
                Ok(())
            }
        })
}

fn large(bytes: usize) -> Vec<u8> {
    let mut large = lantern("red");
    large["metadata"]["annotations"] = json!({"note": "x".repeat(bytes)});
    review("CREATE", &large, &Value::Null).to_string().into_bytes()
}

/// Whether a request is allowed; an error is the status of a response without a review.
async fn ask(mut connection: Connection, path: &'static str, body: Vec<u8>) -> Result<bool, StatusCode> {
    let response = connection.post(path, body).await.expect("a response");
    if response.status() != StatusCode::OK {
        return Err(response.status());
    }
    let body = response.into_body().collect().await.expect("a body").to_bytes();
    let review: Value = serde_json::from_slice(&body).expect("a review");
    Ok(review["response"]["allowed"] == true)
}

#[tokio::test]
async fn requests_that_wait_for_authentication_do_not_stall_others() {
    let (waiting, permits) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let ca = ca();
    let (pem, key) = certificate(&ca, "localhost");
    let certificates = Certificates::pem(&pem, &key).expect("a certificate");
    let running = start(&WebhookServer::new(slowly_authenticating(&waiting, &permits), certificates)).await;
    let Connection::Http2(sender) = Connection::open(running.address, ca.pem(), true, None).await.expect("TLS") else {
        panic!("it is HTTP/2");
    };
    let slow: Vec<_> =
        (0..4).map(|_| tokio::spawn(ask(Connection::Http2(sender.clone()), SLOW, large(500 << 10)))).collect();
    let all_wait = tokio::time::timeout(LIMIT, waiting.acquire_many(4)).await;
    all_wait.expect("in time").expect("it is open").forget();
    let asked = ask(Connection::Http2(sender), VALIDATE, large(500 << 10));
    let answer = tokio::time::timeout(LIMIT, asked).await.expect("the others don't hold the window");
    assert_eq!(answer, Ok(true));
    permits.add_permits(4);
    for request in slow {
        assert_eq!(request.await.expect("no panic"), Ok(true), "nothing of its body is lost");
    }
}

/// Callers that have to wait for room lose nothing by it if they turn out to be known.
#[tokio::test]
async fn bodies_are_read_afterwards_if_there_is_no_room_before() {
    let (waiting, permits) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let ca = ca();
    let (pem, key) = certificate(&ca, "localhost");
    let certificates = Certificates::pem(&pem, &key).expect("a certificate");
    let webhooks = slowly_authenticating(&waiting, &permits).max_buffered_bytes(1 << 20);
    let running = start(&WebhookServer::new(webhooks, certificates)).await;
    let connection = Connection::open(running.address, ca.pem(), true, None).await.expect("TLS");
    let request = tokio::spawn(ask(connection, SLOW, large(600 << 10)));
    waiting.acquire().await.expect("it is open").forget();
    permits.add_permits(1);
    let answer = tokio::time::timeout(LIMIT, request).await.expect("in time");
    assert_eq!(answer.expect("no panic"), Ok(true));
}
