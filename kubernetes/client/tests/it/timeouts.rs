//! Timeouts.

use std::future::pending;
use std::time::Duration;

use futures_util::StreamExt;
use kubernetes_client::Client;
use kubernetes_core::Execute;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::certificates::Authority;
use crate::server::{Server, streamed, streaming, tls_config};
use crate::{chain, config, fakes, fetch, get};

#[tokio::test]
async fn gives_up_connecting_when_tls_is_not_answered() {
    // Accepted by the operating system, and never read.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = format!("https://{}", listener.local_addr().unwrap());
    let mut config = config(&server);
    config.insecure_skip_tls_verify = true;
    let client = Client::builder(config).connect_timeout(Duration::from_millis(50)).build().unwrap();

    let error = fetch(&client).await.unwrap_err();
    assert!(error.is_connect() && error.is_timeout() && error.is_retryable(), "{error:?}");
    let expected = format!("GET /version failed: can't connect to {server}: no connection within 50ms");
    assert_eq!(chain(&error), expected);
}

#[tokio::test]
async fn gives_up_a_request_that_is_not_answered() {
    let server = Server::plain(|_| pending()).await;
    let limit = Duration::from_millis(50);
    let client = Client::builder(config(&server.url("http"))).request_timeout(limit).build().unwrap();

    for error in [fetch(&client).await.unwrap_err(), client.open(get("/version")).await.unwrap_err()] {
        assert!(error.is_timeout() && error.is_retryable() && !error.is_connect(), "{error:?}");
        assert_eq!(error.to_string(), "GET /version failed: timed out after 50ms");
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_has_a_minute_by_default() {
    let client = fakes::client(|_| pending());
    let start = Instant::now();
    assert!(fetch(&client).await.unwrap_err().is_timeout());
    assert_eq!(start.elapsed(), Duration::from_secs(60));
}

#[tokio::test]
async fn a_stream_fails_when_it_is_silent_for_too_long_if_told_so() {
    let (mut opened, handler) = streaming();
    let server = Server::plain(handler).await;
    let limit = Duration::from_millis(200);
    let client = Client::builder(config(&server.url("http"))).idle_timeout(limit).build().unwrap();
    let mut log = client.open(get("/log")).await.unwrap();
    let sender = opened.recv().await.unwrap();

    // Longer than the limit in all, and never silent for as long.
    let start = Instant::now();
    while start.elapsed() < 2 * limit {
        sender.send("line").await.unwrap();
        assert_eq!(log.next().await.unwrap().unwrap(), "line");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // What has come counts, however late it is looked at.
    sender.send("late").await.unwrap();
    tokio::time::sleep(2 * limit).await;
    assert_eq!(log.next().await.unwrap().unwrap(), "late");

    let error = log.next().await.unwrap().unwrap_err();
    assert!(error.is_timeout() && error.is_retryable() && !error.is_connect(), "{error:?}");
    assert_eq!(chain(&error), "GET /log failed: the response was cut short: nothing arrived for 200ms");
    assert!(log.next().await.is_none(), "the error is the end");
    sender.closed().await;
}

#[tokio::test]
async fn a_silence_longer_than_the_clock_can_tell_is_no_limit() {
    // The longest that can be added to the time by now, but not any more by the second line.
    let now = Instant::now();
    let (mut limit, mut step) = (Duration::ZERO, Duration::MAX);
    while step > Duration::ZERO {
        let longer = limit.checked_add(step).filter(|longer| now.checked_add(*longer).is_some());
        limit = longer.unwrap_or(limit);
        step /= 2;
    }
    let server = Server::plain(|_| async {
        let (sender, response) = streamed();
        tokio::spawn(async move {
            for _ in 0..2 {
                tokio::time::sleep(Duration::from_millis(20)).await;
                sender.send("line").await.unwrap();
            }
        });
        response
    })
    .await;
    let client = Client::builder(config(&server.url("http"))).connect_timeout(None).idle_timeout(limit - LATER);
    let mut log = client.build().unwrap().open(get("/log")).await.unwrap();
    for _ in 0..2 {
        tokio::time::sleep(LATER).await;
        assert_eq!(log.next().await.unwrap().unwrap(), "line");
    }
}

/// Until a stream is opened.
const LATER: Duration = Duration::from_millis(100);

#[tokio::test(start_paused = true)]
async fn the_minute_includes_the_body_but_not_that_of_a_stream() {
    let client = fakes::client(|_| async { http::Response::new(kubernetes_client::Body::new(Silent)) });
    assert!(fetch(&client).await.unwrap_err().is_timeout());

    let mut body = client.open(get("/version")).await.unwrap();
    let hour = tokio::time::timeout(Duration::from_secs(3600), body.next()).await;
    assert!(hour.is_err(), "a stream may be silent for as long as it likes");
}

#[tokio::test(start_paused = true)]
async fn a_stalled_error_response_keeps_its_status() {
    let client = fakes::client(|_| async {
        let mut response = http::Response::new(kubernetes_client::Body::new(Silent));
        *response.status_mut() = http::StatusCode::FORBIDDEN;
        response
    });
    assert!(fetch(&client).await.unwrap_err().is_forbidden());
    assert!(client.open(get("/version")).await.unwrap_err().is_forbidden());
}

/// A body of which nothing ever arrives.
struct Silent;

impl http_body::Body for Silent {
    type Data = bytes::Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<bytes::Bytes>, std::io::Error>>> {
        std::task::Poll::Pending
    }
}

#[tokio::test]
async fn finds_out_on_http_2_that_the_peer_is_gone() {
    let authority = Authority::new();
    let tls = tls_config(&authority.server(&["127.0.0.1"]), &["h2"], None);
    let (mut opened, handler) = streaming();
    let server = Server::tls(tls, handler).await;
    let wire = Wire::to(&server).await;
    let mut config = config(&format!("https://{}", wire.address));
    config.certificate_authority = Some(authority.pem.clone().into_bytes());
    let client = Client::new(config).unwrap();

    let mut body = client.open(get("/watch")).await.unwrap();
    let sender = opened.recv().await.unwrap();
    sender.send("alive").await.unwrap();
    assert_eq!(body.next().await.unwrap().unwrap(), "alive");

    wire.cut.notify_one();
    // From here on the clock jumps from timer to timer, since no byte comes that could wake anyone.
    tokio::time::pause();
    let start = Instant::now();
    let next = tokio::time::timeout(Duration::from_secs(600), body.next()).await;
    let error = next.expect("a silent peer is found out").unwrap().unwrap_err();
    assert!(error.is_retryable(), "{error:?}");
    assert!(chain(&error).starts_with("GET /watch failed: the response was cut short"), "{}", chain(&error));
    assert!(start.elapsed() <= Duration::from_secs(46), "{:?}", start.elapsed());
    assert!(start.elapsed() >= Duration::from_secs(15), "{:?}", start.elapsed());
    assert!(body.next().await.is_none());
}

/// A connection that can be cut without either end being told.
struct Wire {
    address: std::net::SocketAddr,
    cut: std::sync::Arc<Notify>,
    carrying: tokio::task::AbortHandle,
}

impl Wire {
    async fn to(server: &Server) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (target, cut) = (server.address, std::sync::Arc::new(Notify::new()));
        let cutting = std::sync::Arc::clone(&cut);
        let carrying = tokio::spawn(async move {
            let (mut near, _) = listener.accept().await.unwrap();
            let mut far = TcpStream::connect(target).await.unwrap();
            tokio::select! {
                _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
                () = cutting.notified() => pending().await,
            }
        });
        Self { address, cut, carrying: carrying.abort_handle() }
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.carrying.abort();
    }
}
