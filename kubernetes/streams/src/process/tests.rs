//! Messages that a real server rarely sends.

use std::time::Duration;

use bytes::Bytes;
use futures_util::SinkExt;
use kubernetes_core::Path;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

use super::{DetachKeys, Output, Process, TerminalSize};
use crate::error::Error;
use crate::fake_server::{self, Socket};
use crate::process_request::ProcessRequest;

async fn start(protocol: &'static str) -> (Process, Socket) {
    start_with_keys(protocol, None).await
}

async fn start_with_keys(protocol: &'static str, detach_keys: Option<DetachKeys>) -> (Process, Socket) {
    let (client, socket) = fake_server::server(Some(protocol));
    let mut request = ProcessRequest::new(Path::new("/api/v1/namespaces/default/pods/web/exec", &[]));
    request.detach_keys = detach_keys;
    if request.detach_keys.is_some() {
        request.request.query.set("tty", true);
    }
    request.request.query.set("stdin", true);
    let process = request.start(&client).await.unwrap();
    (process, socket.await.unwrap())
}

fn normal_close() -> Message {
    Message::Close(Some(CloseFrame { code: 1000.into(), reason: "".into() }))
}

/// The end of a process whose server sends these messages, and its outputs.
async fn output(messages: &[&'static [u8]], close: Option<Message>) -> Result<Output, Error> {
    let (process, mut socket) = start("v5.channel.k8s.io").await;
    let sending = async {
        for message in messages {
            socket.send(Message::Binary(Bytes::from_static(message))).await.unwrap();
        }
        match close {
            Some(close) => drop(socket.send(close).await),
            None => drop(socket),
        }
    };
    tokio::join!(process.output(1000), sending).0
}

const STATUS: &[u8] = b"\x03{\"metadata\":{},\"status\":\"Success\"}";

#[tokio::test]
async fn empty_and_unknown_messages_are_ignored() {
    let messages: &[&[u8]] = &[b"", b"\x01", b"\x02", b"\x03", b"\0in", b"\x09?", b"\xff\x01", b"\x01out", STATUS];
    let output = output(messages, Some(normal_close())).await.unwrap();
    assert_eq!((output.stdout.as_slice(), output.status.code()), (&b"out"[..], 0));
}

#[tokio::test]
async fn output_behind_the_exit_status_is_read_too() {
    let output = output(&[b"\x01early ", STATUS, b"\x01late", b"\x02later"], Some(normal_close())).await.unwrap();
    assert_eq!((output.stdout.as_slice(), output.stderr.as_slice()), (&b"early late"[..], &b"later"[..]));
}

#[tokio::test]
async fn nothing_is_wrong_with_a_connection_that_breaks_after_the_exit_status() {
    let output = output(&[b"\x01out", STATUS], None).await.unwrap();
    assert_eq!(output.stdout, b"out");
}

#[tokio::test]
async fn an_end_without_an_exit_status_is_an_error() {
    for (close, expected) in [
        (Some(normal_close()), "the server closed the connection without an exit status"),
        (Some(Message::Close(None)), "the server closed the connection"),
        (None, "the connection was lost"),
    ] {
        let error = output(&[b"\x01out"], close).await.unwrap_err();
        assert!(error.is_connection_lost(), "{error}");
        assert_eq!(error.to_string(), format!("/api/v1/namespaces/default/pods/web/exec: {expected}"));
    }
    let error = output(&[b"\x03exit status 3"], Some(normal_close())).await.unwrap_err();
    assert!(error.to_string().contains("exit status 3") && !error.is_connection_lost(), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_close_ends_the_outputs_all_the_same() {
    let (mut process, mut socket) = start("v5.channel.k8s.io").await;
    socket.send(Message::Binary(Bytes::from_static(STATUS))).await.unwrap();
    assert!(process.wait().await.unwrap().success());
    process.stdout().unwrap().read_to_end(&mut Vec::new()).await.unwrap();
}

#[test]
fn the_end_of_its_runtime_is_that_of_a_process() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let first = runtime();
    let (process, _socket) = first.block_on(start("v5.channel.k8s.io"));
    drop(first);
    let wait = async { tokio::time::timeout(std::time::Duration::from_secs(60), process.wait()).await };
    let error = runtime().block_on(wait).expect("it ends").unwrap_err();
    assert!(error.to_string().ends_with("the connection is closed"), "{error}");
}

#[tokio::test]
async fn an_input_can_t_be_ended_in_version_4() {
    let (mut process, mut socket) = start("v4.channel.k8s.io").await;
    let error = process.close_stdin().await.unwrap_err();
    assert!(error.is_unsupported() && error.to_string().contains("needs Kubernetes 1.30"), "{error}");
    let mut stdin = process.stdin().unwrap();
    stdin.write_all(b"in").await.unwrap();
    let error = stdin.shutdown().await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::Unsupported);
    drop(stdin);
    let message = futures_util::StreamExt::next(&mut socket).await.unwrap().unwrap();
    assert_eq!(message, Message::Binary(Bytes::from_static(b"\0in")));
    socket.send(Message::Binary(Bytes::from_static(STATUS))).await.unwrap();
    socket.send(normal_close()).await.unwrap();
    assert!(process.wait().await.unwrap().success(), "all else works");

    let (process, _socket) = start("v4.channel.k8s.io").await;
    let error = process.output_with_input(&b"in"[..], 100).await.unwrap_err();
    assert!(error.is_unsupported(), "{error}");
    let (process, _socket) = start("v4.channel.k8s.io").await;
    let output = tokio::time::timeout(Duration::from_secs(10), process.output(100));
    let error = output.await.expect("it does not wait for the process").unwrap_err();
    assert!(error.is_unsupported(), "{error}");
}

/// The messages up to the end of the connection.
async fn received(mut socket: Socket) -> Vec<Bytes> {
    let mut messages = Vec::new();
    while let Some(Ok(message)) = futures_util::StreamExt::next(&mut socket).await {
        if message.is_binary() {
            messages.push(message.into_data());
        }
    }
    messages
}

#[tokio::test]
async fn nothing_behind_the_detach_keys_is_sent() {
    let (mut process, socket) = start_with_keys("v5.channel.k8s.io", Some(DetachKeys::default())).await;
    let mut stdin = process.stdin().unwrap();
    stdin.write_all(b"ls\x10\x11").await.unwrap();
    let error = stdin.write_all(b"exit\n").await.unwrap_err();
    assert!(Error::of_io(&error).unwrap().is_detached(), "{error}");
    stdin.shutdown().await.unwrap();
    drop(stdin);
    assert!(process.wait().await.unwrap_err().is_detached());
    assert_eq!(received(socket).await, [&b"\0ls"[..]], "neither input nor its end");
}

#[tokio::test]
async fn a_key_that_is_held_back_is_sent_at_the_end_of_the_input() {
    for shuts_down in [true, false] {
        let (mut process, socket) = start_with_keys("v5.channel.k8s.io", Some(DetachKeys::default())).await;
        let mut stdin = process.stdin().unwrap();
        stdin.write_all(b"a\x10").await.unwrap();
        if shuts_down {
            stdin.shutdown().await.unwrap();
        }
        drop(stdin);
        drop(process);
        assert_eq!(received(socket).await, [&b"\0a"[..], b"\0\x10", &[255, 0]], "{shuts_down}");
    }
}

#[tokio::test]
async fn input_close_and_sizes_are_sent_in_order() {
    let (client, socket) = fake_server::server(Some("v5.channel.k8s.io"));
    let mut request = ProcessRequest::new(Path::new("/api/v1/namespaces/default/pods/web/exec", &[]));
    request.request.query.set("stdin", true);
    request.request.query.set("tty", true);
    let mut process = request.start(&client).await.unwrap();
    let mut socket = socket.await.unwrap();
    process.resize(TerminalSize::new(80, 24)).await.unwrap();
    process.stdin().unwrap().write_all(&[b'x'; 40_000]).await.unwrap();
    let mut messages = Vec::new();
    for _ in 0..4 {
        messages.push(futures_util::StreamExt::next(&mut socket).await.unwrap().unwrap().into_data());
    }
    assert_eq!(messages[0], &b"\x04{\"Width\":80,\"Height\":24}"[..]);
    assert_eq!((messages[1].len(), messages[2].len()), (32 * 1024 + 1, 40_000 - 32 * 1024 + 1));
    assert_eq!(messages[3], &[255, 0][..], "dropping the input ends it");
}
