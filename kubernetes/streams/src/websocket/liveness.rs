use std::future::{Future, pending};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http::{Method, StatusCode};
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
/// A server that waits for a process to read its input answers no ping, and neither does one that is gone. A request of
/// its own tells them apart: a server that is alive answers it. If several servers share an address, another one may
/// answer in place of one that is gone; then the connection is lost when TCP gives it up.
pub(super) struct Liveness {
    client: Client,
    timer: Timer,
    phase: Phase,
}

enum Phase {
    /// Something has arrived since the last poll.
    Active,
    /// Nothing arrives.
    Silent,
    /// Nothing arrives for so long that the connection is lost next, unless the probe returns.
    Probing(Pin<Box<dyn Future<Output = ()> + Send>>),
}

impl Liveness {
    pub(super) fn new(client: Client) -> Self {
        Self { client, timer: Timer::after(MAX_SILENCE), phase: Phase::Active }
    }

    /// Something has arrived.
    pub(super) fn reset(&mut self) {
        self.phase = Phase::Active;
    }

    /// Ready when the connection is lost.
    pub(super) fn poll(&mut self, heartbeat: &Heartbeat, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            match &mut self.phase {
                Phase::Active => {
                    self.timer.set(MAX_SILENCE - PROBE_TIME);
                    self.phase = Phase::Silent;
                }
                Phase::Silent => {
                    ready!(self.timer.poll(cx));
                    self.timer.set(PROBE_TIME);
                    self.phase = Phase::Probing(if heartbeat.is_stalled() {
                        Box::pin(probe(self.client.clone()))
                    } else {
                        Box::pin(pending())
                    });
                }
                Phase::Probing(probe) => {
                    if probe.as_mut().poll(cx).is_pending() {
                        return self.timer.poll(cx);
                    }
                    self.phase = Phase::Active;
                }
            }
        }
    }
}

/// Returns once the server answers a request. A refusal is an answer; that of a gateway in front of the server is not.
async fn probe(client: Client) {
    const OF_GATEWAYS: [StatusCode; 3] =
        [StatusCode::BAD_GATEWAY, StatusCode::SERVICE_UNAVAILABLE, StatusCode::GATEWAY_TIMEOUT];
    let request = Request::new(Method::GET, Path::new("/version", &[]));
    if let Err(error) = client.execute(request, |_| Ok(())).await
        && error.http_status().is_none_or(|status| OF_GATEWAYS.contains(&status))
    {
        pending().await
    }
}
