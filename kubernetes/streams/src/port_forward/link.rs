use std::sync::Arc;
use std::time::Duration;

use kubernetes_client::{Backoff, Client, Delays};
use kubernetes_core::{ObjectKey, ReadRequest};
use tokio::sync::Mutex;

use super::port::Port;
use super::state::{Phase, StateKeeper};
use super::target::{Target, TargetPod};
use super::tunnel::{Counters, Limits, PortStream, Tunnel};
use crate::clock::{self, Instant};
use crate::error::{Error, ForwardError};
use crate::pod::Pod;
use crate::websocket::Connection;

/// The protocol of the tunnel.
const PROTOCOL: &str = "SPDY/3.1+portforward.k8s.io";

/// How long a target's pod counts as good while connections are opened and none fails.
const CHECK_PERIOD: Duration = Duration::from_secs(5);

/// How long an open tunnel waits for the check of its pod.
const CHECK_TIMEOUT: Duration = Duration::from_secs(2);

/// The way to the pod of a target: opens a tunnel when there is none, or its pod has gone.
pub(super) struct Link {
    pub(super) client: Client,
    pub(super) target: Box<dyn Target>,
    pub(super) limits: Limits,
    pub(super) state: StateKeeper,
    /// Held by the connection that opens a tunnel; others wait for it.
    pub(super) current: Mutex<Current>,
}

pub(super) struct Current {
    established: Option<Established>,
    /// Whether there ever was a tunnel.
    was_connected: bool,
    delays: Delays,
    /// When the next try may begin.
    not_before: Option<Instant>,
}

#[derive(Clone)]
struct Established {
    pod: TargetPod,
    tunnel: Arc<Tunnel>,
    checked: Instant,
}

impl Current {
    pub(super) fn new(backoff: Backoff) -> Self {
        Self { established: None, was_connected: false, delays: backoff.delays(), not_before: None }
    }

    /// The tunnel, if it needs no check.
    fn usable(&self) -> Option<(TargetPod, Arc<Tunnel>)> {
        let Established { pod, tunnel, checked } = self.established.as_ref()?;
        let is_fresh = clock::now() - *checked < CHECK_PERIOD && !tunnel.take_failed();
        (tunnel.is_open() && is_fresh).then(|| (pod.clone(), Arc::clone(tunnel)))
    }

    fn wait_after_failure(&mut self) {
        self.not_before = Some(clock::now() + self.delays.next_delay());
    }

    /// Whether another try may help.
    fn is_transient(&self, error: &Error) -> bool {
        let may_pass = |error: &kubernetes_client::Error| {
            // A name that was never there is a mistake; a pod that was may come back.
            error.is_retryable() || (error.is_not_found() && self.was_connected)
        };
        error.is_unavailable() || error.is_connection_lost() || error.client_error().is_some_and(may_pass)
    }
}

impl Link {
    /// Opens a connection, and tries again until it succeeds or that makes no sense. `last` is the last error that may
    /// pass.
    pub(super) async fn connect(&self, port: &Port, last: &mut Option<Error>) -> Result<PortStream, Error> {
        loop {
            let error = match self.tunnel().await {
                Ok((pod, tunnel)) => match tunnel.open(pod.port(port)?).await {
                    Ok(stream) => {
                        Counters::add(&self.state.counters().opened, 1);
                        return Ok(stream);
                    }
                    Err(error) => error,
                },
                Err(error) => error,
            };
            *last = Some(self.pass(error).await?);
        }
    }

    /// Waits for a tunnel; returns the pod that it leads to.
    pub(super) async fn ready(&self, last: &mut Option<Error>) -> Result<ObjectKey, Error> {
        loop {
            match self.tunnel().await {
                Ok((pod, _)) => return Ok(pod.pod().clone()),
                Err(error) => *last = Some(self.pass(error).await?),
            }
        }
    }

    /// Returns an error after which another try may help, as a value.
    async fn pass(&self, error: Error) -> Result<Error, Error> {
        let mut current = self.current.lock().await;
        if !current.is_transient(&error) {
            return Err(error);
        }
        // That of another connection counts for this one too.
        if current.not_before.is_none_or(|at| at <= clock::now()) {
            current.wait_after_failure();
        }
        Ok(error)
    }

    /// The tunnel to the target's pod.
    async fn tunnel(&self) -> Result<(TargetPod, Arc<Tunnel>), Error> {
        let mut current = self.current.lock().await;
        if let Some(usable) = current.usable() {
            return Ok(usable);
        }
        if let Some(at) = current.not_before {
            clock::sleep_until(at).await;
        }
        let opened = self.establish(&mut current).await;
        match &opened {
            Ok(_) => {
                current.not_before = None;
                current.was_connected = true;
            }
            Err(error) => {
                if current.is_transient(error) {
                    current.wait_after_failure();
                }
                self.state.set(Phase::Disconnected { error: error.clone() });
            }
        }
        opened
    }

    /// Asks the target for its pod, and opens a tunnel unless the present one leads to it.
    async fn establish(&self, current: &mut Current) -> Result<(TargetPod, Arc<Tunnel>), Error> {
        // It stays in its place while the target is asked: a connection that is given up meanwhile takes nothing along.
        let before = current.established.clone().filter(|established| established.tunnel.is_open());
        if before.is_none() {
            self.state.set(Phase::Connecting);
        }
        let resolving = self.target.resolve(&self.client, before.as_ref().map(|established| &established.pod));
        let resolved = if before.is_some() {
            let limit = CHECK_TIMEOUT;
            let late = |_| Err(ForwardError::TimedOut { limit, last: None }.into());
            clock::timeout(limit, resolving).await.unwrap_or_else(late)
        } else {
            resolving.await
        };
        current.established = None;
        let (pod, tunnel) = match (resolved, before) {
            (Ok(pod), Some(before)) if pod.is_same_pod(&before.pod) => (pod, before.tunnel),
            // The pod can't be asked for, which says nothing of the tunnel.
            (Err(error), Some(before))
                if error.is_timeout() || error.client_error().is_some_and(|error| !error.is_not_found()) =>
            {
                (before.pod, before.tunnel)
            }
            (Ok(pod), _) => {
                let tunnel = self.open(&pod).await?;
                current.delays.reset();
                (pod, Arc::new(tunnel))
            }
            (Err(error), _) => return Err(error),
        };
        let checked = clock::now();
        current.established = Some(Established { pod: pod.clone(), tunnel: Arc::clone(&tunnel), checked });
        Ok((pod, tunnel))
    }

    async fn open(&self, pod: &TargetPod) -> Result<Tunnel, Error> {
        let key = pod.pod();
        let namespace = key.namespace().unwrap_or(self.client.default_namespace());
        let request = ReadRequest::<Pod>::namespaced(namespace, key.name()).subresource("portforward");
        let connection = Connection::open(&self.client, request.request().clone(), &[PROTOCOL]).await;
        let connection = connection.map_err(without_tunnel)?;
        let lost = self.state.connected(key.clone());
        Ok(Tunnel::start(connection, self.limits, Arc::clone(self.state.counters()), lost))
    }
}

/// Servers before 1.31 pass the request on to the kubelet, which does not know the protocol.
fn without_tunnel(error: Error) -> Error {
    let refuses_protocol = |error: &kubernetes_client::Error| match error.http_status().map(|status| status.as_u16()) {
        Some(400) => true,
        // A user without the right learns for which object.
        Some(403) => error.status().is_none_or(|status| status.details.is_none()),
        _ => false,
    };
    match error.client_error() {
        Some(refused) if !refuses_protocol(refused) => error,
        None if !error.is_handshake() => error,
        _ => ForwardError::NoTunnel(error).into(),
    }
}
