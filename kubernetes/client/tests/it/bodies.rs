//! Whole and streamed bodies.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use kubernetes_client::{Body, Client};
use kubernetes_core::Execute;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use crate::certificates::Authority;
use crate::server::{Server, answer, streamed, streaming, tls_config};
use crate::{chain, config, fakes, fetch, get, raw};

#[tokio::test]
async fn arrives_chunk_by_chunk() {
    let (mut opened, handler) = streaming();
    let server = Server::plain(handler).await;
    let client = Client::new(config(&server.url("http"))).unwrap();

    let mut body = client.open(get("/watch")).await.unwrap();
    let sender = opened.recv().await.unwrap();
    for chunk in ["one", "two", "three"] {
        sender.send(chunk).await.unwrap();
        assert_eq!(body.next().await.unwrap().unwrap(), chunk, "each arrives before the next is sent");
    }
    drop(sender);
    assert!(body.next().await.is_none());
    assert!(body.next().await.is_none(), "the end is final");
}

#[tokio::test]
async fn joins_the_chunks_of_a_whole_body() {
    for sizes in [vec![], vec![0], vec![5], vec![1, 0, 2], vec![70_000; 40]] {
        let expected = sizes.iter().flat_map(|size| vec![b'x'; *size]).collect::<Vec<_>>();
        let client = fakes::client(move |_| {
            let chunks =
                sizes.clone().into_iter().map(|size| Ok::<_, io::Error>(Frame::data(Bytes::from(vec![b'x'; size]))));
            let response = http::Response::new(Body::new(StreamBody::new(stream::iter(chunks))));
            async move { response }
        });
        assert_eq!(client.execute(get("/version"), raw).await.unwrap(), expected);
    }
}

#[tokio::test]
async fn refuses_a_body_larger_than_the_limit() {
    let server = Server::plain(|request| async move {
        match request.uri().path() {
            "/announced" => answer(200, vec![b'x'; 1001]),
            "/fits" => answer(200, vec![b'x'; 1000]),
            "/one-chunk" => {
                let (sender, response) = streamed();
                tokio::spawn(async move { sender.send("0123456789").await });
                response
            }
            _ => {
                let (sender, response) = streamed();
                tokio::spawn(async move { while sender.send("0123456789").await.is_ok() {} });
                response
            }
        }
    })
    .await;
    let client = Client::builder(config(&server.url("http"))).max_response_bytes(1000).build().unwrap();

    assert_eq!(client.execute(get("/fits"), raw).await.unwrap().len(), 1000);
    for path in ["/announced", "/endless"] {
        let error = client.execute(get(path), raw).await.unwrap_err();
        let expected = format!("GET {path} failed: the response is larger than the limit of 1000 bytes; ");
        assert!(error.to_string().starts_with(&expected), "{error}");
        assert!(!error.is_retryable());
    }
    let strict = Client::builder(config(&server.url("http"))).max_response_bytes(9).build().unwrap();
    assert!(strict.execute(get("/one-chunk"), raw).await.unwrap_err().to_string().contains("9 bytes;"));

    let read =
        client.open(get("/endless")).await.unwrap().take(200).fold(0, async |sum, chunk| sum + chunk.unwrap().len());
    assert!(read.await > 1000, "a stream has no limit");
}

#[tokio::test]
async fn does_not_read_a_body_that_is_announced_too_large() {
    let address = raw_server(|mut socket| async move {
        read_head(&mut socket).await;
        socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1001\r\n\r\nhello").await.unwrap();
        // Until the client gives up the connection.
        let _ = socket.read_u8().await.unwrap_err();
    })
    .await;
    let client = Client::builder(config(&format!("http://{address}"))).max_response_bytes(1000).build().unwrap();
    let error = tokio::time::timeout(Duration::from_secs(5), fetch(&client)).await.unwrap().unwrap_err();
    assert!(error.to_string().contains("1000 bytes;"), "{error}");
}

#[tokio::test]
async fn reads_no_more_of_an_error_than_it_needs() {
    let read = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&read);
    let client = fakes::client(move |_| {
        let counter = Arc::clone(&counter);
        let chunks = stream::repeat_with(move || {
            counter.fetch_add(1, Ordering::SeqCst);
            Ok::<_, io::Error>(Frame::data(Bytes::from_static(&[b'x'; 65536])))
        });
        let mut response = http::Response::new(Body::new(StreamBody::new(chunks.take(1000))));
        *response.status_mut() = http::StatusCode::BAD_GATEWAY;
        async move { response }
    });
    assert_eq!(fetch(&client).await.unwrap_err().http_status(), Some(http::StatusCode::BAD_GATEWAY));
    assert!(read.load(Ordering::SeqCst) <= 17, "{read:?}: a MiB is enough");
}

#[tokio::test]
async fn an_error_in_the_middle_surfaces_once() {
    let address = raw_server(|mut socket| async move {
        read_head(&mut socket).await;
        socket.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n5\r\nhe").await.unwrap();
    })
    .await;
    let client = Client::new(config(&format!("http://{address}"))).unwrap();

    let mut body = client.open(get("/watch")).await.unwrap();
    assert_eq!(body.next().await.unwrap().unwrap(), "hello");
    let rest = StreamExt::collect::<Vec<_>>(body).await;
    let errors = rest.iter().filter_map(|chunk| chunk.as_ref().err()).collect::<Vec<_>>();
    assert_eq!(errors.len(), 1, "{rest:?}");
    assert!(rest.last().unwrap().is_err(), "nothing comes after it");
    assert!(errors[0].is_retryable() && !errors[0].is_connect());
    assert!(chain(errors[0]).starts_with("GET /watch failed: the response was cut short: "), "{}", chain(errors[0]));

    let error = fetch(&client).await.unwrap_err();
    assert!(error.is_retryable() && error.status().is_none(), "half a body is none: {error:?}");
}

#[tokio::test]
async fn dropping_it_closes_the_http_1_connection() {
    let (closed, mut is_closed) = mpsc::channel(1);
    let address = raw_server(move |mut socket| {
        let closed = closed.clone();
        async move {
            read_head(&mut socket).await;
            socket.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n").await.unwrap();
            // The end of the client's side, or a reset.
            let _ = socket.read_u8().await.unwrap_err();
            closed.send(()).await.unwrap();
        }
    })
    .await;
    let client = Client::new(config(&format!("http://{address}"))).unwrap();
    let mut body = client.open(get("/watch")).await.unwrap();
    assert_eq!(body.next().await.unwrap().unwrap(), "hello");
    drop(body);
    is_closed.recv().await.unwrap();
}

#[tokio::test]
async fn dropping_it_resets_the_http_2_stream_alone() {
    let authority = Authority::new();
    let tls = tls_config(&authority.server(&["127.0.0.1"]), &["h2"], None);
    let (senders, mut opened) = mpsc::channel(2);
    let server = Server::tls(tls, move |request| {
        let senders = senders.clone();
        async move {
            if request.uri().path() != "/watch" {
                return answer(200, "hello");
            }
            let (sender, response) = streamed();
            senders.send(sender).await.unwrap();
            response
        }
    })
    .await;
    let mut config = config(&server.url("https"));
    config.certificate_authority = Some(authority.pem.clone().into_bytes());
    let client = Client::new(config).unwrap();

    let (first, second) = (client.open(get("/watch")).await.unwrap(), client.open(get("/watch")).await.unwrap());
    let (first_sender, second_sender) = (opened.recv().await.unwrap(), opened.recv().await.unwrap());
    drop(first);
    first_sender.closed().await;

    second_sender.send("alive").await.unwrap();
    let (chunk, _rest) = second.into_future().await;
    assert_eq!(chunk.unwrap().unwrap(), "alive");
    assert_eq!(fetch(&client).await.unwrap(), "hello");
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn yields_no_empty_chunks() {
    let chunks =
        ["", "a", "", "", "b", ""].map(|chunk| Ok::<_, io::Error>(Frame::data(Bytes::from_static(chunk.as_bytes()))));
    let body = Body::new(StreamBody::new(stream::iter(chunks)));
    let read = body.map(|chunk| chunk.unwrap()).collect::<Vec<_>>().await;
    assert_eq!(read, ["a", "b"]);

    assert!(Body::empty().next().await.is_none());
    assert!(Body::from("").next().await.is_none());
    assert_eq!(BodyExt::collect(Body::from("whole")).await.unwrap().to_bytes(), "whole");
}

/// Gives every connection to a function.
async fn raw_server<F>(serve: impl Fn(TcpStream) -> F + Send + 'static) -> std::net::SocketAddr
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            tokio::spawn(serve(socket));
        }
    });
    address
}

/// Reads up to the end of a request without a body.
async fn read_head(socket: &mut TcpStream) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(socket.read_u8().await.unwrap());
    }
}
