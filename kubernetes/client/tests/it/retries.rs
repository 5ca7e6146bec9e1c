//! Requests that are sent again, and those that are not.

use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response};
use http_body_util::BodyExt;
use kubernetes_client::{Body, Client, Error};
use kubernetes_core::{Execute, Path};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;
use tower_service::Service;

use crate::certificates::Authority;
use crate::server::tls_config;
use crate::{chain, config, fetch, get, raw};

type BoxError = Box<dyn std::error::Error + Send + Sync>;
/// When attempts came, and with what body.
type Seen = Arc<Mutex<Vec<(Instant, Bytes)>>>;
type Script = dyn Fn(usize) -> Result<Response<Body>, BoxError> + Send + Sync;

/// Answers the attempts of one request by their number, and writes down when they came and with what.
#[derive(Clone)]
struct Scripted {
    script: Arc<Script>,
    seen: Seen,
}

impl Service<Request<Body>> for Scripted {
    type Response = Response<Body>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, BoxError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let this = self.clone();
        Box::pin(async move {
            let body = request.into_body().collect().await?.to_bytes();
            let number = {
                let mut seen = this.seen.lock().unwrap();
                seen.push((Instant::now(), body));
                seen.len()
            };
            (this.script)(number)
        })
    }
}

fn scripted(script: impl Fn(usize) -> Result<Response<Body>, BoxError> + Send + Sync + 'static) -> (Client, Seen) {
    let seen = Seen::default();
    let service = Scripted { script: Arc::new(script), seen: Arc::clone(&seen) };
    (Client::with_service(service, "default"), seen)
}

fn answer(code: u16, retry_after: Option<&'static str>) -> Result<Response<Body>, BoxError> {
    let mut response = Response::new(Body::from(format!("answer {code}")));
    *response.status_mut() = code.try_into()?;
    if let Some(value) = retry_after {
        response.headers_mut().insert("retry-after", HeaderValue::from_static(value));
    }
    Ok(response)
}

fn request(method: Method) -> kubernetes_core::Request {
    let mut request = kubernetes_core::Request::new(method, Path::new("/api/v1/pods", &[]));
    request.body = Some((HeaderValue::from_static("text/plain"), Ok("sent".into())));
    request
}

/// The result, and the number of attempts.
async fn attempts(
    method: Method,
    script: impl Fn(usize) -> Result<Response<Body>, BoxError> + Send + Sync + 'static,
) -> (Result<Vec<u8>, Error>, usize) {
    let (client, seen) = scripted(script);
    let result = client.execute(request(method), raw).await;
    let seen = seen.lock().unwrap();
    assert!(seen.iter().all(|(_, body)| body == "sent"), "each attempt has the whole body: {seen:?}");
    (result, seen.len())
}

const WRITES: [Method; 4] = [Method::POST, Method::PUT, Method::PATCH, Method::DELETE];

#[tokio::test(start_paused = true)]
async fn any_request_comes_again_when_the_server_says_when() {
    for code in [429, 500, 503, 504] {
        for method in WRITES.into_iter().chain([Method::GET]) {
            let start = Instant::now();
            let (result, attempts) =
                attempts(method, move |number| if number < 3 { answer(code, Some("2")) } else { answer(200, None) })
                    .await;
            assert_eq!(result.unwrap(), b"answer 200");
            assert_eq!(attempts, 3);
            let waited = start.elapsed();
            assert!(waited >= Duration::from_secs(4), "never before the server asks: {waited:?}");
            assert!(waited <= Duration::from_millis(4401), "{waited:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn not_when_the_server_does_not_say_when() {
    let cases = [
        (429, None),
        (500, None),
        (503, None),
        (503, Some("Wed, 21 Oct 2026 07:28:00 GMT")),
        (503, Some("-1")),
        (404, Some("1")),
        (409, Some("1")),
        (401, Some("1")),
    ];
    for (code, retry_after) in cases {
        let (result, attempts) = attempts(Method::GET, move |_| answer(code, retry_after)).await;
        assert_eq!(result.unwrap_err().http_status().unwrap(), code);
        assert_eq!(attempts, 1, "{code} {retry_after:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn ten_times_at_most() {
    let (result, attempts) = attempts(Method::GET, |_| answer(429, Some("1"))).await;
    assert!(result.unwrap_err().is_too_many_requests());
    assert_eq!(attempts, 11);
}

#[tokio::test(start_paused = true)]
async fn jitters_its_waits() {
    let (client, seen) = scripted(|_| answer(429, Some("1")));
    client.execute(request(Method::GET), raw).await.unwrap_err();
    let seen = seen.lock().unwrap();
    let waits = seen.windows(2).map(|pair| pair[1].0 - pair[0].0).collect::<Vec<_>>();
    assert!(waits.iter().all(|wait| (1000..=1101).contains(&wait.as_millis())), "{waits:?}");
    assert!(waits.iter().any(|wait| *wait != waits[0]), "{waits:?}");
}

#[tokio::test(start_paused = true)]
async fn not_when_time_would_run_out() {
    let start = Instant::now();
    let (result, attempts) = attempts(Method::GET, |_| answer(503, Some("120"))).await;
    assert_eq!(result.unwrap_err().http_status().unwrap(), 503, "what the server said is worth more than a timeout");
    assert_eq!((attempts, start.elapsed()), (1, Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn the_timeout_is_for_all_attempts_and_tells_of_the_last() {
    let start = Instant::now();
    let client = crate::fakes::client({
        let number = std::sync::atomic::AtomicUsize::new(0);
        move |_| {
            let first = number.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 0;
            async move { if first { answer(503, Some("50")).unwrap() } else { std::future::pending().await } }
        }
    });
    let error = fetch(&client).await.unwrap_err();
    assert_eq!(start.elapsed(), Duration::from_secs(60));
    assert!(error.is_timeout());
    assert_eq!(chain(&error), "GET /version failed: timed out after 60s: 503 Service Unavailable: answer 503");
}

#[tokio::test(start_paused = true)]
async fn a_read_comes_again_when_its_connection_is_lost() {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, TimedOut, UnexpectedEof};
    for kind in [BrokenPipe, ConnectionAborted, ConnectionReset, TimedOut, UnexpectedEof] {
        for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
            let lost = move |number| if number < 4 { Err(io::Error::from(kind).into()) } else { answer(200, None) };
            let (result, attempts) = attempts(method, lost).await;
            assert_eq!(result.unwrap(), b"answer 200");
            assert_eq!(attempts, 4);
        }
        for method in WRITES {
            let (result, attempts) = attempts(method, move |_| Err(io::Error::from(kind).into())).await;
            let error = result.unwrap_err();
            assert!(error.is_retryable() && error.status().is_none(), "{error:?}");
            assert_eq!(attempts, 1, "nobody knows what became of a write");
        }
    }
    let (result, attempts) = attempts(Method::GET, |_| Err("some layer is broken".into())).await;
    assert!(result.is_err());
    assert_eq!(attempts, 1, "only what is known to be a lost connection");
}

#[tokio::test(start_paused = true)]
async fn a_lost_server_has_some_seconds_to_come_back() {
    let start = Instant::now();
    let (result, attempts) =
        attempts(Method::GET, |_| Err(io::Error::from(io::ErrorKind::ConnectionReset).into())).await;
    assert!(result.is_err());
    assert_eq!(attempts, 11);
    let waited = start.elapsed();
    assert!((Duration::from_secs(6)..Duration::from_secs(14)).contains(&waited), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn a_stream_is_opened_once() {
    for script in [0, 1] {
        let (client, seen) = scripted(move |_| match script {
            0 => answer(429, Some("1")),
            _ => Err(io::Error::from(io::ErrorKind::ConnectionReset).into()),
        });
        client.open(get("/watch")).await.unwrap_err();
        assert_eq!(seen.lock().unwrap().len(), 1, "who reads it decides");
    }
}

/// A server for HTTP/1.1 that reads each request and answers as the script says, by the number of the request: `None`
/// closes the connection.
async fn http1(script: &'static [Option<&'static str>]) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let record = Arc::clone(&seen);
    tokio::spawn(async move {
        let mut script = VecDeque::from_iter(script);
        while !script.is_empty() {
            let (mut socket, _) = listener.accept().await.unwrap();
            while let Some(request) = read_request(&mut socket).await {
                record.lock().unwrap().push(request);
                match script.pop_front() {
                    Some(Some(answer)) => socket.write_all(answer.as_bytes()).await.unwrap(),
                    _ => break,
                }
            }
        }
    });
    (format!("http://{address}"), seen)
}

async fn read_request(socket: &mut TcpStream) -> Option<String> {
    let mut read = Vec::new();
    while !read.ends_with(b"\r\n\r\n") {
        read.push(socket.read_u8().await.ok()?);
    }
    let head = String::from_utf8(read).unwrap();
    if head.contains("content-length: 4\r\n") {
        socket.read_exact(&mut [0; 4]).await.ok()?;
    }
    Some(head.lines().next()?.to_owned())
}

const HELLO: Option<&str> = Some("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello");

#[tokio::test]
async fn a_connection_that_closes_before_the_answer() {
    let (server, seen) = http1(&[None, None, HELLO]).await;
    let client = Client::new(config(&server)).unwrap();
    assert_eq!(fetch(&client).await.unwrap(), "hello");
    assert_eq!(seen.lock().unwrap().len(), 3);

    let (server, seen) = http1(&[None, HELLO]).await;
    let client = Client::new(config(&server)).unwrap();
    let error = client.execute(request(Method::POST), raw).await.unwrap_err();
    assert!(error.is_retryable() && !error.is_connect(), "{error:?}");
    assert_eq!(seen.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn the_number_of_retries_is_the_users() {
    let (server, seen) = http1(&[None, None, HELLO]).await;
    let client = Client::builder(config(&server)).retries(1).build().unwrap();
    fetch(&client).await.unwrap_err();
    assert_eq!(seen.lock().unwrap().len(), 2);
    let client = Client::builder(config(&server)).retries(0).build().unwrap();
    assert_eq!(fetch(&client).await.unwrap(), "hello");
    assert_eq!(seen.lock().unwrap().len(), 3);
}

#[tokio::test]
async fn a_write_on_a_connection_that_was_closed_while_idle() {
    // Closes each connection after an answer, without saying so.
    const CLOSING: [Option<&str>; 6] = [HELLO, None, HELLO, None, HELLO, None];
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        for pair in CLOSING.chunks(2) {
            let (mut socket, _) = listener.accept().await.unwrap();
            read_request(&mut socket).await.unwrap();
            socket.write_all(pair[0].unwrap().as_bytes()).await.unwrap();
        }
    });
    let client = Client::new(config(&server)).unwrap();
    for _ in 0..3 {
        assert_eq!(client.execute(request(Method::POST), raw).await.unwrap(), b"hello");
    }
}

/// The ways in which an HTTP/2 server does not answer.
#[derive(Clone, Copy)]
enum Refusal {
    Stream,
    GoAway,
}

/// A server for HTTP/2 that refuses the first requests, each on a connection of its own, and answers the next.
async fn http2(refusal: Refusal, times: usize) -> (Client, Arc<Mutex<Vec<Method>>>) {
    let authority = Authority::new();
    let tls = TlsAcceptor::from(Arc::new(tls_config(&authority.server(&["127.0.0.1"]), &["h2"], None)));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut config = config(&format!("https://{}", listener.local_addr().unwrap()));
    config.certificate_authority = Some(authority.pem.clone().into_bytes());
    let seen = Arc::new(Mutex::new(Vec::new()));
    let record = Arc::clone(&seen);
    tokio::spawn(async move {
        loop {
            let (socket, _) = listener.accept().await.unwrap();
            let (tls, record) = (tls.clone(), Arc::clone(&record));
            tokio::spawn(async move {
                let mut connection = h2::server::handshake(tls.accept(socket).await.unwrap()).await.unwrap();
                while let Some(Ok((request, mut respond))) = connection.accept().await {
                    record.lock().unwrap().push(request.method().clone());
                    if record.lock().unwrap().len() > times {
                        let mut body = respond.send_response(Response::new(()), false).unwrap();
                        body.send_data(Bytes::from_static(b"hello"), true).unwrap();
                        continue;
                    }
                    match refusal {
                        Refusal::Stream => respond.send_reset(h2::Reason::REFUSED_STREAM),
                        // With the last stream that was processed: none.
                        Refusal::GoAway => {
                            connection.abrupt_shutdown(h2::Reason::NO_ERROR);
                        }
                    }
                }
            });
        }
    });
    (Client::new(config).unwrap(), seen)
}

#[tokio::test]
async fn what_the_server_has_not_looked_at_comes_again() {
    for method in WRITES.into_iter().chain([Method::GET]) {
        let (client, seen) = http2(Refusal::Stream, 2).await;
        assert_eq!(client.execute(request(method), raw).await.unwrap(), b"hello");
        assert_eq!(seen.lock().unwrap().len(), 3);
    }
    let (client, seen) = http2(Refusal::Stream, 1).await;
    client.open(get("/watch")).await.unwrap();
    assert_eq!(seen.lock().unwrap().len(), 2, "also a watch");
}

#[tokio::test]
async fn a_write_that_the_server_may_have_seen_does_not() {
    // h2's server names the stream as processed.
    let (client, seen) = http2(Refusal::GoAway, 1).await;
    let error = client.execute(request(Method::POST), raw).await.unwrap_err();
    assert!(error.is_retryable(), "{error:?}");
    assert_eq!(seen.lock().unwrap().len(), 1);

    let (client, seen) = http2(Refusal::GoAway, 1).await;
    assert_eq!(client.execute(get("/version"), raw).await.unwrap(), b"hello");
    assert_eq!(seen.lock().unwrap().len(), 2);
}
