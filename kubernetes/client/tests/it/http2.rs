//! Many requests on few connections, and servers that limit or end them.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::future::join_all;
use http::{Method, Request, Response};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use kubernetes_client::{Body, Client};
use kubernetes_core::{Execute, Path};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use crate::certificates::Authority;
use crate::server::{Server, hello, tls_config};
use crate::{config, fetch, get, raw};

const SOON: Duration = Duration::from_secs(10);

/// A server for HTTP/2 alone. `/watch` is answered with one chunk and stays open, `/flood` with more than anybody reads,
/// `/slow` after a moment, and all else with `hello`.
struct Http2 {
    address: SocketAddr,
    authority: Authority,
    connections: Arc<AtomicUsize>,
    goodbyes: watch::Sender<usize>,
    accepting: AbortHandle,
}

impl Http2 {
    async fn start(most_streams: u32) -> Self {
        let authority = Authority::new();
        let tls = tls_config(&authority.server(&["127.0.0.1"]), &["h2"], None);
        let tls = TlsAcceptor::from(Arc::new(tls));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let goodbyes = watch::Sender::new(0);
        let (count, goodbye) = (Arc::clone(&connections), goodbyes.clone());
        let accepting = tokio::spawn(async move {
            let mut serving = tokio::task::JoinSet::new();
            loop {
                let (socket, _) = listener.accept().await.unwrap();
                let (tls, count, mut goodbye) = (tls.clone(), Arc::clone(&count), goodbye.subscribe());
                serving.spawn(async move {
                    let Ok(socket) = tls.accept(socket).await else { return };
                    count.fetch_add(1, Ordering::SeqCst);
                    let mut builder = http2::Builder::new(TokioExecutor::new());
                    builder.max_concurrent_streams(most_streams);
                    let mut connection = pin!(builder.serve_connection(TokioIo::new(socket), service_fn(answer)));
                    goodbye.mark_unchanged();
                    loop {
                        tokio::select! {
                            _ = &mut connection => return,
                            Ok(()) = goodbye.changed() => connection.as_mut().graceful_shutdown(),
                        }
                    }
                });
            }
        })
        .abort_handle();
        Self { address, authority, connections, goodbyes, accepting }
    }

    fn client(&self) -> Client {
        let mut config = config(&format!("https://{}", self.address));
        config.certificate_authority = Some(self.authority.pem.clone().into_bytes());
        Client::new(config).unwrap()
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// Sends GOAWAY on all connections.
    fn say_goodbye(&self) {
        self.goodbyes.send_modify(|count| *count += 1);
    }
}

impl Drop for Http2 {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn answer(request: Request<Incoming>) -> Result<Response<UnsyncBoxBody<Bytes, Infallible>>, Infallible> {
    let first = |chunk| futures_util::stream::iter([Ok(Frame::data(Bytes::from_static(chunk)))]);
    Ok(Response::new(match request.uri().path() {
        "/watch" => StreamBody::new(first(b"alive").chain(futures_util::stream::pending())).boxed_unsync(),
        "/flood" => {
            let chunk = || Ok(Frame::data(Bytes::from_static(&[b'x'; 65536])));
            StreamBody::new(futures_util::stream::repeat_with(chunk)).boxed_unsync()
        }
        path => {
            if path == "/slow" {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            let sent = request.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
            Full::new(if sent.is_empty() { Bytes::from_static(b"hello") } else { sent }).boxed_unsync()
        }
    }))
}

async fn watch(client: &Client) -> Body {
    let mut body = timeout(SOON, client.open(get("/watch"))).await.expect("a watch starts").unwrap();
    assert_eq!(body.next().await.unwrap().unwrap(), "alive");
    body
}

#[tokio::test]
async fn a_request_gets_through_while_watches_have_all_streams() {
    let server = Http2::start(5).await;
    let client = server.client();
    let mut watches = Vec::new();
    for _ in 0..5 {
        watches.push(watch(&client).await);
    }
    assert_eq!(server.connections(), 1);

    assert_eq!(timeout(SOON, fetch(&client)).await.expect("it need not wait").unwrap(), "hello");
    assert_eq!(server.connections(), 2);

    for _ in 0..18 {
        watches.push(watch(&client).await);
    }
    assert_eq!(timeout(SOON, fetch(&client)).await.expect("it need not wait").unwrap(), "hello");
    assert_eq!(server.connections(), 5, "23 watches and a request need 5 connections of 5 streams");
}

#[tokio::test]
async fn watches_that_start_at_once_share_the_connections_they_need() {
    let server = Http2::start(5).await;
    let client = server.client();
    let watches = join_all((0..23).map(|_| watch(&client))).await;
    assert_eq!(watches.len(), 23);
    assert_eq!(server.connections(), 5);

    drop(watches);
    let answers = join_all((0..25).map(|_| fetch(&client))).await;
    assert!(answers.iter().all(|answer| answer.as_ref().unwrap() == "hello"));
    assert_eq!(server.connections(), 5, "what watches leave is used again");
}

#[tokio::test]
async fn many_first_requests_share_one_connection() {
    let server = Http2::start(100).await;
    let client = server.client();
    let answers = join_all((0..64).map(|_| fetch(&client))).await;
    assert!(answers.iter().all(|answer| answer.as_ref().unwrap() == "hello"));
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn requests_that_are_given_up_leave_no_trace() {
    let server = Http2::start(2).await;
    let client = server.client();
    for _ in 0..50 {
        // Given up while connecting, while waiting for an answer, or with a body that is not read to its end.
        let _ = timeout(Duration::from_micros(300), client.open(get("/slow"))).await;
        drop(watch(&client).await);
    }
    assert_eq!(fetch(&client).await.unwrap(), "hello");
    assert!(server.connections() <= 2, "{} connections", server.connections());
}

#[tokio::test]
async fn streams_that_nobody_reads_do_not_hold_up_others() {
    let server = Http2::start(100).await;
    let client = server.client();
    let mut unread = Vec::new();
    for _ in 0..8 {
        let mut body = client.open(get("/flood")).await.unwrap();
        body.next().await.unwrap().unwrap();
        unread.push(body);
    }
    // Until the server has sent all that the unread streams may keep.
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(timeout(SOON, fetch(&client)).await.expect("it need not wait").unwrap(), "hello");
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn goaway_fails_no_request() {
    let server = Http2::start(100).await;
    let client = server.client();
    let mut watching = watch(&client).await;
    let work = (0..8).map(|worker| {
        let client = client.clone();
        async move {
            for turn in 0..50 {
                let text = format!("{worker}/{turn}");
                let mut request = kubernetes_core::Request::new(Method::POST, Path::new("/slow", &[]));
                request.body = Some((http::HeaderValue::from_static("text/plain"), Ok(text.clone().into())));
                assert_eq!(client.execute(request, raw).await.unwrap(), text.as_bytes());
            }
        }
    });
    let goodbyes = async {
        for _ in 0..20 {
            tokio::time::sleep(Duration::from_millis(5)).await;
            server.say_goodbye();
        }
    };
    tokio::join!(join_all(work), goodbyes);
    assert!(server.connections() > 5, "{} connections", server.connections());
    let more = timeout(Duration::from_millis(20), watching.next()).await;
    assert!(more.is_err(), "a watch goes on where it is: {more:?}");
}

#[tokio::test]
async fn a_client_that_is_dropped_leaves_running_watches_alone() {
    let server = Http2::start(100).await;
    let mut body = watch(&server.client()).await;
    assert!(timeout(Duration::from_millis(50), body.next()).await.is_err(), "the watch goes on");
}

#[tokio::test]
async fn a_connection_that_is_not_used_is_closed() {
    let server = Server::plain(hello).await;
    let client = Client::new(config(&server.url("http"))).unwrap();
    fetch(&client).await.unwrap();
    fetch(&client).await.unwrap();
    assert_eq!(server.connections(), 1);

    tokio::time::pause();
    tokio::time::sleep(Duration::from_secs(200)).await;
    tokio::time::resume();
    fetch(&client).await.unwrap();
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn http_1_opens_a_connection_for_each_request_at_a_time() {
    let server = Server::plain(hello).await;
    let client = Client::new(config(&server.url("http"))).unwrap();
    for _ in 0..3 {
        let answers = join_all((0..16).map(|_| fetch(&client))).await;
        assert!(answers.iter().all(|answer| answer.as_ref().unwrap() == "hello"));
    }
    assert!(server.connections() <= 16, "{} connections", server.connections());
}
