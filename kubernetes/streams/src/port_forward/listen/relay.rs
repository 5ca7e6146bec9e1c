use std::io;
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncWriteExt, copy_buf};
use tokio::net::TcpStream;
use tokio::net::tcp::ReadHalf;

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
