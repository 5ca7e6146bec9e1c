use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_buf};
use tokio::net::TcpStream;
use tokio::net::tcp::ReadHalf;

use crate::clock;
use crate::error::Error;
use crate::port_forward::tunnel::{PortStream, PortWriter};

/// How much of a local connection is read at once.
const BUFFER_BYTES: usize = 32 * 1024;

/// Copies both directions, each to its end. If the connection to the pod fails, the local one is reset.
pub(super) async fn relay(mut local: TcpStream, remote: PortStream, linger: Duration) -> io::Result<()> {
    let relayed = copy_both(&mut local, remote, linger).await;
    if relayed.is_err() {
        reset(&local);
    }
    relayed
}

/// Makes a connection end with a reset once it is dropped, so that its client does not take the end for a success.
pub(super) fn reset(local: &TcpStream) {
    // It ends in any case.
    let _ = local.set_zero_linger();
}

async fn copy_both(local: &mut TcpStream, remote: PortStream, linger: Duration) -> io::Result<()> {
    let (mut local_reader, mut local_writer) = local.split();
    let (mut remote_reader, remote_writer) = remote.into_split();
    let sending = send(&mut local_reader, remote_writer);
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
    let mut buffer = vec![0; BUFFER_BYTES];
    let mut accepts = true;
    loop {
        let count = local.read(&mut buffer).await?;
        if count == 0 {
            break;
        }
        if accepts && let Err(error) = remote.write_all(&buffer[..count]).await {
            // The receiving direction knows whether that is a failure. The rest is read nevertheless: a socket that is
            // closed with unread bytes is reset, and the response lost.
            debug_assert!(Error::of_io(&error).is_some(), "{error}");
            accepts = false;
        }
    }
    if accepts { remote.shutdown().await.or(Ok(())) } else { Ok(()) }
}
