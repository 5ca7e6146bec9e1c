use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Extensions, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};
use tower_service::Service;

use super::Server;
use super::connection::{Connection, Protocol};

/// More than the buffers of a loopback connection hold.
const LARGE: usize = 32 << 20;

#[derive(Clone, Default)]
struct Hello {
    /// A request for `/slow` has begun, and may end.
    begun: Arc<Notify>,
    finish: Arc<Notify>,
}

impl Service<Request<Incoming>> for Hello {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Incoming>) -> Self::Future {
        let Self { begun, finish } = self.clone();
        Box::pin(async move {
            let mut response = Response::new(Full::from("hello"));
            match request.uri().path() {
                "/slow" => {
                    begun.notify_one();
                    finish.notified().await;
                }
                "/large" => *response.body_mut() = Full::from(vec![b'x'; LARGE]),
                "/unknown" => *response.status_mut() = StatusCode::NOT_FOUND,
                _ => {}
            }
            Ok(response)
        })
    }
}

async fn start(server: Server) -> (SocketAddr, oneshot::Sender<()>, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let (address, (stop, stopped)) = (listener.local_addr().expect("its address"), oneshot::channel::<()>());
    let shutdown = async { stopped.await.unwrap_or_default() };
    (address, stop, tokio::spawn(async move { server.serve(listener, Hello::default(), shutdown).await }))
}

/// A server whose first connections speak HTTP/2, and all others HTTP/1.1.
async fn start_with_http2(server: Server, connections: usize) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let (address, count) = (listener.local_addr().expect("its address"), AtomicUsize::new(0));
    let handshake = move |io: TcpStream| {
        let is_http2 = count.fetch_add(1, Ordering::SeqCst) < connections;
        let protocol = if is_http2 { Protocol::Http2 } else { Protocol::Http1 };
        async move { Ok(Connection { io, protocol, extensions: Extensions::new() }) }
    };
    let pending = std::future::pending();
    tokio::spawn(async move { server.serve_with(listener, handshake, Hello::default(), pending).await });
    address
}

async fn connect(address: SocketAddr) -> TcpStream {
    TcpStream::connect(address).await.expect("a connection")
}

/// A connection on which only this was sent.
async fn connect_with(address: SocketAddr, sent: &[u8]) -> TcpStream {
    let mut stream = connect(address).await;
    stream.write_all(sent).await.expect("it is sent");
    stream
}

/// Checks that a new connection is served within 2 s.
async fn assert_serves(address: SocketAddr) {
    let mut stream = connect(address).await;
    let response = timeout(Duration::from_secs(2), ask(&mut stream, "/")).await.expect("a response in time");
    assert!(response.expect("a response").contains("200 OK"));
}

async fn exchange(address: SocketAddr, request: &[u8]) -> String {
    let mut stream = connect(address).await;
    stream.write_all(request).await.expect("the request is sent");
    let mut response = String::new();
    stream.read_to_string(&mut response).await.expect("the response is text");
    response
}

#[tokio::test]
async fn requests_are_answered_until_the_shutdown() {
    let (address, stop, task) = start(Server::new("test")).await;
    let response = exchange(address, b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    assert!(response.starts_with("HTTP/1.1 200 OK\r\n") && response.ends_with("hello"), "{response}");
    // An idle connection does not delay the end.
    let mut idle = connect(address).await;
    idle.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.expect("the request is sent");
    idle.read_exact(&mut [0; 12]).await.expect("a response");
    stop.send(()).expect("the server runs");
    task.await.expect("the server ends");
    assert!(TcpStream::connect(address).await.is_err());
}

/// An API server does not repeat the POST that it sends while the server closes the idle connection.
#[tokio::test(start_paused = true)]
async fn a_request_that_comes_with_the_shutdown_is_answered() {
    let (address, stop, task) = start(Server::new("test").linger(Duration::from_secs(1))).await;
    let (mut used, mut idle) = (connect(address).await, connect(address).await);
    for stream in [&mut used, &mut idle] {
        assert!(!ask(stream, "/").await.expect("a response").contains("connection: close"));
    }
    let begin = Instant::now();
    stop.send(()).expect("the server runs");
    sleep(Duration::from_millis(500)).await;
    let last = ask(&mut used, "/").await.expect("a response");
    assert!(last.contains("connection: close") && last.ends_with("hello"), "{last}");
    assert_eq!(used.read(&mut [0]).await.expect("its end"), 0);
    task.await.expect("the server ends");
    assert_eq!(begin.elapsed().as_secs(), 1, "an idle connection does not delay the end for longer");
    assert_eq!(idle.read(&mut [0]).await.expect("its end"), 0);
}

#[tokio::test]
async fn headers_are_limited() {
    let (address, _stop, _task) = start(Server::new("test").max_header_bytes(8 * 1024)).await;
    let request = format!("GET / HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n", "y".repeat(20_000));
    assert!(exchange(address, request.as_bytes()).await.starts_with("HTTP/1.1 431"));
}

/// Sends a request on a connection that stays open, and reads the response.
async fn ask(stream: &mut TcpStream, path: &str) -> std::io::Result<String> {
    stream.write_all(format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes()).await?;
    let mut response = [0; 512];
    let length = stream.read(&mut response).await?;
    Ok(String::from_utf8_lossy(&response[..length]).into_owned())
}

#[tokio::test]
async fn further_connections_wait_while_all_have_requests() {
    let (listener, service) = (TcpListener::bind("127.0.0.1:0").await.expect("a port"), Hello::default());
    let (address, Hello { begun, finish }) = (listener.local_addr().expect("its address"), service.clone());
    let server = Server::new("test").max_connections(1);
    tokio::spawn(async move { server.serve(listener, service, std::future::pending()).await });
    let mut first = connect_with(address, b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n").await;
    begun.notified().await;
    let mut second = connect(address).await;
    let mut asking = std::pin::pin!(ask(&mut second, "/"));
    let early = timeout(Duration::from_millis(100), asking.as_mut()).await;
    assert!(early.is_err(), "there is no room yet");
    finish.notify_one();
    let mut response = [0; 512];
    let length = first.read(&mut response).await.expect("the first is answered");
    assert!(response[..length].starts_with(b"HTTP/1.1 200 OK"));
    assert!(asking.await.expect("a response").contains("200 OK"), "the first is idle, and ends");
    assert_eq!(first.read(&mut response).await.expect("it has ended"), 0);
}

/// Otherwise anyone could keep all others out.
#[tokio::test(start_paused = true)]
async fn idle_connections_make_room_unauthenticated_ones_first() {
    let (address, _stop, _task) = start(Server::new("test").max_connections(3)).await;
    let mut known = connect(address).await;
    assert!(ask(&mut known, "/").await.expect("a response").contains("200 OK"));
    let (mut silent, mut unknown) = (connect(address).await, connect(address).await);
    for _ in 0..3 {
        assert!(ask(&mut unknown, "/unknown").await.expect("a response").contains("404 Not Found"));
    }
    sleep(Duration::from_secs(2)).await;
    let mut opened = Vec::new();
    for _ in 0..2 {
        let mut stream = connect(address).await;
        assert!(ask(&mut stream, "/").await.expect("a response").contains("200 OK"));
        opened.push(stream);
    }
    for ended in [&mut silent, &mut unknown] {
        assert_eq!(ended.read(&mut [0; 64]).await.unwrap_or_default(), 0, "it has ended");
    }
    for stream in [&mut known].into_iter().chain(&mut opened) {
        assert!(ask(stream, "/").await.expect("a response").contains("200 OK"), "it stays");
    }
}

/// A connection that was accepted a moment ago has had no time for a request.
#[tokio::test(start_paused = true)]
async fn a_new_connection_outlives_those_that_are_idle() {
    let (address, _stop, _task) = start(Server::new("test").max_connections(9)).await;
    let mut used = Vec::new();
    for _ in 0..8 {
        let mut stream = connect(address).await;
        assert!(ask(&mut stream, "/").await.expect("a response").contains("200 OK"));
        used.push(stream);
    }
    let mut new = connect(address).await;
    sleep(Duration::from_millis(50)).await;
    assert_serves(address).await;
    assert!(ask(&mut new, "/").await.expect("a response").contains("200 OK"));
    assert_eq!(used[0].read(&mut [0; 64]).await.unwrap_or_default(), 0, "the oldest has ended");
    assert!(ask(&mut used[1], "/").await.expect("a response").contains("200 OK"), "one was enough");
}

#[tokio::test(start_paused = true)]
async fn connections_that_never_send_a_request_are_replaced_at_once() {
    let (address, _stop, _task) = start(Server::new("test").max_connections(8)).await;
    let mut open = Vec::new();
    for _ in 0..8 {
        open.push(connect_with(address, b"G").await);
    }
    sleep(Duration::from_secs(2)).await;
    for _ in 0..20 {
        open.push(connect_with(address, b"G").await);
    }
    assert_serves(address).await;
}

/// The server is full, and its connections have sent no request, or not all of one.
#[tokio::test(start_paused = true)]
async fn connections_without_a_request_keep_nobody_out_at_any_time() {
    for seconds in [0, 1, 19, 21, 30, 79] {
        for sent in [&b""[..], b"GET / HT"] {
            for is_http2 in [false, true] {
                let server = Server::new("test").max_connections(1).grace(Duration::from_secs(60));
                let (address, _running) = match is_http2 {
                    true => (start_with_http2(server, 1).await, None),
                    false => {
                        let (address, stop, task) = start(server).await;
                        (address, Some((stop, task)))
                    }
                };
                let _first = connect_with(address, sent).await;
                sleep(Duration::from_secs(seconds)).await;
                assert_serves(address).await;
            }
        }
    }
}

/// The client's preface and settings.
const HTTP2_PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
/// A GET of `/`: headers by their indexes in HPACK's static table (RFC 7541, appendix A).
const HTTP2_GET: &[u8] = b"\0\0\x03\x01\x05\0\0\0\x01\x82\x86\x84";

/// Sends a request by HTTP/2, and waits for the response.
async fn ask_by_http2(address: SocketAddr) -> TcpStream {
    let mut stream = connect_with(address, &[HTTP2_PREFACE, HTTP2_GET].concat()).await;
    let mut received = Vec::new();
    while !received.windows(5).any(|window| window == b"hello") {
        assert!(stream.read_buf(&mut received).await.expect("a response") > 0, "it has ended: {received:?}");
    }
    stream
}

/// The client answers none of the server's pings.
#[tokio::test(start_paused = true)]
async fn an_http2_connection_that_is_evicted_learns_it_first() {
    let address = start_with_http2(Server::new("test").max_connections(1), 1).await;
    let mut first = ask_by_http2(address).await;
    assert_serves(address).await;
    let mut rest = Vec::new();
    first.read_to_end(&mut rest).await.expect("its end");
    // A frame has its length in 3 bytes, and then its type; GOAWAY is 7.
    let mut types = Vec::new();
    let mut frames = &rest[..];
    while let [a, b, c, kind, ..] = *frames {
        types.push(kind);
        frames = frames.get(9 + u32::from_be_bytes([0, a, b, c]) as usize..).unwrap_or_default();
    }
    assert!(types.contains(&7), "{types:?}");
}

/// The clients answer none of the server's pings, so that each connection stays for a moment.
#[tokio::test(start_paused = true)]
async fn connections_that_do_not_end_in_order_make_room_together() {
    let address = start_with_http2(Server::new("test").max_connections(8), 8).await;
    let mut open = Vec::new();
    for _ in 0..8 {
        open.push(ask_by_http2(address).await);
    }
    sleep(Duration::from_secs(2)).await;
    for _ in 0..7 {
        open.push(connect_with(address, b"G").await);
    }
    assert_serves(address).await;
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_too_old_is_evicted_all_the_same() {
    let server = Server::new("test").max_connections(1);
    let address =
        start_with_http2(server.max_connection_age(Duration::from_secs(2)).grace(Duration::from_secs(60)), 1).await;
    let _first = ask_by_http2(address).await;
    sleep(Duration::from_secs(3)).await;
    assert_serves(address).await;
}

/// Its length is that of the head and of the body.
async fn read_large(stream: &mut TcpStream, already: usize) -> usize {
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).await.expect("the rest");
    already + rest.len()
}

#[tokio::test(start_paused = true)]
async fn a_response_that_is_being_read_keeps_its_connection() {
    let (address, _stop, _task) = start(Server::new("test").max_connections(1)).await;
    let mut first = connect_with(address, b"GET /large HTTP/1.1\r\nhost: x\r\n\r\n").await;
    let already = first.read(&mut [0; 4096]).await.expect("its begin");
    let second = tokio::spawn(async move { assert_serves_later(address).await });
    sleep(Duration::from_secs(3)).await;
    let length = read_large(&mut first, already).await;
    assert!(length > LARGE, "{length}");
    second.await.expect("the second is served");
}

async fn assert_serves_later(address: SocketAddr) {
    let response = ask(&mut connect(address).await, "/").await.expect("a response");
    assert!(response.contains("200 OK"));
}

/// By HTTP/2, it is the client's window that shows how far it has read.
#[tokio::test(start_paused = true)]
async fn a_response_that_waits_for_a_window_keeps_its_connection_for_some_time() {
    let address = start_with_http2(Server::new("test").max_connections(1), 1).await;
    let request = [HTTP2_PREFACE, b"\0\0\x0a\x01\x05\0\0\0\x01\x82\x86\x04\x06/large"].concat();
    let mut first = connect_with(address, &request).await;
    first.read_exact(&mut [0; 1024]).await.expect("the response has begun");
    let mut second = connect(address).await;
    let mut asking = std::pin::pin!(ask(&mut second, "/"));
    assert!(timeout(Duration::from_secs(15), asking.as_mut()).await.is_err(), "the first may still read");
    let response = timeout(Duration::from_secs(8), asking).await.expect("it had its time");
    assert!(response.expect("a response").contains("200 OK"));
}

#[tokio::test(start_paused = true)]
async fn responses_that_nobody_reads_keep_no_connection() {
    let (address, _stop, _task) = start(Server::new("test").max_connections(1)).await;
    let _first = connect_with(address, b"GET /large HTTP/1.1\r\nhost: x\r\n\r\n").await;
    sleep(Duration::from_secs(21)).await;
    assert_serves(address).await;
}

/// A request that anyone can send does not make a connection a used one.
#[tokio::test(start_paused = true)]
async fn unauthenticated_requests_keep_no_connection_open() {
    let (address, _stop, _task) = start(Server::new("test")).await;
    let mut stream = connect(address).await;
    let begin = Instant::now();
    while ask(&mut stream, "/unknown").await.is_ok_and(|response| !response.is_empty()) {
        sleep(Duration::from_secs(5)).await;
        assert!(begin.elapsed() < Duration::from_secs(60), "it is still open");
    }
    assert!(begin.elapsed() >= Duration::from_secs(20), "{:?}", begin.elapsed());
}

/// The clock is paused, and so goes on whenever the server waits for a connection.
#[tokio::test(start_paused = true)]
async fn silent_and_slow_connections_are_closed() {
    let (address, _stop, _task) = start(Server::new("test").grace(Duration::from_secs(60))).await;
    for sent in [&b""[..], b"GET / HT"] {
        let begin = Instant::now();
        let response = exchange(address, sent).await;
        assert!(!response.contains("200 OK"), "{response}");
        assert_eq!(begin.elapsed().as_secs(), 20);
    }
}

/// A request that comes when the connection is too old is still answered: a client does not repeat it.
#[tokio::test(start_paused = true)]
async fn old_connections_end_with_a_response() {
    let (address, _stop, _task) = start(Server::new("test").max_connection_age(Duration::from_secs(7))).await;
    let mut stream = connect(address).await;
    assert!(!ask(&mut stream, "/").await.expect("a response").contains("connection: close"));
    sleep(Duration::from_secs(30)).await;
    let last = ask(&mut stream, "/").await.expect("a response");
    assert!(last.contains("connection: close") && last.ends_with("hello"), "{last}");
    assert_eq!(ask(&mut stream, "/").await.expect("its end"), "", "it has ended");
}

/// Go's clients keep idle connections for 90 s, and lose a request on one that is closed at that moment.
#[tokio::test(start_paused = true)]
async fn idle_connections_outlive_those_of_clients() {
    let (address, _stop, _task) = start(Server::new("test")).await;
    let mut stream = connect(address).await;
    for _ in 0..2 {
        let response = ask(&mut stream, "/").await.expect("a response");
        assert!(response.starts_with("HTTP/1.1 200 OK"), "{response}");
        sleep(Duration::from_secs(95)).await;
    }
    let closed = timeout(Duration::from_secs(60), stream.read_u8()).await.expect("it is closed in time");
    assert_eq!(closed.expect_err("it is closed").kind(), std::io::ErrorKind::UnexpectedEof);
}

#[tokio::test]
async fn all_addresses_are_of_both_families() {
    let listener = crate::bind((std::net::Ipv6Addr::UNSPECIFIED, 0).into()).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::net::TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let taken = listener.local_addr().unwrap();
    assert!(crate::bind((std::net::Ipv4Addr::LOCALHOST, taken.port()).into()).await.is_err());
}
