//! The containers of a pod, for the measurement of streams.

use kubernetes_testing::{ContainerIo, ExecRequest, PortForwardRequest, PortIo, TestServer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader, copy, copy_buf, sink, split};

const POD: &str =
    "{apiVersion: v1, kind: Pod, metadata: {name: web, namespace: default}, spec: {containers: [{name: a}]},
                    status: {phase: Running}}";

/// Adds a pod with three ports: 7001 sends as many bytes as it is asked for, 7002 takes in the announced number, and 7003
/// is an echo. The command `source` sends bytes, and `sink` counts them.
///
/// # Errors
/// If the pod can't be added.
pub(crate) fn add(server: &TestServer) -> Result<(), Box<dyn std::error::Error>> {
    server.load_yaml(POD)?;
    server.on_port_forward(|request, io| async move { forward(request, io).await.map_err(|error| error.to_string()) });
    server.on_exec(exec);
    Ok(())
}

async fn forward(request: PortForwardRequest, io: PortIo) -> std::io::Result<()> {
    let (mut reader, mut writer) = split(io);
    match request.port {
        7001 => {
            let count = reader.read_u64().await?;
            send(&mut writer, count).await
        }
        7002 => {
            let count = reader.read_u64().await?;
            discard(&mut reader.take(count)).await?;
            writer.write_all(&[0]).await
        }
        _ => copy(&mut reader, &mut writer).await.map(drop),
    }
}

async fn exec(request: ExecRequest, mut io: ContainerIo) -> std::io::Result<()> {
    match request.command.get(1).and_then(|count| count.parse().ok()) {
        Some(count) => send(&mut io.stdout, count).await,
        None => count(&mut io.stdin, &mut io.stdout).await,
    }
}

async fn send(writer: &mut (impl AsyncWrite + Unpin), mut left: u64) -> std::io::Result<()> {
    let chunk = vec![7; 64 * 1024];
    while left > 0 {
        let count = left.min(chunk.len() as u64);
        writer.write_all(&chunk[..usize::try_from(count).unwrap_or(0)]).await?;
        left -= count;
    }
    Ok(())
}

async fn count(reader: &mut (impl AsyncRead + Unpin), writer: &mut (impl AsyncWrite + Unpin)) -> std::io::Result<()> {
    let count = discard(reader).await?;
    writer.write_all(format!("{count}").as_bytes()).await
}

/// Reads as much as there is at once, so that this is not what limits the sides.
async fn discard(reader: &mut (impl AsyncRead + Unpin)) -> std::io::Result<u64> {
    copy_buf(&mut BufReader::with_capacity(64 * 1024, reader), &mut sink()).await
}
