use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context, Poll};

use http::header::{SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL};
use http::{HeaderValue, Request, Response};
use kubernetes_client::{Body, Client, UpgradedIo};
use kubernetes_streams::Exec;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tower_service::Service;

/// For any bytes of a server, a process ends. What it gets of whole messages are the outputs and the exit status in them.
///
/// The first byte says whether the rest is sent as it stands or as messages, behind their lengths.
pub(super) fn check(data: &[u8]) {
    let Some((choice, data)) = data.split_first() else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let runtime = runtime.expect("a runtime");
    if choice & 1 == 0 {
        runtime.block_on(run(data.to_vec()));
        return;
    }
    let messages = messages(data);
    let mut bytes: Vec<u8> = messages.iter().flat_map(|message| frame(0x82, message)).collect();
    bytes.extend(frame(0x88, &1000_u16.to_be_bytes()));
    let seen = runtime.block_on(run(bytes));
    let of = |channel| messages.iter().filter(move |message| message.first() == Some(&channel));
    let output = |channel| of(channel).flat_map(|message| message[1..].to_vec()).collect::<Vec<u8>>();
    assert_eq!((seen.stdout, seen.stderr), (output(1), output(2)));
    let status = of(3).find(|message| message.len() > 1).map(|message| &message[1..]);
    // The other way round, a status may have a code and be none of Kubernetes', as with a field of another type.
    if let Some(seen) = seen.code {
        assert_eq!(Some(seen), status.and_then(code));
    }
    if status.is_some_and(|status| status == br#"{"status":"Success"}"#) {
        assert_eq!(seen.code, Some(0));
    }
}

/// The exit code of a status.
fn code(status: &[u8]) -> Option<i32> {
    let status: Value = serde_json::from_slice(status).ok()?;
    match status["status"].as_str()? {
        "Success" => Some(0),
        "Failure" if status["reason"] == "NonZeroExitCode" => {
            let causes = status["details"]["causes"].as_array()?;
            let code = causes.iter().find(|cause| cause["reason"] == "ExitCode")?["message"].as_str()?;
            code.parse::<i64>().ok().map(|code| code as i32).filter(|code| *code != 0)
        }
        _ => None,
    }
}

/// Messages behind a byte with their length.
fn messages(mut data: &[u8]) -> Vec<Vec<u8>> {
    let mut messages = Vec::new();
    while let Some((length, rest)) = data.split_first() {
        let (message, rest) = rest.split_at(rest.len().min(usize::from(*length)));
        messages.push(message.to_vec());
        data = rest;
    }
    messages
}

/// A frame of a server.
fn frame(head: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).expect("messages are short");
    let mut frame = if length < 126 { vec![head, length] } else { vec![head, 126, 0, length] };
    frame.extend(payload);
    frame
}

struct Seen {
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    code: Option<i32>,
}

/// Runs a process whose server sends these bytes.
async fn run(bytes: Vec<u8>) -> Seen {
    let client = Client::with_service(Server(bytes), "default");
    let mut process = Exec::new("default", "web", ["command"]).start(&client).await.expect("an upgrade");
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let (mut out, mut err) = (process.stdout().expect("stdout"), process.stderr().expect("stderr"));
    let (_, _, status) = tokio::join!(out.read_to_end(&mut stdout), err.read_to_end(&mut stderr), process.wait());
    Seen { stdout, stderr, code: status.ok().map(|status| status.code()) }
}

/// Upgrades, sends its bytes, and reads until the client ends.
#[derive(Clone)]
struct Server(Vec<u8>);

impl Service<Request<Body>> for Server {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Ready<Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let (client, server) = tokio::io::duplex(4096);
        let bytes = self.0.clone();
        tokio::spawn(async move {
            let (mut reader, mut writer) = tokio::io::split(server);
            let writing = async {
                let _ = writer.write_all(&bytes).await;
                let _ = writer.shutdown().await;
            };
            let reading = async { while reader.read(&mut [0; 1024]).await.is_ok_and(|count| count > 0) {} };
            tokio::join!(writing, reading);
        });
        let mut response = UpgradedIo::new(client).into_response(HeaderValue::from_static("websocket"));
        let accept = derive_accept_key(request.headers()[SEC_WEBSOCKET_KEY].as_bytes());
        response.headers_mut().insert(SEC_WEBSOCKET_ACCEPT, HeaderValue::from_str(&accept).expect("a header"));
        response.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static("v5.channel.k8s.io"));
        ready(Ok(response))
    }
}
