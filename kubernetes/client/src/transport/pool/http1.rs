//! HTTP/1.1 connections, and who drives them.
//!
//! hyper hands a response over frame by frame, from the task that drives the connection to the one that reads the body.
//! For a watch of small events these changes of task would cost several times what the events do, and for a small request
//! more than its bytes. So whoever waits for a response drives the connection for that time, and gives it back to its
//! task at the end, which then has nothing to do until the server closes the connection.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Frame, SizeHint};
use hyper::body::Incoming;
use hyper::client::conn::{TrySendError, http1};
use tokio::runtime::Handle;

use super::waker::{DriverWaker, MOST_ROUNDS};
use crate::body::Body;
use crate::sync::lock;
use crate::task;
use crate::transport::proxy::AbsoluteForm;

/// A connection that carries one request at a time.
pub(super) struct Http1 {
    pub(super) sender: http1::SendRequest<Body>,
    pub(super) absolute: Option<AbsoluteForm>,
    /// Whether it is beside HTTP/2.
    pub(super) is_companion: bool,
    pub(super) connection: Arc<Connection>,
}

/// The way of a connection back to where it came from.
pub(super) trait GiveBack: Unpin + Send + 'static {
    /// Gives back a connection that is ready for another request.
    fn give_back(self, http1: Http1);
}

impl Http1 {
    /// Sends a request, and reads the head of the response. The connection goes `back` when it is ready for another.
    pub(super) async fn send(
        mut self,
        request: Request<Body>,
        back: impl GiveBack,
    ) -> Result<Response<Body>, TrySendError<Request<Body>>> {
        let driver = Driver::new(&self.connection);
        let response = {
            let mut response = pin!(self.sender.try_send_request(request));
            poll_fn(|cx| driver.poll(cx, |cx| response.as_mut().poll(cx))).await?
        };
        let reading = Reading { driver, http1: self, back };
        // An answer without a body leaves the connection to its task: for the next request, or for an upgrade.
        if http_body::Body::is_end_stream(response.body()) {
            reading.finish();
            return Ok(response.map(|_| Body::empty()));
        }
        Ok(response.map(|body| Body::new(DrivenBody { body, reading: Some(reading) })))
    }
}

/// A connection that is driven by its own task, or by the reader of a response.
pub(super) struct Connection {
    state: Mutex<State>,
    driver: Arc<DriverWaker>,
    /// The same for the context of a poll.
    waker: Waker,
}

struct State {
    /// `None` once it has ended.
    running: Option<Running>,
    /// The connection's own task.
    task: Option<Waker>,
    /// Whether somebody reads, and then drives.
    is_read: bool,
}

type Running = Pin<Box<dyn Future<Output = hyper::Result<()>> + Send>>;

impl Connection {
    pub(super) fn new(running: impl Future<Output = hyper::Result<()>> + Send + 'static) -> Arc<Self> {
        let driver = Arc::<DriverWaker>::default();
        let waker = Waker::from(Arc::clone(&driver));
        let state = Mutex::new(State { running: Some(Box::pin(running)), task: None, is_read: false });
        Arc::new(Self { state, driver, waker })
    }

    /// The future of the connection's own task.
    pub(super) fn task(self: &Arc<Self>) -> impl Future<Output = hyper::Result<()>> + use<> {
        let task = Task(Arc::clone(self));
        poll_fn(move |cx| {
            let connection = &*task.0;
            let mut state = connection.lock();
            if !state.task.as_ref().is_some_and(|known| known.will_wake(cx.waker())) {
                state.task = Some(cx.waker().clone());
            }
            // Whoever began to read has looked at all that came before.
            if state.is_read && state.running.is_some() {
                return Poll::Pending;
            }
            connection.driver.register(cx.waker());
            connection.driver.run(MOST_ROUNDS, || state.poll(&connection.waker))
        })
    }

    /// A poisoned state is still valid: the part that panicked was taken out.
    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

impl State {
    fn poll(&mut self, waker: &Waker) -> Poll<hyper::Result<()>> {
        let Some(mut running) = self.running.take() else { return Poll::Ready(Ok(())) };
        let polled = running.as_mut().poll(&mut Context::from_waker(waker));
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
        let connection = &*self.0;
        connection.driver.register(cx.waker());
        connection.driver.run(MOST_ROUNDS, || {
            let mut cx = Context::from_waker(&connection.waker);
            let polled = wanted(&mut cx);
            if polled.is_ready() {
                return polled;
            }
            self.drive();
            wanted(&mut cx)
        })
    }

    /// Goes on with all that the connection can do now.
    fn drive(&self) {
        let mut state = self.0.lock();
        if let Poll::Ready(result) = state.poll(&self.0.waker) {
            log_end(result);
            wake_task(state);
        }
    }

    /// Gives the connection back to its task after a response, and returns whether it is ready for another request, so
    /// that the task need not run for that. Takes the driver, since the next request may have one of its own at once.
    fn finish(self, is_ready: impl Fn() -> bool) -> bool {
        let connection = &*self.0;
        {
            let mut state = connection.lock();
            let Some(task) = &state.task else { return false };
            connection.driver.register(task);
            state.is_read = false;
        }
        let _ = connection.driver.run(MOST_ROUNDS, || {
            self.drive();
            Poll::<()>::Pending
        });
        is_ready()
    }
}

/// Gives the connection back to its task, which finds out whether it can carry another request.
impl Drop for Driver {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        if std::mem::replace(&mut state.is_read, false) {
            wake_task(state);
        }
    }
}

/// Logs why a connection ended.
pub(super) fn log_end(result: hyper::Result<()>) {
    if let Err(error) = result {
        tracing::debug!(%error, "a connection failed");
    }
}

fn wake_task(mut state: MutexGuard<'_, State>) {
    // Its next poll tells it again.
    let task = state.task.take();
    drop(state);
    if let Some(task) = task {
        task.wake();
    }
}

/// A response that is being read.
struct Reading<B> {
    driver: Driver,
    http1: Http1,
    back: B,
}

impl<B: GiveBack> Reading<B> {
    /// All of the response has come.
    fn finish(self) {
        let Self { driver, mut http1, back } = self;
        if driver.finish(|| http1.sender.is_ready()) {
            return back.give_back(http1);
        }
        // Whoever reads the end of a body need not be in a runtime. Without one, the connection is closed.
        if Handle::try_current().is_ok() {
            task::spawn(async move {
                if http1.sender.ready().await.is_ok() {
                    back.give_back(http1);
                }
            });
        }
    }
}

/// The body of a response.
struct DrivenBody<B> {
    body: Incoming,
    /// `None` after the end.
    reading: Option<Reading<B>>,
}

impl<B: GiveBack> http_body::Body for DrivenBody<B> {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let Self { body, reading } = &mut *self;
        let polled = match &*reading {
            Some(reading) => reading.driver.poll(cx, |cx| Pin::new(&mut *body).poll_frame(cx)),
            None => Pin::new(&mut *body).poll_frame(cx),
        };
        if (matches!(polled, Poll::Ready(None | Some(Err(_)))) || body.is_end_stream())
            && let Some(reading) = reading.take()
        {
            reading.finish();
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use hyper_util::rt::TokioIo;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    /// Begins the next request as soon as it may.
    struct Next(Arc<Mutex<Option<(Driver, Http1)>>>);

    impl GiveBack for Next {
        fn give_back(self, http1: Http1) {
            *self.0.lock().unwrap() = Some((Driver::new(&http1.connection), http1));
        }
    }

    #[tokio::test]
    async fn the_next_request_keeps_the_connection_that_it_got_at_the_end_of_the_last() {
        let (client, mut server) = tokio::io::duplex(64 * 1024);
        let (mut sender, connection) = http1::handshake(TokioIo::new(client)).await.unwrap();
        let connection = Connection::new(connection);
        let task = tokio::spawn(connection.task());
        sender.ready().await.unwrap();
        let http1 = Http1 { sender, absolute: None, is_companion: false, connection: Arc::clone(&connection) };
        let answering = tokio::spawn(async move {
            let _ = server.read(&mut [0; 4096]).await.unwrap();
            server.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await.unwrap();
            server
        });
        let next = Arc::new(Mutex::new(None));
        let request = Request::get("/").body(Body::empty()).unwrap();
        let response = http1.send(request, Next(Arc::clone(&next))).await;
        let body = response.map_err(TrySendError::into_error).unwrap().into_body().collect(1024);
        assert_eq!(tokio::time::timeout(Duration::from_secs(5), body).await.unwrap().unwrap(), "ok");
        assert!(next.lock().unwrap().is_some(), "the connection is ready without a turn of its task");
        assert!(connection.lock().is_read, "the next request drives it");
        task.abort();
        drop(answering.await);
    }
}
