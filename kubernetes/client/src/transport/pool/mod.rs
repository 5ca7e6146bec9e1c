//! The connections to one server.
//!
//! HTTP/1.1 connections carry one request at a time and wait for the next one. An HTTP/2 connection carries as many as
//! the server allows; beyond that another is opened, so that a request never waits behind streams that stay open, such
//! as watches. (A connection of `hyper_util::client::legacy` queues them.) A client that makes many reads, few of them
//! at a time, gets HTTP/1.1 connections [beside](companions) that of HTTP/2.
//!
//! Connecting is a separate task, which outlives the request that started it. Requests wait in a queue for a
//! connection. The pool opens as many as the queue needs: one, until it is known how many requests a connection can
//! carry.

mod close_reason;
mod companions;
mod connection;
mod http1;
mod http2;
mod idle;
mod lease;
mod state;
mod upgrade;
mod waker;

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use http::{HeaderValue, Request, Response, Uri};
use tokio::sync::oneshot;

use super::connect::Connector;
use super::{Delivery, Transport};
use crate::body::Body;
use crate::error::{BoxError, ConnectFailed, NotSent};
use crate::sync::lock;
use lease::Lease;
use state::State;

/// The time for which an unused connection is kept, as in Go's `http.DefaultTransport`.
const IDLE_TIMEOUT: Duration = Duration::from_secs(90);

/// Sends requests to one server. Nothing is connected or spawned before the first request, and then on the runtime of
/// that request.
pub(crate) struct Pool(Arc<Inner>);

struct Inner {
    connector: Connector,
    /// For HTTP/1.1, also where the server speaks HTTP/2.
    http1_connector: Connector,
    server: Uri,
    /// The `Host` of HTTP/1.1.
    host: Option<HeaderValue>,
    state: Mutex<State>,
}

impl Pool {
    /// A pool for `server`. `http1_connector` opens connections in HTTP/1.1: those that leave HTTP, each for one
    /// request, and the companions of HTTP/2.
    pub(crate) fn new(connector: Connector, http1_connector: Connector, server: Uri) -> Self {
        let host = lease::host(&server);
        Self(Arc::new(Inner { connector, http1_connector, server, host, state: Mutex::new(State::default()) }))
    }
}

impl Transport for Pool {
    fn send(
        &self,
        mut request: Request<Body>,
        delivery: Delivery,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Body>, BoxError>> + Send + '_>> {
        Box::pin(async move {
            if upgrade::is_requested(&request) {
                return upgrade::send(&self.0.http1_connector, self.0.server.clone(), request).await;
            }
            // HTTP/2 tells which writes a server that ends has not looked at, so they stay with it.
            let delivery = if request.method().is_safe() { delivery } else { Delivery::Streamed };
            loop {
                let lease = self.0.lease(delivery).await?;
                let reused = lease.is_reused();
                match lease.send(request, self.0.host.as_ref()).await {
                    Ok(response) => return Ok(response),
                    Err(failed) => match (failed.unsent, failed.refusal) {
                        // The next connection would have the same certificate.
                        (_, Some(refusal)) => return Err(refusal.into()),
                        // The connection was closed while it was idle, which the next one tells from a server that
                        // closes each at once.
                        (Some(unsent), _) if reused => request = unsent,
                        (Some(_), None) => return Err(NotSent(failed.error).into()),
                        (None, None) => return Err(failed.error.into()),
                    },
                }
            }
        })
    }
}

impl Inner {
    /// Nothing panics while the state is locked, so a poisoned lock still has a valid state.
    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Leases a connection that can take a request now.
    ///
    /// Dropping the future gives up the place in the line.
    async fn lease(self: &Arc<Self>, delivery: Delivery) -> Result<Lease, ConnectFailed> {
        loop {
            let (handed, connect) = {
                let mut state = self.lock();
                if let Some(lease) = state.take(self, delivery) {
                    let opens_companion = state.companions.begin_opening();
                    drop(state);
                    // Not under the lock: a runtime that ends drops the task at once, which takes the lock.
                    if opens_companion {
                        crate::task::spawn(CompanionAttempt(Arc::clone(self)).run());
                    }
                    return Ok(lease);
                }
                let (waiter, handed) = oneshot::channel();
                (handed, state.enqueue(waiter, delivery))
            };
            if connect {
                crate::task::spawn(Attempt::new(self).run());
            }
            match handed.await {
                Ok(result) => return result,
                // What this request waited for won't come: it starts over, on its own runtime.
                Err(_) => continue,
            }
        }
    }

    /// Changes the state, then gives what is free to those in line.
    fn update(self: &Arc<Self>, change: impl FnOnce(&mut State)) {
        let unclaimed = {
            let mut state = self.lock();
            change(&mut state);
            state.assign(self)
        };
        // Dropping a lease locks the state.
        drop(unclaimed);
    }
}

/// A connection that is being opened.
struct Attempt {
    pool: Arc<Inner>,
    finished: bool,
}

impl Attempt {
    fn new(pool: &Arc<Inner>) -> Self {
        Self { pool: Arc::clone(pool), finished: false }
    }

    async fn run(mut self) {
        let result = connection::open(&self.pool).await;
        self.finished = true;
        match result {
            Ok(opened) => self.pool.update(|state| state.opened(opened)),
            Err(error) => self.pool.update(|state| state.failed(&ConnectFailed::new(error))),
        }
    }
}

impl Drop for Attempt {
    /// When the runtime ends first.
    fn drop(&mut self) {
        if !self.finished {
            self.pool.update(State::abandoned);
        }
    }
}

/// A companion that is being opened.
struct CompanionAttempt(Arc<Inner>);

impl CompanionAttempt {
    async fn run(self) {
        match connection::open_companion(&self.0).await {
            Ok((id, http1)) => self.0.update(|state| state.companions.opened(id, http1)),
            Err(error) => {
                tracing::debug!(%error, "no HTTP/1.1 connection beside HTTP/2");
                self.0.update(|state| state.companions.refused());
            }
        }
    }
}

impl Drop for CompanionAttempt {
    /// Also when the runtime ends first.
    fn drop(&mut self) {
        self.0.update(|state| state.companions.end_opening());
    }
}
