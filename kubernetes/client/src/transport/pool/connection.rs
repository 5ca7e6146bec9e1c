//! Opening connections, and the tasks that drive them.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::{Arc, Weak};
use std::task::{Poll, ready};
use std::time::Duration;

use hyper::client::conn::{http1, http2};
use hyper::rt::{Read, Write};
use hyper_util::client::legacy::connect::Connection as _;
use hyper_util::rt::TokioTimer;

use super::close_reason::{CloseReason, RecordingIo};
use super::companions;
use super::http1::{Connection, Http1, log_end};
use super::http2::SharedTask;
use super::state::Opened;
use super::{IDLE_TIMEOUT, Inner};
use crate::body::Body;
use crate::clock;
use crate::error::BoxError;
use crate::task;
use crate::transport::proxy::AbsoluteForm;

/// After this time without a byte on an HTTP/2 connection, the server is asked for a sign of life …
const PING_INTERVAL: Duration = Duration::from_secs(30);

/// … and after this time without an answer, the connection is given up; both as in client-go (`transport/cache.go`, by
/// `http2_transport` of apimachinery's `util/net`). A dead peer is found within 45 s.
const PING_TIMEOUT: Duration = Duration::from_secs(15);

/// How much may be under way on a connection, as in Go's HTTP/2 client (`transportDefaultConnFlow`). It is large so
/// that streams that nobody reads, of which each keeps at most [`STREAM_WINDOW`], do not block the others.
const CONNECTION_WINDOW: u32 = 1 << 30;

/// How much may be under way on a stream.
const STREAM_WINDOW: u32 = 2 << 20;

/// Stands for the server's limit on streams before its first frame has come; no server has this one. hyper tells nobody
/// when the server's settings come, but shows the limit that counts, which is this one until then. A test below fails
/// if that changes.
const NO_LIMIT_YET: usize = 0x5e_771e;

/// Connects, and agrees on a protocol.
pub(super) async fn open(pool: &Arc<Inner>) -> Result<Opened, BoxError> {
    let io = pool.connector.connect(pool.server.clone()).await?;
    let connected = io.connected();
    let id = pool.lock().next_id();
    let remove_on_drop = RemoveOnDrop { pool: Arc::downgrade(pool), id };
    if connected.is_negotiated_h2() {
        let (tasks, close_reason) = (SharedTask::default(), CloseReason::default());
        let (sender, mut connection) = http2::Builder::new(tasks.clone())
            .timer(TokioTimer::new())
            .keep_alive_interval(PING_INTERVAL)
            .keep_alive_timeout(PING_TIMEOUT)
            // Without it, a request would find out on an idle connection that the peer is gone.
            .keep_alive_while_idle(true)
            .initial_max_send_streams(NO_LIMIT_YET)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .initial_stream_window_size(STREAM_WINDOW)
            .handshake(RecordingIo::new(io, close_reason.clone()))
            .await?;
        let weak = Arc::downgrade(pool);
        let mut settled = false;
        let running = poll_fn(move |cx| {
            let done = Pin::new(&mut connection).poll(cx);
            let limit = connection.current_max_send_streams();
            // hyper tells nobody of the server's settings. Its part that reads them has just had its turn.
            if !settled && limit != NO_LIMIT_YET {
                settled = true;
                if let Some(pool) = weak.upgrade() {
                    pool.update(|state| state.settle(id, limit));
                }
            }
            done
        });
        task::spawn(tasks.beside(drive(running, remove_on_drop, IDLE_TIMEOUT)));
        return Ok(Opened::Http2 { id, sender, close_reason });
    }
    let absolute = connected.is_proxied().then(|| {
        let mut extras = http::Extensions::new();
        connected.get_extras(&mut extras);
        extras.remove::<AbsoluteForm>().unwrap_or_default()
    });
    let (sender, connection) = open_http1(io, remove_on_drop, IDLE_TIMEOUT).await?;
    let http1 = Http1 { sender, absolute, is_companion: false, connection };
    Ok(Opened::Http1 { id, http1 })
}

/// Connects for HTTP/1.1 to a server that speaks HTTP/2, so over TLS, which a proxy tunnels.
pub(super) async fn open_companion(pool: &Arc<Inner>) -> Result<(u64, Http1), BoxError> {
    let io = pool.http1_connector.connect(pool.server.clone()).await?;
    let id = pool.lock().next_id();
    let remove_on_drop = RemoveOnDrop { pool: Arc::downgrade(pool), id };
    let (sender, connection) = open_http1(io, remove_on_drop, companions::IDLE_TIMEOUT).await?;
    Ok((id, Http1 { sender, absolute: None, is_companion: true, connection }))
}

async fn open_http1(
    io: impl Read + Write + Unpin + Send + 'static,
    remove_on_drop: RemoveOnDrop,
    idle_timeout: Duration,
) -> Result<(http1::SendRequest<Body>, Arc<Connection>), BoxError> {
    let (mut sender, connection) = http1::Builder::new().handshake(io).await?;
    let mut connection = connection.with_upgrades();
    poll_fn(|cx| match Pin::new(&mut connection).poll(cx) {
        Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
        // When it has ended, the sender says so.
        Poll::Ready(Ok(())) | Poll::Pending => sender.poll_ready(cx),
    })
    .await?;
    let connection = Connection::new(connection);
    task::spawn(drive(connection.task(), remove_on_drop, idle_timeout));
    Ok((sender, connection))
}

/// Runs a connection until it ends, and tells the pool to forget it when it was idle for too long.
async fn drive(running: impl Future<Output = hyper::Result<()>>, remove_on_drop: RemoveOnDrop, idle_timeout: Duration) {
    let mut running = pin!(running);
    let mut check = pin!(clock::sleep(idle_timeout));
    let result = poll_fn(|cx| {
        loop {
            if let Poll::Ready(result) = running.as_mut().poll(cx) {
                return Poll::Ready(result);
            }
            ready!(check.as_mut().poll(cx));
            let again = remove_on_drop.pool.upgrade().map(|pool| pool.lock().expire(remove_on_drop.id));
            check.as_mut().reset(again.unwrap_or_else(|| clock::now() + IDLE_TIMEOUT));
        }
    })
    .await;
    log_end(result);
}

/// Tells the pool that a connection has ended, also when its runtime ends it.
struct RemoveOnDrop {
    pool: Weak<Inner>,
    id: u64,
}

impl Drop for RemoveOnDrop {
    fn drop(&mut self) {
        if let Some(pool) = self.pool.upgrade() {
            pool.update(|state| state.remove(self.id));
        }
    }
}

#[cfg(test)]
mod tests {
    use hyper_util::rt::{TokioExecutor, TokioIo};
    use tokio::io::AsyncWriteExt as _;

    use super::*;

    /// The assumption of [`open`] about hyper: the limit that it was given counts until the server's settings have
    /// come, and then the server's, also if that has none.
    #[tokio::test]
    async fn hyper_shows_the_limit_of_streams_as_soon_as_the_server_has_set_it() {
        let seven = [0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 7];
        let none = [0, 0, 0, 4, 0, 0, 0, 0, 0];
        for (settings, expected) in [(&seven[..], Some(7)), (&none[..], None)] {
            let (client, mut server) = tokio::io::duplex(64 * 1024);
            let handshake = http2::Builder::new(TokioExecutor::new())
                .initial_max_send_streams(NO_LIMIT_YET)
                .handshake::<_, Body>(TokioIo::new(client));
            let (_sender, mut connection) = handshake.await.expect("the preface is written");
            assert_eq!(connection.current_max_send_streams(), NO_LIMIT_YET);
            server.write_all(settings).await.expect("the client is there");
            let changed = poll_fn(|cx| {
                assert!(Pin::new(&mut connection).poll(cx).is_pending(), "the connection lasts");
                let limit = connection.current_max_send_streams();
                if limit != NO_LIMIT_YET {
                    return Poll::Ready(limit);
                }
                cx.waker().wake_by_ref();
                Poll::Pending
            });
            let shown = tokio::time::timeout(Duration::from_secs(10), changed).await.expect("the settings count");
            assert_eq!(shown, expected.unwrap_or(shown));
        }
    }
}
