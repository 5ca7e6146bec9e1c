//! Servers that are gone, or wait for a process, while this side has more to write than fits on the way.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use kubernetes_client::{Body, Client};
use kubernetes_streams::Error;
use kubernetes_streams::port_forward::PortForwarder;
use kubernetes_testing::{Exit, Fault, TestServer, TestService};
use tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::Instant;
use tower_service::Service;

use crate::support::exec;

const POD: &str = "{apiVersion: v1, kind: Pod, metadata: {name: web}, spec: {containers: [{name: a}]}, \
                   status: {phase: Running}}";

/// A server in whose pod nobody reads for ten minutes.
fn server() -> TestServer {
    let server = TestServer::in_process();
    server.load_yaml(POD).unwrap();
    server.on_exec(|_, mut io| async move {
        tokio::time::sleep(Duration::from_secs(600)).await;
        Exit::Code(io.stdin.read_to_end(&mut Vec::new()).await.map_or(1, |_| 7))
    });
    server.on_port_forward(|_, mut io| async move {
        tokio::time::sleep(Duration::from_secs(600)).await;
        io.read_to_end(&mut Vec::new()).await.map(drop).map_err(|error| error.to_string())
    });
    server
}

/// The server is gone: it answers nothing any more.
fn vanish(server: &TestServer) {
    server.inject(Fault::silence().always());
}

/// Writes more than fits on the way.
async fn write(mut writer: impl AsyncWrite + Unpin) -> io::Result<()> {
    writer.write_all(&vec![0; 10_000_000]).await?;
    writer.shutdown().await
}

fn assert_lost(error: &Error, since: Instant) {
    assert!(error.is_connection_lost() && error.is_timeout(), "{error:?}");
    // The last sign of life is the answer to the handshake, and the socket has 5 s to be closed.
    assert!((60..=66).contains(&since.elapsed().as_secs()), "{:?}", since.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_command_whose_server_is_gone_fails_with_a_blocked_writer() {
    let server = server();
    let mut process = exec().stdin(true).start(&server.client()).await.unwrap();
    let (stdin, mut stdout) = (process.stdin().unwrap(), process.stdout().unwrap());
    vanish(&server);
    let start = Instant::now();
    let writing = async {
        let error = write(stdin).await.unwrap_err();
        assert_lost(Error::of_io(&error).unwrap(), start);
    };
    let reading = async {
        let error = stdout.read_u8().await.unwrap_err();
        assert_lost(Error::of_io(&error).unwrap(), start);
    };
    let waiting = async { assert_lost(&process.wait().await.unwrap_err(), start) };
    tokio::join!(writing, reading, waiting);
}

#[tokio::test(start_paused = true)]
async fn a_command_that_does_not_read_for_long_keeps_its_connection() {
    let server = server();
    let mut process = exec().stdin(true).start(&server.client()).await.unwrap();
    write(process.stdin().unwrap()).await.unwrap();
    assert_eq!(process.wait().await.unwrap().code(), 7);
}

#[tokio::test(start_paused = true)]
async fn forwarded_connections_whose_server_is_gone_fail_with_a_blocked_writer() {
    let server = server();
    let forwarder = PortForwarder::to_pod(&server.client(), "default", "web");
    let mut idle = forwarder.connect(81).await.unwrap();
    let (mut reader, writer) = forwarder.connect(80).await.unwrap().into_split();
    vanish(&server);
    let start = Instant::now();
    let writing = async {
        let error = write(writer).await.unwrap_err();
        assert_lost(Error::of_io(&error).unwrap(), start);
    };
    let reading = async {
        for error in [reader.read_u8().await.unwrap_err(), idle.read_u8().await.unwrap_err()] {
            assert_lost(Error::of_io(&error).unwrap(), start);
        }
    };
    tokio::join!(writing, reading);
    let again = tokio::time::timeout(Duration::from_secs(1), forwarder.connect(80)).await;
    assert!(again.is_err(), "it waits for the server");
}

#[tokio::test(start_paused = true)]
async fn a_forwarded_connection_that_is_not_read_for_long_is_kept() {
    let server = server();
    let forwarder = PortForwarder::to_pod(&server.client(), "default", "web");
    let (mut reader, writer) = forwarder.connect(80).await.unwrap().into_split();
    write(writer).await.unwrap();
    assert_eq!(reader.read_to_end(&mut Vec::new()).await.unwrap(), 0);
    assert_eq!(forwarder.state().counts().tunnels, 1);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_refuses_to_say_its_version_is_there() {
    let server = server();
    server.inject(Fault::status(403).path("/version").always());
    let mut process = exec().stdin(true).start(&server.client()).await.unwrap();
    write(process.stdin().unwrap()).await.unwrap();
    assert_eq!(process.wait().await.unwrap().code(), 7);
}

/// An API server that shuts down, or is overloaded, still serves its connections.
#[tokio::test(start_paused = true)]
async fn a_status_of_the_server_is_a_sign_of_it() {
    for (status, retry_after) in [(503, None), (503, Some(60)), (504, None)] {
        let server = server();
        let fault = Fault::status(status).path("/version").always();
        server.inject(retry_after.map_or(fault.clone(), |after| fault.retry_after(after)));
        let mut process = exec().stdin(true).start(&server.client()).await.unwrap();
        write(process.stdin().unwrap()).await.unwrap();
        assert_eq!(process.wait().await.unwrap().code(), 7);
    }
}

/// A gateway before the server answers in its place, `refusals` times out of three.
#[derive(Clone)]
struct Gateway {
    server: TestService,
    response: (u16, &'static str),
    refusals: usize,
    requests: Arc<AtomicUsize>,
}

impl Service<http::Request<Body>> for Gateway {
    type Response = http::Response<Body>;
    type Error = <TestService as Service<http::Request<Body>>>::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        if request.uri().path() == "/version" && self.requests.fetch_add(1, Ordering::Relaxed) % 3 < self.refusals {
            let (status, body) = self.response;
            let response = http::Response::builder().status(status).body(Body::from(body)).unwrap();
            return Box::pin(async { Ok(response) });
        }
        let response = self.server.call(request);
        Box::pin(async { response.await.map(|response| response.map(Body::new)) })
    }
}

fn behind_gateway(server: &TestServer, response: (u16, &'static str), refusals: usize) -> Client {
    Client::with_service(Gateway { server: server.service(), response, refusals, requests: Arc::default() }, "default")
}

#[tokio::test(start_paused = true)]
async fn the_response_of_a_gateway_is_not_a_sign_of_its_server() {
    let responses =
        [(502, "<html>"), (503, "no healthy upstream"), (504, ""), (503, r#"{"message":"no upstream","code":503}"#)];
    for response in responses {
        let server = server();
        let client = behind_gateway(&server, response, 3);
        let mut process = exec().stdin(true).start(&client).await.unwrap();
        let start = Instant::now();
        let error = write(process.stdin().unwrap()).await.unwrap_err();
        assert_lost(Error::of_io(&error).unwrap(), start);
        assert_lost(&process.wait().await.unwrap_err(), start);
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_is_asked_again_after_the_response_of_a_gateway() {
    let server = server();
    let mut process = exec().stdin(true).start(&behind_gateway(&server, (503, ""), 2)).await.unwrap();
    write(process.stdin().unwrap()).await.unwrap();
    assert_eq!(process.wait().await.unwrap().code(), 7);
}
