use std::time::Duration;

use http::{HeaderMap, HeaderValue, Method};
use kubernetes_core::{Path, Request};
use kubernetes_testing::TestServer;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy, split};

const POD: &str = "{apiVersion: v1, kind: Pod, metadata: {name: web}, spec: {containers: [{name: a}]}}";

const PROTOCOLS: [(&str, &str); 4] = [
    ("exec", "v5.channel.k8s.io"),
    ("exec", "v4.channel.k8s.io"),
    ("portforward", "v4.channel.k8s.io"),
    ("portforward", "SPDY/3.1+portforward.k8s.io"),
];

/// The server writes whole frames for any bytes of a client on an upgraded connection, and ends when the client does. The
/// input of a process arrives once, in order.
///
/// The first byte chooses the protocol, and whether the rest is sent as it stands or as messages, behind their lengths.
pub(super) fn check(data: &[u8]) {
    let Some((choice, data)) = data.split_first() else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let (subresource, protocol) = PROTOCOLS[usize::from(choice % 4)];
    let messages = (choice & 4 != 0).then(|| messages(data));
    let bytes =
        messages.as_ref().map_or_else(|| data.to_vec(), |messages| messages.iter().flat_map(|m| frame(m)).collect());
    let output = runtime.expect("a runtime").block_on(exchange(subresource, protocol, &bytes));
    let channels = read_frames(&output);
    if let Some(messages) = messages.filter(|_| subresource == "exec") {
        assert_eq!(channels, input(&messages, protocol == "v5.channel.k8s.io"));
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

/// A masked frame with a message.
fn frame(message: &[u8]) -> Vec<u8> {
    let mut frame = match u8::try_from(message.len()) {
        Ok(length @ ..126) => vec![0x82, 0x80 | length],
        _ => [&[0x82, 0x80 | 126][..], &u16::try_from(message.len()).unwrap_or(0).to_be_bytes()].concat(),
    };
    frame.extend([7; 4]);
    frame.extend(message.iter().map(|byte| byte ^ 7));
    frame
}

/// The bytes for the process, until its input is closed.
fn input(messages: &[Vec<u8>], has_close: bool) -> Vec<u8> {
    let open = messages.iter().take_while(|message| !(has_close && message.starts_with(&[255, 0])));
    open.filter(|message| message.first() == Some(&0)).flat_map(|message| message[1..].to_vec()).collect()
}

/// The bytes of the output channel; fails for anything but whole frames.
fn read_frames(mut bytes: &[u8]) -> Vec<u8> {
    let mut output = Vec::new();
    while let [head, length, rest @ ..] = bytes {
        assert_eq!(head & 0x70, 0, "no extension was agreed on");
        let (length, rest) = match (length, rest) {
            (126, [a, b, rest @ ..]) => (usize::from(u16::from_be_bytes([*a, *b])), rest),
            (127, _) => panic!("no output is so long"),
            (length, rest) => (usize::from(*length), rest),
        };
        assert!(rest.len() >= length, "a frame is cut off");
        let (payload, rest) = rest.split_at(length);
        if let (0x82, [1, stdout @ ..]) = (head, payload) {
            output.extend(stdout);
        }
        bytes = rest;
    }
    assert!(bytes.is_empty(), "a frame is cut off");
    output
}

/// Everything that a server with an echo sends for these bytes, with which the client ends.
async fn exchange(subresource: &'static str, protocol: &'static str, bytes: &[u8]) -> Vec<u8> {
    let server = TestServer::in_process();
    server.load_yaml(POD).expect("a pod");
    server.on_exec(|_, mut io| async move { copy(&mut io.stdin, &mut io.stdout).await.map(drop) });
    server.on_port_forward(|_, io| async {
        let (mut reader, mut writer) = split(io);
        copy(&mut reader, &mut writer).await.map(drop).map_err(|error| error.to_string())
    });
    let path = Path::new("/api/v1/namespaces/default/pods/web/{subresource}", &[subresource]);
    let mut request = Request::new(Method::GET, path);
    for (name, value) in [("stdin", "1"), ("stdout", "1"), ("command", "cat"), ("ports", "80")] {
        request.query.set(name, value);
    }
    let mut headers = HeaderMap::new();
    headers.insert("sec-websocket-key", HeaderValue::from_static("dGhlIHNhbXBsZSBub25jZQ=="));
    headers.insert("sec-websocket-protocol", HeaderValue::from_static(protocol));
    request.accept = HeaderValue::from_static("*/*");
    let upgraded = server.client().upgrade(request, HeaderValue::from_static("websocket"), headers).await;
    let (mut reader, mut writer) = split(upgraded.expect("an upgrade"));
    let mut output = Vec::new();
    let reading = async { reader.read_to_end(&mut output).await.map(drop) };
    let writing = async {
        // A server that has ended the connection reads no more. An echo needs a moment, by the paused clock.
        let _ = writer.write_all(bytes).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        let _ = writer.shutdown().await;
    };
    let ended = tokio::time::timeout(Duration::from_secs(60), async { tokio::join!(reading, writing).0 }).await;
    ended.expect("the server ends with its client").expect("no fault was injected");
    output
}
