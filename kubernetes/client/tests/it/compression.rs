//! Compressed responses.

use std::io::Write;
use std::sync::Mutex;

use flate2::Compression;
use flate2::write::GzEncoder;
use futures_util::{StreamExt, stream};
use http::{HeaderValue, Response};
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::Frame;
use kubernetes_client::Client;
use kubernetes_core::Execute;
use tokio::sync::mpsc;

use crate::server::{Answer, Server};
use crate::{chain, config, get, raw};

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

fn encoded(code: u16, encoding: &'static str, body: Vec<u8>) -> Answer {
    let mut response = Response::new(Full::new(body.into()).boxed_unsync());
    *response.status_mut() = code.try_into().unwrap();
    response.headers_mut().insert("content-encoding", HeaderValue::from_static(encoding));
    response
}

async fn server(answer: impl Fn() -> Answer + Clone + Send + Sync + 'static) -> Server {
    Server::plain(move |_| {
        let answer = answer();
        async { answer }
    })
    .await
}

#[tokio::test]
async fn asks_for_it_and_reads_it() {
    let large = (0..100_000).map(|number| format!("line {number}\n")).collect::<String>().into_bytes();
    for plain in [b"".to_vec(), b"hello".to_vec(), large] {
        let compressed = gzip(&plain);
        let server = server(move || encoded(200, "gzip", compressed.clone())).await;
        let client = Client::new(config(&server.url("http"))).unwrap();
        assert_eq!(client.execute(get("/version"), raw).await.unwrap(), plain);
        assert_eq!(server.requests()[0].header("accept-encoding"), Some("gzip"));
    }
}

/// As API servers send a streaming list: a member for each event, which can be read before the next is sent.
#[tokio::test]
async fn streams_are_decompressed_as_they_arrive() {
    let (sender, receiver) = mpsc::channel::<Vec<u8>>(1);
    let receiver = Mutex::new(Some(receiver));
    let server = Server::plain(move |_| {
        let receiver = receiver.lock().unwrap().take().unwrap();
        let members = stream::unfold(receiver, |mut receiver| async { Some((receiver.recv().await?, receiver)) });
        let mut answer =
            Response::new(StreamBody::new(members.map(|bytes| Ok(Frame::data(bytes.into())))).boxed_unsync());
        answer.headers_mut().insert("content-encoding", HeaderValue::from_static("gzip"));
        async { answer }
    })
    .await;
    let client = Client::new(config(&server.url("http"))).unwrap();
    let mut body = client.open(get("/watch")).await.unwrap();
    assert_eq!(server.requests()[0].header("accept-encoding"), Some("gzip"));
    for number in 0..3 {
        let event = format!("event {number}\n");
        sender.send(gzip(event.as_bytes())).await.unwrap();
        assert_eq!(body.next().await.unwrap().unwrap(), event);
    }
    let bomb = vec![0; 10_000_000];
    sender.send(gzip(&bomb)).await.unwrap();
    let mut length = 0;
    while length < bomb.len() {
        let chunk = body.next().await.unwrap().unwrap();
        assert!(chunk.len() <= 64 * 1024, "a chunk of {} bytes", chunk.len());
        length += chunk.len();
    }
    sender.send(gzip(b"the last")[..15].to_vec()).await.unwrap();
    drop(sender);
    let mut rest = StreamExt::collect::<Vec<_>>(body).await;
    let error = rest.pop().unwrap().unwrap_err();
    assert!(chain(&error).contains("breaks off"), "{}", chain(&error));
}

#[tokio::test]
async fn never_when_it_is_switched_off() {
    let server = server(|| crate::server::answer(200, "hello")).await;
    let mut config = config(&server.url("http"));
    config.disable_compression = true;
    let client = Client::new(config).unwrap();
    client.execute(get("/version"), raw).await.unwrap();
    client.open(get("/watch")).await.unwrap();
    let layered = Client::with_service(client, "default");
    layered.execute(get("/version"), raw).await.unwrap();
    assert!(server.requests().iter().all(|request| request.header("accept-encoding").is_none()));
}

#[tokio::test]
async fn a_small_response_may_be_large() {
    let bomb = gzip(&vec![0; 50_000_000]);
    assert!(bomb.len() < 1_000_000);
    let server = server(move || encoded(200, "gzip", bomb.clone())).await;
    let client = Client::builder(config(&server.url("http"))).max_response_bytes(1_000_000).build().unwrap();
    let error = client.execute(get("/version"), raw).await.unwrap_err();
    assert!(error.to_string().contains("larger than the limit of 1000000 bytes;"), "{error}");

    let exact = gzip(&[0; 1000]);
    let server = self::server(move || encoded(200, "GZIP", exact.clone())).await;
    for (limit, fits) in [(1000, true), (999, false)] {
        let client = Client::builder(config(&server.url("http"))).max_response_bytes(limit).build().unwrap();
        assert_eq!(client.execute(get("/version"), raw).await.is_ok(), fits, "{limit}");
    }
}

#[tokio::test]
async fn tells_what_can_not_be_decompressed() {
    let whole = gzip(b"hello, hello, hello");
    let mut damaged = whole.clone();
    let end = damaged.len() - 6;
    damaged[end] ^= 1;
    let mut trailing = whole.clone();
    trailing.extend_from_slice(b"trailing");
    for body in [damaged, trailing, b"hello".to_vec()] {
        let server = server(move || encoded(200, "gzip", body.clone())).await;
        let client = Client::new(config(&server.url("http"))).unwrap();
        let error = client.execute(get("/version"), raw).await.unwrap_err();
        assert!(error.to_string().ends_with("can't decompress the response"), "{}", chain(&error));
    }
    for length in [5, whole.len() - 4] {
        let body = whole[..length].to_vec();
        let server = server(move || encoded(200, "gzip", body.clone())).await;
        let client = Client::builder(config(&server.url("http"))).retries(0).build().unwrap();
        let error = client.execute(get("/version"), raw).await.unwrap_err();
        assert!(error.is_retryable() && chain(&error).contains("breaks off"), "{}", chain(&error));
    }
    let server = server(|| encoded(200, "br", b"hello".to_vec())).await;
    let client = Client::new(config(&server.url("http"))).unwrap();
    let error = client.execute(get("/version"), raw).await.unwrap_err();
    assert!(chain(&error).contains(r#"Content-Encoding "br""#), "{}", chain(&error));
}

#[tokio::test]
async fn reads_compressed_errors() {
    let body = gzip(br#"{"kind":"Status","status":"Failure","message":"no such pod","reason":"NotFound","code":404}"#);
    let server = server(move || encoded(404, "gzip", body.clone())).await;
    let client = Client::new(config(&server.url("http"))).unwrap();
    let error = client.execute(get("/version"), raw).await.unwrap_err();
    assert!(error.is_not_found());
    assert_eq!(error.status().unwrap().message.as_deref(), Some("no such pod"));
}
