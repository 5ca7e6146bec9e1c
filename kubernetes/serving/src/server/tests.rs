use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tower_service::Service;

use super::Server;

#[derive(Clone)]
struct Hello;

impl Service<Request<Incoming>> for Hello {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Incoming>) -> Self::Future {
        Box::pin(async move {
            let mut response = Response::new(Full::from("hello"));
            match request.uri().path() {
                "/slow" => tokio::time::sleep(Duration::from_millis(300)).await,
                "/strange" => *response.status_mut() = StatusCode::NOT_FOUND,
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
    (address, stop, tokio::spawn(async move { server.serve(listener, Hello, shutdown).await }))
}

async fn exchange(address: SocketAddr, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
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
    let mut idle = TcpStream::connect(address).await.expect("a connection");
    idle.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.expect("the request is sent");
    idle.read_exact(&mut [0; 12]).await.expect("a response");
    stop.send(()).expect("the server runs");
    task.await.expect("the server ends");
    assert!(TcpStream::connect(address).await.is_err());
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
    let (address, _stop, _task) = start(Server::new("test").max_connections(1)).await;
    let mut first = TcpStream::connect(address).await.expect("a connection");
    first.write_all(b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n").await.expect("the request is sent");
    // It has begun.
    tokio::time::sleep(Duration::from_millis(50)).await;
    let mut second = TcpStream::connect(address).await.expect("it waits");
    let mut asking = std::pin::pin!(ask(&mut second, "/"));
    let early = tokio::time::timeout(Duration::from_millis(100), asking.as_mut()).await;
    assert!(early.is_err(), "there is no room yet");
    let mut response = [0; 512];
    let length = first.read(&mut response).await.expect("the first is answered");
    assert!(response[..length].starts_with(b"HTTP/1.1 200 OK"));
    assert!(asking.await.expect("a response").contains("200 OK"), "the first is idle, and ends");
    assert_eq!(first.read(&mut response).await.expect("it has ended"), 0);
}

/// Else strangers could keep out all others.
#[tokio::test]
async fn idle_connections_make_room_those_of_strangers_first() {
    let (address, _stop, _task) = start(Server::new("test").max_connections(3)).await;
    let mut known = TcpStream::connect(address).await.expect("a connection");
    assert!(ask(&mut known, "/").await.expect("a response").contains("200 OK"));
    let (mut silent, mut strange) =
        (TcpStream::connect(address).await.expect("a connection"), TcpStream::connect(address).await.expect("another"));
    for _ in 0..3 {
        assert!(ask(&mut strange, "/strange").await.expect("a response").contains("404 Not Found"));
    }
    let mut opened = Vec::new();
    for _ in 0..2 {
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        assert!(ask(&mut stream, "/").await.expect("a response").contains("200 OK"));
        opened.push(stream);
    }
    for stranger in [&mut silent, &mut strange] {
        assert_eq!(stranger.read(&mut [0; 64]).await.unwrap_or_default(), 0, "it has ended");
    }
    for stream in [&mut known].into_iter().chain(&mut opened) {
        assert!(ask(stream, "/").await.expect("a response").contains("200 OK"), "it stays");
    }
}

/// A request that anyone can send does not make a connection a used one.
#[tokio::test(start_paused = true)]
async fn requests_of_strangers_keep_no_connection_open() {
    let (address, _stop, _task) = start(Server::new("test")).await;
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    let begin = tokio::time::Instant::now();
    while ask(&mut stream, "/strange").await.is_ok_and(|response| !response.is_empty()) {
        tokio::time::sleep(Duration::from_secs(5)).await;
        assert!(begin.elapsed() < Duration::from_secs(60), "it is still open");
    }
}

/// The clock is paused, and so goes on whenever the server waits for a connection.
#[tokio::test(start_paused = true)]
async fn silent_and_slow_connections_are_closed() {
    let (address, _stop, _task) = start(Server::new("test")).await;
    for sent in [&b""[..], b"GET / HT"] {
        let response = exchange(address, sent).await;
        assert!(!response.contains("200 OK"), "{response}");
    }
}

/// A request that comes when the connection is too old is still answered: a client does not repeat it.
#[tokio::test(start_paused = true)]
async fn old_connections_end_with_a_response() {
    let (address, _stop, _task) = start(Server::new("test").max_connection_age(Duration::from_secs(7))).await;
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    assert!(!ask(&mut stream, "/").await.expect("a response").contains("connection: close"));
    tokio::time::sleep(Duration::from_secs(30)).await;
    let last = ask(&mut stream, "/").await.expect("a response");
    assert!(last.contains("connection: close") && last.ends_with("hello"), "{last}");
    assert_eq!(ask(&mut stream, "/").await.expect("its end"), "", "it has ended");
}

/// Go's clients keep idle connections for 90 s, and lose a request on one that is closed at that moment.
#[tokio::test(start_paused = true)]
async fn idle_connections_outlive_those_of_clients() {
    let (address, _stop, _task) = start(Server::new("test")).await;
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    for _ in 0..2 {
        let response = ask(&mut stream, "/").await.expect("a response");
        assert!(response.starts_with("HTTP/1.1 200 OK"), "{response}");
        tokio::time::sleep(Duration::from_secs(95)).await;
    }
    let closed = tokio::time::timeout(Duration::from_secs(60), stream.read_u8()).await.expect("it is closed in time");
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
