use std::future::{Future, pending};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http::Method;
use kubernetes_client::Client;
use kubernetes_core::{Execute, Path, Request};

use super::heartbeat::Heartbeat;
use crate::clock::Timer;

/// How long a connection may be silent: twelve pings and a second.
pub(super) const MAX_SILENCE: Duration = Duration::from_secs(61);

/// How long the server has to answer another request, at the end of that time.
const PROBE_TIME: Duration = Duration::from_secs(10);

/// Decides when a connection on which nothing arrives is lost.
///
/// A server that waits for a process to read its input answers no ping, and neither does one that is gone. What tells them
/// apart is a request of its own: the first one answers that.
pub(super) struct Silence {
    client: Client,
    timer: Timer,
    state: State,
}

enum State {
    /// Something has arrived since the last poll.
    Over,
    Lasting,
    /// It lasts for so long that the connection is lost next, unless the probe returns.
    Ending(Pin<Box<dyn Future<Output = ()> + Send>>),
}

impl Silence {
    pub(super) fn new(client: Client) -> Self {
        Self { client, timer: Timer::after(MAX_SILENCE), state: State::Over }
    }

    /// Something has arrived.
    pub(super) fn end(&mut self) {
        self.state = State::Over;
    }

    /// Ready when the connection is lost.
    pub(super) fn poll(&mut self, heartbeat: &Heartbeat, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            match &mut self.state {
                State::Over => {
                    self.timer.set(MAX_SILENCE - PROBE_TIME);
                    self.state = State::Lasting;
                }
                State::Lasting => {
                    ready!(self.timer.poll(cx));
                    self.timer.set(PROBE_TIME);
                    self.state = State::Ending(if heartbeat.is_stalled() {
                        Box::pin(probe(self.client.clone()))
                    } else {
                        Box::pin(pending())
                    });
                }
                State::Ending(probe) => {
                    if probe.as_mut().poll(cx).is_pending() {
                        return self.timer.poll(cx);
                    }
                    self.state = State::Over;
                }
            }
        }
    }
}

/// Returns once the server answers a request in any way.
async fn probe(client: Client) {
    let request = Request::new(Method::GET, Path::new("/version", &[]));
    if let Err(error) = client.execute(request, |_| Ok(())).await
        && error.http_status().is_none()
    {
        pending().await
    }
}
