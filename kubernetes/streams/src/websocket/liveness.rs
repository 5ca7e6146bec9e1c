use std::future::{Future, pending};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http::header::CONTENT_TYPE;
use http::{StatusCode, Uri};
use http_body_util::{BodyExt as _, Limited};
use kubernetes_client::{Body, Client};
use kubernetes_core::{Encoded, Status};
use tower_service::Service as _;

use super::heartbeat::Heartbeat;
use crate::clock::{self, Timer};

/// The time between pings, while nothing arrives.
const PING_PERIOD: Duration = Duration::from_secs(5);

/// How long a connection may be silent: twelve pings and a second.
pub(super) const MAX_SILENCE: Duration = Duration::from_secs(61);

/// How long the server has to answer another request, at the end of that time.
const PROBE_TIME: Duration = Duration::from_secs(10);

/// How long a probe waits before it sends another request.
const PROBE_INTERVAL: Duration = Duration::from_secs(1);

/// How much of a response is read to tell whether it is a `Status`; those of a whole server are short.
const MAX_STATUS_BYTES: usize = 64 * 1024;

/// Has pings sent on a connection on which nothing arrives, and decides when it is lost.
///
/// While bytes arrive, or wait for their reader, only input is followed by a ping: a kubelet closes its connection behind
/// the last bytes of a process, and an API server that can't deliver a ping to it drops those that are still on their way.
///
/// A server that waits for a process to read its input answers no ping, and neither does one that is gone. A request of
/// its own tells them apart: a server that is alive answers it. If several servers share an address, another one may
/// answer in place of one that is gone; then the connection is lost when TCP gives it up.
pub(super) struct Liveness {
    client: Client,
    timer: Timer,
    pings: Timer,
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
        Self { client, timer: Timer::after(MAX_SILENCE), pings: Timer::after(PING_PERIOD), phase: Phase::Active }
    }

    /// Something has arrived.
    pub(super) fn reset(&mut self) {
        self.phase = Phase::Active;
    }

    /// Ready when the connection is lost.
    pub(super) fn poll(&mut self, heartbeat: &Heartbeat, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            if !matches!(self.phase, Phase::Active) {
                self.poll_pings(heartbeat, cx);
            }
            match &mut self.phase {
                Phase::Active => {
                    self.timer.set(MAX_SILENCE - PROBE_TIME);
                    self.pings.set(PING_PERIOD);
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

    fn poll_pings(&mut self, heartbeat: &Heartbeat, cx: &mut Context<'_>) {
        while self.pings.poll(cx).is_ready() {
            heartbeat.ping_due.notify_one();
            self.pings.set(PING_PERIOD);
        }
    }
}

/// Returns once the server responds to a request.
///
/// The request is sent once each time, as retries of the client may wait for longer than a probe may take.
async fn probe(client: Client) {
    while !responds(client.clone()).await {
        clock::sleep(PROBE_INTERVAL).await;
    }
}

/// Whether the server itself responds, whatever its response is.
async fn responds(mut client: Client) -> bool {
    const GATEWAY_ERRORS: [StatusCode; 3] =
        [StatusCode::BAD_GATEWAY, StatusCode::SERVICE_UNAVAILABLE, StatusCode::GATEWAY_TIMEOUT];
    let mut request = http::Request::new(Body::empty());
    *request.uri_mut() = Uri::from_static("/version");
    match client.call(request).await {
        Ok(response) => !GATEWAY_ERRORS.contains(&response.status()) || has_status(response).await,
        Err(_) => false,
    }
}

/// Whether a response is a `Status`, which the API server sends, but not a gateway in front of it.
async fn has_status(response: http::Response<Body>) -> bool {
    let (head, body) = response.into_parts();
    let Ok(body) = Limited::new(body, MAX_STATUS_BYTES).collect().await else { return false };
    let body = Encoded::new(head.headers.get(CONTENT_TYPE).cloned(), body.to_bytes());
    body.decode::<Status>().is_ok_and(|status| status.status.as_deref() == Some("Failure"))
}
