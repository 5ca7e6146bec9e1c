use std::io;
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncWriteExt, copy_buf};
use tokio::net::TcpStream;
use tokio::net::tcp::ReadHalf;
use tokio::task::coop;

use crate::clock;
use crate::error::Error;
use crate::port_forward::tunnel::{PortStream, PortWriter};

/// How much of a local connection is read at once.
const BUFFER_BYTES: usize = 64 * 1024;

/// Copies both directions, each to its end. If one of the connections fails, or the future is dropped, both are reset.
pub(super) async fn relay(mut local: Local, remote: PortStream, linger: Duration) -> io::Result<()> {
    let relayed = copy_both(&mut local.stream, remote, linger).await;
    local.is_complete = relayed.is_ok();
    relayed
}

/// A local connection, which is reset if it is dropped before its end, so that its client does not take that for a
/// success.
pub(super) struct Local {
    stream: TcpStream,
    is_complete: bool,
}

impl Local {
    pub(super) fn new(stream: TcpStream) -> Self {
        // Small requests must not wait; the connection also works without this.
        let _ = stream.set_nodelay(true);
        Self { stream, is_complete: false }
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        if !self.is_complete {
            // It ends in any case.
            let _ = self.stream.set_zero_linger();
        }
    }
}

async fn copy_both(local: &mut TcpStream, remote: PortStream, linger: Duration) -> io::Result<()> {
    let (mut local_reader, mut local_writer) = local.split();
    let (mut remote_reader, remote_writer) = remote.into_split();
    let sending = send(&mut local_reader, remote_writer.reset_on_drop());
    let receiving = async {
        copy_buf(&mut remote_reader, &mut local_writer).await?;
        local_writer.shutdown().await
    };
    tokio::pin!(sending, receiving);
    tokio::select! {
        sent = &mut sending => {
            sent?;
            receiving.await
        }
        received = &mut receiving => {
            received?;
            // The pod has ended; its client may still have something to say, but not forever.
            clock::timeout(linger, sending).await.unwrap_or(Err(io::ErrorKind::TimedOut.into()))
        }
    }
}

/// Sends what a local client writes, to its end.
async fn send(local: &mut ReadHalf<'_>, mut remote: PortWriter) -> io::Result<()> {
    let mut accepts = true;
    loop {
        // A client that never stops writing must leave the thread to others, as the timer of the linger.
        coop::consume_budget().await;
        local.readable().await?;
        // Idle connections, which may be many, hold no memory.
        let mut buffer = BytesMut::with_capacity(BUFFER_BYTES);
        match local.try_read_buf(&mut buffer) {
            Ok(0) => break,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
            read => read?,
        };
        if accepts && let Err(error) = remote.write_all(&buffer).await {
            // The receiving direction knows whether that is a failure. The rest is read nevertheless: a socket that is
            // closed with unread bytes is reset, and the response lost.
            debug_assert!(Error::of_io(&error).is_some(), "{error}");
            accepts = false;
        }
    }
    if accepts { remote.shutdown().await.or(Ok(())) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::net::Ipv4Addr;
    use std::pin::pin;

    use kubernetes_testing::TestServer;
    use tokio::net::TcpListener;

    use super::*;
    use crate::port_forward::PortForwarder;

    #[tokio::test]
    async fn a_client_that_never_stops_writing_leaves_the_thread_to_others() {
        let server = TestServer::in_process();
        let spec = "spec: {containers: [{name: a}]}, status: {phase: Running}";
        server.load_yaml(&format!("{{apiVersion: v1, kind: Pod, metadata: {{name: web}}, {spec}}}")).unwrap();
        server.on_port_forward(|_, _| async { Ok(()) });
        let mut remote = PortForwarder::to_pod(&server.client(), "default", "web").connect(80).await.unwrap();
        while remote.write_all(b"x").await.is_ok() {
            tokio::task::yield_now().await;
        }
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let (client, local) = tokio::join!(TcpStream::connect(listener.local_addr().unwrap()), listener.accept());
        let (client, mut local) = (client.unwrap(), local.unwrap().0);
        let mut written = 0;
        client.writable().await.unwrap();
        while let Ok(count) = client.try_write(&[1; BUFFER_BYTES]) {
            written += count;
        }
        assert!(written > 2 * BUFFER_BYTES, "{written}");
        let (mut reader, _writer) = local.split();
        {
            let mut sending = pin!(send(&mut reader, remote.into_split().1));
            poll_fn(|cx| {
                while pin!(coop::consume_budget()).poll(cx).is_ready() {}
                assert!(sending.as_mut().poll(cx).is_pending());
                std::task::Poll::Ready(())
            })
            .await;
        }
        assert!(reader.try_read(&mut [0; 1]).is_ok(), "the rest is read later");
    }
}
