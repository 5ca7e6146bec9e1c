//! Port-forward on the testing server.

mod chaos;
mod connections;
mod connector;
mod listener;
mod slow_readers;
mod targets;

use kubernetes_core::{DeleteRequest, ObjectMeta};
use kubernetes_streams::port_forward::{PortForwarder, PortStream};
use kubernetes_testing::{PortForwardRequest, PortIo, TestServer};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy, split};

const POD: &str = "{apiVersion: v1, kind: Pod, metadata: {name: web}, spec: {containers: [{name: a}]}, \
                   status: {phase: Running}}";

#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
struct Pod {
    metadata: ObjectMeta,
}

kubernetes_core::resource!(Pod: "" / "v1" / "Pod", "pods", namespaced, watch, serde);

/// A server with a pod whose ports send back what they get; nothing listens on 81.
fn echo_server() -> TestServer {
    with_echo(TestServer::in_process())
}

/// Servers of both kinds.
async fn echo_servers() -> [TestServer; 2] {
    [echo_server(), with_echo(TestServer::start().await.unwrap())]
}

fn with_echo(server: TestServer) -> TestServer {
    server.load_yaml(POD).unwrap();
    server.on_port_forward(echo);
    server
}

async fn echo(request: PortForwardRequest, io: PortIo) -> Result<(), String> {
    if request.port == 81 {
        return Err("connect: connection refused".to_owned());
    }
    let (mut reader, mut writer) = split(io);
    copy(&mut reader, &mut writer).await.map(drop).map_err(|error| error.to_string())
}

fn forwarder(server: &TestServer) -> PortForwarder {
    PortForwarder::to_pod(&server.client(), "default", "web")
}

/// Sends bytes and reads until the pod ends the connection.
async fn exchange(stream: PortStream, bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let (mut reader, mut writer) = stream.into_split();
    let mut response = Vec::new();
    let sending = async {
        writer.write_all(bytes).await?;
        writer.shutdown().await
    };
    let (sent, read) = tokio::join!(sending, reader.read_to_end(&mut response));
    read.and(sent).map(|()| response)
}

async fn delete_pod(server: &TestServer) {
    DeleteRequest::<Pod>::namespaced("default", "web").grace_period_seconds(0).send(&server.client()).await.unwrap();
}

/// Bytes that differ from place to place and from seed to seed.
fn pattern(seed: usize, length: usize) -> Vec<u8> {
    pattern_from(seed, 0, length)
}

/// The part of a pattern that begins at `start`.
fn pattern_from(seed: usize, start: usize, length: usize) -> Vec<u8> {
    (start..start + length).map(|index| (index * 31 + index / 251 + seed * 7) as u8).collect()
}
