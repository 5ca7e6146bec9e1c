//! Limits on what callers can make the server hold and do.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt as _;
use kubernetes_serving::MetricsText;
use kubernetes_webhooks::{AdmissionRequest, Authorization, Caller, Denied, Webhooks};
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::time::Instant;
use tower_service::Service as _;

use crate::support::{Lantern, Notes, VALIDATE, converter, lantern, post, review, send};

/// A body that declares a length, and sends so much of it.
struct Sending {
    declared: u64,
    chunks: usize,
    taken: Arc<AtomicUsize>,
}

const CHUNK: &[u8] = &[b' '; 1024];

impl Body for Sending {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.chunks == 0 {
            return Poll::Pending; // The client keeps the rest.
        }
        self.chunks -= 1;
        self.taken.fetch_add(1, Ordering::SeqCst);
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(CHUNK)))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.declared)
    }
}

/// Sends such a body; returns the response's status and body, and how many chunks were read.
async fn send_some(webhooks: &Webhooks, path: &str, declared: u64, chunks: usize) -> (StatusCode, Value, usize) {
    let taken = Arc::new(AtomicUsize::new(0));
    let body = Sending { declared, chunks, taken: Arc::clone(&taken) };
    let request = Request::post(path).header("content-type", "application/json").body(body).expect("a request");
    let response = webhooks.clone().call(request).await.expect("the service never fails");
    let status = response.status();
    let body = response.into_body().collect().await.expect("it is in memory").to_bytes();
    (status, serde_json::from_slice(&body).unwrap_or_default(), taken.load(Ordering::SeqCst))
}

fn allowing() -> Webhooks {
    Webhooks::new().validate(|_: AdmissionRequest<Lantern>| async { Ok::<(), Denied>(()) })
}

#[tokio::test(start_paused = true)]
async fn a_request_that_declares_too_much_is_refused_before_it_is_sent() {
    let start = Instant::now();
    let (status, review, _) = send_some(&allowing(), VALIDATE, 8 << 20, 0).await;
    assert_eq!((status, &review["response"]["status"]["code"]), (StatusCode::OK, &json!(413)));
    assert!(start.elapsed() <= Duration::from_millis(500), "{:?}", start.elapsed());
}

/// A client that is still writing would get a reset in place of the response.
#[tokio::test(start_paused = true)]
async fn the_body_of_a_refused_request_is_read_for_a_while() {
    let refusing = allowing().authenticate_callers(|_: Caller| async { Err("unknown".to_owned()) });
    let (status, _, taken) = send_some(&refusing, VALIDATE, 7 << 20, 100).await;
    assert_eq!((status, taken), (StatusCode::UNAUTHORIZED, 100));
    let (_, _, taken) = send_some(&refusing, VALIDATE, u64::MAX, 1_000_000).await;
    assert_eq!(taken, 8192, "and no longer");
}

fn sending(path: &str, content_type: &str, body: Sending) -> Request<Sending> {
    Request::post(path).header("content-type", content_type).body(body).expect("a request")
}

/// Callers that are not known yet get no more memory than their part, an eighth, and keep nobody out.
#[tokio::test(start_paused = true)]
async fn bodies_of_unknown_callers_take_no_more_than_their_part() {
    let webhooks = allowing().max_buffered_bytes(1 << 20).authenticate_callers(|caller: Caller| async move {
        match caller.bearer_token() {
            Some("api-server") => Ok(()),
            _ => std::future::pending().await,
        }
    });
    let taken = Arc::new(AtomicUsize::new(0));
    for _ in 0..300 {
        let body = Sending { declared: 100 << 10, chunks: 100, taken: Arc::clone(&taken) };
        let mut webhooks = webhooks.clone();
        tokio::spawn(async move { webhooks.call(sending(VALIDATE, "application/json", body)).await });
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let kibibytes = taken.load(Ordering::SeqCst);
    assert!((1..=128).contains(&kibibytes), "{kibibytes} KiB are in memory");
    let body = review("CREATE", &lantern("red"), &Value::Null).to_string();
    let request = Request::post(VALIDATE).header("content-type", "application/json");
    let request = request.header("authorization", "Bearer api-server").body(body.into()).expect("a request");
    let (status, answer) = send(&webhooks, request).await;
    let answer: Value = serde_json::from_slice(&answer).unwrap_or_default();
    assert_eq!((status, &answer["response"]["allowed"]), (StatusCode::OK, &json!(true)));
}

/// With HTTP/2, the window of their connection would be full of them otherwise.
#[tokio::test(start_paused = true)]
async fn bodies_that_will_be_refused_are_read_while_the_caller_is_authenticated() {
    let webhooks = allowing().authenticate_callers(|_: Caller| std::future::pending());
    for (content_type, declared) in [("text/plain", 500 << 10), ("application/json", 8 << 20)] {
        let taken = Arc::new(AtomicUsize::new(0));
        let body = Sending { declared, chunks: 500, taken: Arc::clone(&taken) };
        let mut webhooks = webhooks.clone();
        let asking = tokio::spawn(async move { webhooks.call(sending(VALIDATE, content_type, body)).await });
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(taken.load(Ordering::SeqCst), 500, "{content_type} of {declared} bytes");
        asking.abort();
    }
}

/// The declared length of a body takes no memory, so it takes no room.
#[tokio::test(start_paused = true)]
async fn bodies_that_never_come_keep_nobody_out() {
    let webhooks = allowing().convert(converter());
    for _ in 0..8 {
        let webhooks = webhooks.clone();
        tokio::spawn(async move { send_some(&webhooks, "/convert", 64 << 20, 10).await });
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let start = Instant::now();
    let review = post(&webhooks, VALIDATE, &review("CREATE", &lantern("red"), &Value::Null)).await;
    assert_eq!(review["allowed"], true);
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_request_is_refused_at_once_if_there_is_no_room_in_memory() {
    let (started, finish) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
    let (count, release) = (Arc::clone(&started), Arc::clone(&finish));
    let webhooks = Webhooks::new()
        .validate(move |_: AdmissionRequest<Lantern>| {
            count.fetch_add(1, Ordering::SeqCst);
            let release = Arc::clone(&release);
            async move {
                release.notified().await;
                Ok::<(), Denied>(())
            }
        })
        .max_buffered_bytes(16 << 10);
    let body = review("CREATE", &lantern("red"), &Value::Null).to_string();
    assert!(body.len() < 1024, "{}", body.len());
    let ask = || {
        let request = Request::post(VALIDATE).header("content-type", "application/json");
        let (webhooks, request) = (webhooks.clone(), request.body(body.clone().into()).expect("a request"));
        tokio::spawn(async move { send(&webhooks, request).await.0 })
    };
    // Of 16 KiB, admission gets 12.
    let waiting: Vec<_> = (0..12).map(|_| ask()).collect();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let start = Instant::now();
    assert_eq!(ask().await.expect("no panic"), StatusCode::SERVICE_UNAVAILABLE, "the failure policy decides");
    assert_eq!((start.elapsed(), started.load(Ordering::SeqCst)), (Duration::ZERO, 12));
    finish.notify_one();
    for request in waiting {
        assert_eq!(request.await.expect("no panic"), StatusCode::OK);
        finish.notify_one();
    }
    // One that does not find room to its end gives back what it had.
    assert_eq!(send_some(&webhooks, VALIDATE, 20 << 10, 20).await.0, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(ask().await.expect("no panic"), StatusCode::OK);
}

/// Neither can keep the other out, whatever comes.
#[tokio::test(start_paused = true)]
async fn admission_and_conversion_leave_room_for_each_other() {
    let webhooks = allowing().convert(converter()).max_buffered_bytes(64 << 10);
    let is_refused = |status| status == StatusCode::SERVICE_UNAVAILABLE;
    let hold = |path: &'static str| {
        let webhooks = webhooks.clone();
        // So much has come, and the rest does not.
        tokio::spawn(async move { send_some(&webhooks, path, 40 << 10, 30).await })
    };
    let conversions = [hold("/convert"), hold("/convert")];
    tokio::time::sleep(Duration::from_secs(1)).await;
    let body = review("CREATE", &lantern("red"), &Value::Null);
    assert_eq!(post(&webhooks, VALIDATE, &body).await["allowed"], true, "a review finds room");
    for conversion in conversions {
        conversion.await.expect("no panic");
    }
    let reviews = [hold(VALIDATE), hold(VALIDATE)];
    tokio::time::sleep(Duration::from_secs(1)).await;
    let request = json!({"uid": "u-1", "desiredAPIVersion": "light.example.com/v1", "objects": []});
    let body = json!({"kind": "ConversionReview", "apiVersion": "apiextensions.k8s.io/v1", "request": request});
    let request = Request::post("/convert").header("content-type", "application/json");
    let request = request.body(body.to_string().into()).expect("a request");
    assert!(!is_refused(send(&webhooks, request).await.0), "a conversion finds room");
    for review in reviews {
        review.await.expect("no panic");
    }
    // Of one kind, not even one request gets more than its part.
    assert!(is_refused(send_some(&webhooks, "/convert", 60 << 10, 60).await.0));
}

/// Reviews of objects can't take the room of those that all requests depend on, and a review of the largest size fits.
#[tokio::test(start_paused = true)]
async fn reviews_of_access_have_room_of_their_own() {
    let webhooks = allowing().convert(converter()).max_buffered_bytes(64 << 10);
    let webhooks = webhooks.authorize(|_| async { Ok::<_, String>(Authorization::allow()) });
    let hold = |path: &'static str, chunks: usize| {
        let webhooks = webhooks.clone();
        tokio::spawn(async move { send_some(&webhooks, path, (chunks as u64 + 1) << 10, chunks).await })
    };
    let ask = |length: usize| {
        let review = json!({"spec": {"user": "x".repeat(length)}});
        let request = Request::post("/authorize").header("content-type", "application/json");
        let request = request.body(review.to_string().into()).expect("a request");
        let webhooks = webhooks.clone();
        async move { send(&webhooks, request).await.0 }
    };
    let _held = [hold("/convert", 40), hold(VALIDATE, 24)];
    tokio::time::sleep(Duration::from_secs(1)).await;
    let (status, ..) = send_some(&webhooks, VALIDATE, 2 << 10, 1).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "admission and conversion have taken all of theirs");
    assert_eq!(ask(1020 << 10).await, StatusCode::OK);
    let _held = hold("/authorize", 1000);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(ask(40 << 10).await, StatusCode::SERVICE_UNAVAILABLE, "reviews have a limit, too");
    assert_eq!(ask(4 << 10).await, StatusCode::OK);
}

/// The API server has gone by then.
#[tokio::test(start_paused = true)]
async fn the_rest_of_a_body_is_not_read_after_the_deadline() {
    let start = Instant::now();
    send_some(&allowing(), &format!("{VALIDATE}?timeout=2s"), 5000, 1).await;
    assert_eq!(start.elapsed(), Duration::from_secs(2));
}

#[tokio::test(start_paused = true)]
async fn the_time_begins_with_the_request() {
    let notes = Notes::default();
    let noted = notes.clone();
    let webhooks = Webhooks::new()
        .validate(move |request: AdmissionRequest<Lantern>| {
            noted.add(format!("{:?}", request.remaining()));
            async { Ok::<(), Denied>(()) }
        })
        .authenticate_callers(|_: Caller| async {
            tokio::time::sleep(Duration::from_secs(4)).await;
            Ok(())
        });
    let body = review("CREATE", &lantern("red"), &Value::Null);
    post(&webhooks, &format!("{VALIDATE}?timeout=5s"), &body).await;
    assert_eq!(notes.all(), ["1s"]);
    let request = Request::post(format!("{VALIDATE}?timeout=3s")).header("content-type", "application/json");
    let request = request.body(body.to_string().into()).expect("a request");
    assert_eq!(send(&webhooks, request).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(notes.all(), ["1s"], "it is too late for the handler");
}

#[tokio::test(start_paused = true)]
async fn a_conversion_has_a_time_of_its_own() {
    let start = Instant::now();
    let webhooks = Webhooks::new().convert(converter()).conversion_timeout(Duration::from_secs(90));
    let body = Sending { declared: 100, chunks: 0, taken: Arc::default() };
    let request = Request::post("/convert").header("content-type", "application/json").body(body).expect("a request");
    let response = webhooks.clone().call(request).await.expect("the service never fails");
    assert_eq!((response.status(), start.elapsed().as_secs()), (StatusCode::REQUEST_TIMEOUT, 90));
}

#[tokio::test(start_paused = true)]
async fn a_request_whose_client_is_gone_is_no_longer_in_flight() {
    let webhooks = Webhooks::new().validate(|_: AdmissionRequest<Lantern>| async {
        tokio::time::sleep(Duration::from_secs(9)).await;
        Ok::<(), Denied>(())
    });
    let in_flight = |webhooks: &Webhooks| {
        let mut text = MetricsText::default();
        webhooks.metrics()(&mut text);
        let name = format!("controller_runtime_webhook_requests_in_flight{{webhook=\"{VALIDATE}\"}} ");
        text.to_string().lines().find_map(|line| line.strip_prefix(&name).map(str::to_owned)).expect("the gauge")
    };
    let body = review("CREATE", &lantern("red"), &Value::Null);
    let asking = post(&webhooks, VALIDATE, &body);
    assert!(tokio::time::timeout(Duration::from_secs(1), asking).await.is_err());
    assert_eq!(in_flight(&webhooks), "0");
    let asking = tokio::spawn({
        let webhooks = webhooks.clone();
        async move { post(&webhooks, VALIDATE, &body).await }
    });
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(in_flight(&webhooks), "1");
    asking.await.expect("no panic");
    assert_eq!(in_flight(&webhooks), "0");
}
