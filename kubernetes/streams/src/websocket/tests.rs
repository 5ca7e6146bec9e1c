use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::{SinkExt, StreamExt};
use http::Method;
use kubernetes_core::{Path, Request};
use kubernetes_testing::{Fault, TestServer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

use super::Connection;
use crate::clock;
use crate::error::Error;
use crate::fake_server::{self, Socket};

const PROTOCOLS: &[&str] = &["v5.channel.k8s.io", "v4.channel.k8s.io"];

fn request(subresource: &str) -> Request {
    let path = Path::new("/api/v1/namespaces/default/pods/web/{subresource}", &[subresource]);
    let mut request = Request::new(Method::GET, path);
    for (name, value) in [("command", "cat"), ("stdin", "true"), ("stdout", "true")] {
        request.query.set(name, value);
    }
    request
}

/// A server whose processes return their input.
fn echo() -> TestServer {
    let server = TestServer::in_process();
    server.load_yaml("{apiVersion: v1, kind: Pod, metadata: {name: web}, spec: {containers: [{name: a}]}}").unwrap();
    server.on_exec(|_, mut io| async move { tokio::io::copy(&mut io.stdin, &mut io.stdout).await.map(drop) });
    server
}

async fn open(server: &TestServer) -> Connection {
    Connection::open(&server.client(), request("exec"), PROTOCOLS).await.unwrap()
}

/// A connection to a server that the test plays.
async fn played() -> (Connection, Socket) {
    let (client, socket) = fake_server::server(Some("v4.channel.k8s.io"));
    let connection = Connection::open(&client, request("exec"), PROTOCOLS).await.unwrap();
    (connection, socket.await.unwrap())
}

fn close(code: u16, reason: &'static str) -> Message {
    Message::Close(Some(CloseFrame { code: code.into(), reason: reason.into() }))
}

#[tokio::test]
async fn messages_go_both_ways_until_the_server_closes() {
    let server = echo();
    let mut connection = open(&server).await;
    assert_eq!(connection.protocol, "v5.channel.k8s.io");
    connection.sender.send(Bytes::from_static(b"\0hello").into()).await.unwrap();
    connection.sender.send(Bytes::from_static(&[255, 0]).into()).await.unwrap();
    let mut output = Vec::new();
    while let Some(message) = connection.receiver.next().await.unwrap() {
        assert!(message.is_last);
        output.push(message.bytes);
    }
    assert_eq!(output[..2], [&b"\x01"[..], b"\x01hello"]);
    assert!(output[2].starts_with(b"\x03{"), "{output:?}");
    assert!(connection.receiver.next().await.unwrap().is_none(), "the end stays the end");
}

#[tokio::test]
async fn a_refused_upgrade_has_the_status_of_the_server() {
    let server = echo();
    server.inject(Fault::status(403));
    let error = Connection::open(&server.client(), request("exec"), PROTOCOLS).await.unwrap_err();
    assert!(error.is_forbidden() && !error.is_connection_lost(), "{error:?}");
    assert_eq!(error.status().unwrap().code, Some(403));
    assert!(error.to_string().contains("needs the verb create on pods/exec"), "{error}");
    server.inject(Fault::status(404));
    let error = Connection::open(&server.client(), request("exec"), PROTOCOLS).await.unwrap_err();
    assert!(error.is_not_found() && !error.to_string().contains("verb"), "{error}");
    let error = Connection::open(&server.client(), request("attach"), PROTOCOLS).await.unwrap_err();
    assert!(error.to_string().contains("on_attach"), "{error}");
}

#[tokio::test]
async fn a_server_without_a_protocol_in_common_is_told_of() {
    for (protocol, expected) in [
        (None, "the server supports none of the protocols v5.channel.k8s.io, v4.channel.k8s.io"),
        (Some("channel.k8s.io"), "the server chose the protocol channel.k8s.io"),
    ] {
        let (client, _socket) = fake_server::server(protocol);
        let error = Connection::open(&client, request("exec"), PROTOCOLS).await.unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[tokio::test]
async fn only_a_normal_close_is_the_end() {
    for (last, expected) in [
        (close(1011, "shutting down"), "the server closed the connection with code 1011: shutting down"),
        (close(1001, ""), "the server closed the connection with code 1001"),
        (Message::Close(None), "the server closed the connection"),
        (Message::Text("hello".into()), "the server sent a text message"),
    ] {
        let (mut connection, mut socket) = played().await;
        socket.send(Message::Binary(Bytes::from_static(b"\x01data"))).await.unwrap();
        socket.send(last).await.unwrap();
        assert_eq!(connection.receiver.next().await.unwrap().unwrap().bytes, &b"\x01data"[..]);
        let error = connection.receiver.next().await.unwrap_err();
        assert!(error.to_string().ends_with(expected), "{error}");
        drop(connection.receiver);
        let sent = send_until_refused(&connection.sender).await;
        assert_eq!(sent.to_string(), error.to_string(), "both halves have the same cause");
    }
}

async fn send_until_refused(sender: &super::Sender) -> Error {
    loop {
        if let Err(error) = sender.send(Bytes::from_static(b"\0").into()).await {
            return error;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_connection_that_breaks_is_lost() {
    let (mut connection, socket) = played().await;
    drop(socket);
    let error = connection.receiver.next().await.unwrap_err();
    assert!(error.is_connection_lost() && !error.is_timeout(), "{error:?}");

    let server = echo();
    server.inject(Fault::reset_after(2).resource("pods/exec"));
    let error = open(&server).await.receiver.next().await.unwrap_err();
    assert!(error.is_connection_lost(), "{error:?}");
    server.inject(Fault::bad_opcode());
    let error = open(&server).await.receiver.next().await.unwrap_err();
    assert!(error.to_string().contains("invalid WebSocket frame") && !error.is_connection_lost(), "{error:?}");
}

#[tokio::test]
async fn a_large_message_comes_in_parts() {
    let (mut connection, mut socket) = played().await;
    let message: Vec<u8> = (0..3_000_000_u32).map(|number| number.to_be_bytes()[3]).collect();
    let sent = message.clone();
    let sending = tokio::spawn(async move { socket.send(sent.into()).await.map(|()| socket) });
    let mut received = Vec::new();
    loop {
        let part = connection.receiver.next().await.unwrap().unwrap();
        received.extend_from_slice(&part.bytes);
        if part.is_last {
            break;
        }
    }
    assert!(received == message);
    drop(sending.await.unwrap());
}

#[tokio::test]
async fn pings_of_the_server_are_answered() {
    let (mut connection, mut socket) = played().await;
    let reading = tokio::spawn(async move { connection.receiver.next().await });
    socket.send(Message::Ping(Bytes::from_static(b"alive?"))).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), Message::Pong(Bytes::from_static(b"alive?")));
    drop(socket);
    assert!(reading.await.unwrap().unwrap_err().is_connection_lost());
}

#[tokio::test(start_paused = true)]
async fn a_quiet_connection_lives_by_its_pings() {
    let server = echo();
    let mut connection = open(&server).await;
    assert_eq!(connection.receiver.next().await.unwrap().unwrap().bytes, &b"\x01"[..]);
    let quiet = tokio::time::timeout(Duration::from_secs(3600), connection.receiver.next()).await;
    assert!(quiet.is_err(), "{quiet:?}");
    connection.sender.send(Bytes::from_static(b"\0late").into()).await.unwrap();
    assert_eq!(connection.receiver.next().await.unwrap().unwrap().bytes, &b"\x01late"[..]);
}

/// Whether a message comes from the client within a minute.
async fn hears(socket: &mut Socket) -> bool {
    tokio::time::timeout(Duration::from_secs(60), socket.next()).await.is_ok()
}

#[tokio::test(start_paused = true)]
async fn pings_are_sent_only_while_nothing_arrives() {
    let (mut connection, mut socket) = played().await;
    assert!(!hears(&mut socket).await, "nobody waits for a message");
    let reading = tokio::spawn(async move {
        for _ in 0..31 {
            connection.receiver.next().await.unwrap();
        }
        connection
    });
    for _ in 0..30 {
        socket.send(Message::Binary(Bytes::from_static(b"\x01data"))).await.unwrap();
        let heard = tokio::time::timeout(Duration::from_secs(4), socket.next()).await;
        assert!(heard.is_err(), "bytes arrive: {heard:?}");
    }
    for _ in 0..3 {
        let start = clock::now();
        assert!(matches!(socket.next().await, Some(Ok(Message::Ping(_)))));
        assert!(start.elapsed() <= Duration::from_secs(5), "{:?}", start.elapsed());
    }
    socket.send(Message::Binary(Bytes::from_static(b"\x01data"))).await.unwrap();
    let _connection = reading.await.unwrap();
    assert!(!hears(&mut socket).await, "the bytes that may come wait for a reader");
}

#[tokio::test(start_paused = true)]
async fn one_ping_follows_input_though_output_arrives() {
    let (mut connection, mut socket) = played().await;
    let sender = connection.sender.clone();
    let reading = tokio::spawn(async move { while connection.receiver.next().await.is_ok() {} });
    let mut heard = Vec::new();
    for seconds in 0..60 {
        if seconds == 20 {
            sender.send(Bytes::from_static(b"\0input").into()).await.unwrap();
            sender.send(Bytes::from_static(b"\0more").into()).await.unwrap();
        }
        socket.send(Message::Binary(Bytes::from_static(b"\x01data"))).await.unwrap();
        while let Ok(message) = tokio::time::timeout(Duration::from_millis(1100), socket.next()).await {
            heard.push((seconds, message.unwrap().unwrap()));
        }
    }
    let ping = Message::Ping(Bytes::copy_from_slice(&11_u64.to_be_bytes()));
    let input = |text: &'static str| Message::Binary(Bytes::from_static(text.as_bytes()));
    assert_eq!(heard, [(20, input("\0input")), (20, input("\0more")), (20, ping)]);
    drop(socket);
    reading.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_server_that_answers_no_ping_is_lost() {
    let server = echo();
    server.inject(Fault::drop_pongs());
    let mut connection = open(&server).await;
    assert_eq!(connection.receiver.next().await.unwrap().unwrap().bytes, &b"\x01"[..]);
    let start = clock::now();
    let error = connection.receiver.next().await.unwrap_err();
    assert!(error.is_timeout() && error.is_connection_lost(), "{error:?}");
    assert_eq!(start.elapsed().as_secs(), 61);
    assert_eq!(error.to_string(), "the connection was lost: the server did not respond to pings for 61s");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_gone_is_lost_though_it_took_in_bytes() {
    let (connection, _socket) = played().await;
    let (sender, mut receiver) = (connection.sender, connection.receiver);
    let sending = tokio::spawn(async move {
        let message = BytesMut::zeroed(32 * 1024);
        loop {
            if let Err(error) = sender.send(message.clone()).await {
                return error;
            }
        }
    });
    let start = clock::now();
    let error = receiver.next().await.unwrap_err();
    assert!(error.is_timeout() && error.is_connection_lost(), "{error:?}");
    assert_eq!(start.elapsed().as_secs(), 61);
    drop(receiver);
    assert_eq!(sending.await.unwrap().to_string(), error.to_string());
}

#[tokio::test(start_paused = true)]
async fn a_process_that_does_not_read_for_long_does_not_lose_its_connection() {
    let server = echo();
    server.on_exec(|_, mut io| async move {
        tokio::time::sleep(Duration::from_secs(600)).await;
        let mut count = 0;
        while let Ok(read @ 1..) = io.stdin.read(&mut [0; 4096]).await {
            count += read;
        }
        io.stdout.write_all(count.to_string().as_bytes()).await
    });
    let Connection { sender, mut receiver, .. } = open(&server).await;
    let sending = tokio::spawn(async move {
        for _ in 0..64 {
            sender.send(BytesMut::zeroed(32 * 1024)).await.unwrap();
        }
        sender.send(Bytes::from_static(&[255, 0]).into()).await.unwrap();
        sender
    });
    assert_eq!(receiver.next().await.unwrap().unwrap().bytes, &b"\x01"[..]);
    let expected = 64 * (32 * 1024 - 1);
    assert_eq!(receiver.next().await.unwrap().unwrap().bytes, format!("\x01{expected}"));
    drop(sending.await.unwrap());
}

#[tokio::test]
async fn the_connection_is_closed_when_either_half_is_dropped() {
    for drops_receiver in [true, false] {
        let (connection, mut socket) = played().await;
        connection.sender.send(Bytes::from_static(b"\0last").into()).await.unwrap();
        let (sender, receiver) = (connection.sender, connection.receiver);
        let _half: Box<dyn std::any::Any> = if drops_receiver {
            drop(receiver);
            Box::new(sender)
        } else {
            drop(sender);
            Box::new(receiver)
        };
        assert_eq!(socket.next().await.unwrap().unwrap(), Message::Binary(Bytes::from_static(b"\0last")));
        assert_eq!(socket.next().await.unwrap().unwrap(), close(1000, ""));
    }
}
