use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{Either, select};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tower_service::Service as _;

use super::Admin;
use crate::clock;

/// More connections than the kubelet and several Prometheus open.
const MAX_CONNECTIONS: usize = 64;
const HEADER_TIMEOUT: Duration = Duration::from_secs(5);
const MAX_HEADER_BYTES: usize = 16 * 1024;
/// A connection is closed after this time; so one that reads slowly can't stay for ever.
const MAX_AGE: Duration = Duration::from_secs(120);
/// How long requests under way may take at the end.
const GRACE: Duration = Duration::from_secs(5);

impl Admin {
    /// Serves HTTP/1.1 on a listener until `shutdown` completes, and then ends the requests that are under way, within
    /// 5 s.
    ///
    /// At most 64 connections are open; further ones wait. A connection has 5 s for the headers of a request, 16 KiB for
    /// them, and is closed after 2 minutes.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes all connections.
    pub async fn serve(&self, listener: TcpListener, shutdown: impl Future<Output = ()>) {
        let (mut shutdown, closing) = (pin!(shutdown), CancellationToken::new());
        let (permits, mut connections) = (Arc::new(Semaphore::new(MAX_CONNECTIONS)), JoinSet::new());
        loop {
            let accepted = pin!(accept(&listener, &permits));
            let (stream, permit) = match select(shutdown.as_mut(), accepted).await {
                Either::Left(_) => break,
                Either::Right((accepted, _)) => accepted,
            };
            let (admin, closing) = (self.clone(), closing.clone());
            connections.spawn(async move {
                admin.serve_connection(stream, closing).await;
                drop(permit);
            });
            while connections.try_join_next().is_some() {}
        }
        drop(listener);
        closing.cancel();
        let all = pin!(async { while connections.join_next().await.is_some() {} });
        select(all, pin!(clock::sleep(GRACE))).await;
    }

    async fn serve_connection(&self, stream: TcpStream, closing: CancellationToken) {
        let service = service_fn(|request| self.clone().call(request));
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADER_TIMEOUT)
            .max_buf_size(MAX_HEADER_BYTES)
            .serve_connection(TokioIo::new(stream), service);
        let mut connection = pin!(connection);
        let (closing, aged) = (pin!(closing.cancelled()), pin!(clock::sleep(MAX_AGE)));
        let end = select(closing, aged);
        if let Either::Left((result, _)) = select(connection.as_mut(), end).await {
            return log(result);
        }
        connection.as_mut().graceful_shutdown();
        if let Either::Left((result, _)) = select(connection, pin!(clock::sleep(GRACE))).await {
            log(result);
        }
    }
}

/// The next connection, once there is room for it.
async fn accept(
    listener: &TcpListener,
    permits: &Arc<Semaphore>,
) -> (TcpStream, Result<tokio::sync::OwnedSemaphorePermit, tokio::sync::AcquireError>) {
    let permit = Arc::clone(permits).acquire_owned().await;
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return (stream, permit),
            Err(error) if is_of_connection(&error) => {}
            Err(error) => {
                // As when there are too many open files, which is to pass.
                tracing::warn!(%error, "the admin server can't accept connections");
                clock::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

/// Whether the error is one of the connection that was to be accepted.
fn is_of_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

fn log(result: hyper::Result<()>) {
    if let Err(error) = result {
        tracing::debug!(%error, "a connection of the admin server has failed");
    }
}
