//! HTTP/1.1 connections, and who drives them.
//!
//! hyper hands a response over frame by frame, from the task that drives the connection to the one that reads the body.
//! For a watch of small events these changes of task would cost several times what the events do. So whoever waits for
//! a response drives the connection for that time, and gives it back to its task at the end.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Frame, SizeHint};
use hyper::body::Incoming;
use hyper::client::conn::{TrySendError, http1};

use crate::body::Body;
use crate::transport::proxy::AbsoluteForm;

/// A connection that carries one request at a time.
pub(super) struct Http1 {
    pub(super) sender: http1::SendRequest<Body>,
    pub(super) absolute: Option<AbsoluteForm>,
    pub(super) connection: Arc<Connection>,
}

impl Http1 {
    /// Sends a request, and reads the head of the response.
    pub(super) async fn send(&mut self, request: Request<Body>) -> Result<Response<Body>, TrySendError<Request<Body>>> {
        let driver = Driver::new(&self.connection);
        let mut response = pin!(self.sender.try_send_request(request));
        let response = poll_fn(|cx| driver.poll(cx, |cx| response.as_mut().poll(cx))).await?;
        // An answer without a body leaves the connection to its task: for the next request, or for an upgrade.
        Ok(response.map(|body| {
            if http_body::Body::is_end_stream(&body) {
                Body::empty()
            } else {
                Body::new(DrivenBody { body, driver: Some(driver) })
            }
        }))
    }
}

/// A connection that is driven by its own task, or by the reader of a response.
pub(super) struct Connection(Mutex<State>);

struct State {
    /// `None` once it has ended.
    running: Option<Running>,
    /// The connection's own task.
    task: Option<Waker>,
    /// Whether somebody reads, and then drives.
    is_read: bool,
    reader: Option<Waker>,
}

type Running = Pin<Box<dyn Future<Output = hyper::Result<()>> + Send>>;

impl Connection {
    pub(super) fn new(running: impl Future<Output = hyper::Result<()>> + Send + 'static) -> Arc<Self> {
        Arc::new(Self(Mutex::new(State { running: Some(Box::pin(running)), task: None, is_read: false, reader: None })))
    }

    /// The future of the connection's own task.
    pub(super) fn task(self: &Arc<Self>) -> impl Future<Output = hyper::Result<()>> + use<> {
        let task = Task(Arc::clone(self));
        poll_fn(move |cx| {
            let mut state = task.0.lock();
            state.task = Some(cx.waker().clone());
            if !state.is_read || state.running.is_none() {
                return state.poll(cx);
            }
            // What woke the task is for the reader: were both to drive, each would go on waking the other.
            let reader = state.reader.take();
            drop(state);
            if let Some(reader) = reader {
                reader.wake();
            }
            Poll::Pending
        })
    }

    /// A poisoned state is as good as any: what panicked was taken out.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<hyper::Result<()>> {
        let Some(mut running) = self.running.take() else { return Poll::Ready(Ok(())) };
        let polled = running.as_mut().poll(cx);
        if polled.is_pending() {
            self.running = Some(running);
        }
        polled
    }
}

/// Ends the connection with its task, also when the task's runtime ends it.
struct Task(Arc<Connection>);

impl Drop for Task {
    fn drop(&mut self) {
        let running = self.0.lock().running.take();
        // Closing a socket needs no lock.
        drop(running);
    }
}

/// Drives a connection while it waits for something from it.
struct Driver(Arc<Connection>);

impl Driver {
    fn new(connection: &Arc<Connection>) -> Self {
        connection.lock().is_read = true;
        Self(Arc::clone(connection))
    }

    /// Polls for what may only come when the connection is driven.
    fn poll<T>(&self, cx: &mut Context<'_>, mut wanted: impl FnMut(&mut Context<'_>) -> Poll<T>) -> Poll<T> {
        let polled = wanted(cx);
        if polled.is_ready() {
            return polled;
        }
        let mut state = self.0.lock();
        state.reader = Some(cx.waker().clone());
        if let Poll::Ready(result) = state.poll(cx) {
            log_end(result);
            wake_task(state);
        } else {
            drop(state);
        }
        wanted(cx)
    }
}

/// Gives the connection back to its task, which finds out whether it can carry another request.
impl Drop for Driver {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.is_read = false;
        state.reader = None;
        wake_task(state);
    }
}

/// Logs why a connection ended.
pub(super) fn log_end(result: hyper::Result<()>) {
    if let Err(error) = result {
        tracing::debug!(%error, "a connection failed");
    }
}

fn wake_task(mut state: MutexGuard<'_, State>) {
    let task = state.task.take();
    drop(state);
    if let Some(task) = task {
        task.wake();
    }
}

/// The body of a response.
struct DrivenBody {
    body: Incoming,
    /// `None` after the end.
    driver: Option<Driver>,
}

impl http_body::Body for DrivenBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let Self { body, driver } = &mut *self;
        let polled = match &*driver {
            Some(driver) => driver.poll(cx, |cx| Pin::new(&mut *body).poll_frame(cx)),
            None => Pin::new(&mut *body).poll_frame(cx),
        };
        if matches!(polled, Poll::Ready(None | Some(Err(_)))) || body.is_end_stream() {
            *driver = None;
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
