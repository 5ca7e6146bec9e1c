use std::fmt;
use std::future::pending;

use kubernetes_client::Client;
use kubernetes_election::Leadership;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::{Admin, Metrics, Recorder};

/// The surroundings of a service: its client, the signal to stop, and what it shares with others.
#[derive(Clone)]
pub struct ServiceContext {
    pub(super) client: Client,
    pub(super) shutdown: CancellationToken,
    pub(super) leadership: watch::Receiver<Standing>,
    pub(super) recorder: Recorder,
    pub(super) admin: Admin,
}

/// How the election stands.
#[derive(Clone, Debug)]
pub(super) enum Standing {
    /// There is none: every replica works.
    NoElection,
    Waiting,
    Leading(Leadership),
}

impl ServiceContext {
    /// The client of the service. That of a service which is [elected](super::Manager::elected) or
    /// [warm](super::Manager::warm) writes only while this process leads.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Completes when the service shall end.
    ///
    /// # Cancel safety
    ///
    /// The future may be dropped at any time.
    pub async fn shutdown(&self) {
        self.shutdown.cancelled().await;
    }

    /// The signal to end, to be handed on to parts of the service.
    pub fn shutdown_token(&self) -> CancellationToken {
        self.shutdown.clone()
    }

    /// Waits until this process leads; completes at once if there is no election.
    ///
    /// # Cancel safety
    ///
    /// The future may be dropped at any time.
    pub async fn leading(&self) {
        let mut leadership = self.leadership.clone();
        if leadership.wait_for(|standing| !matches!(standing, Standing::Waiting)).await.is_err() {
            // The manager has ended, and this service is about to.
            pending().await
        }
    }

    /// The token of leadership; `None` if there is no election, or this process does not lead yet.
    pub fn leadership(&self) -> Option<Leadership> {
        match &*self.leadership.borrow() {
            Standing::Leading(leadership) => Some(leadership.clone()),
            Standing::NoElection | Standing::Waiting => None,
        }
    }

    /// Records events.
    pub fn recorder(&self) -> &Recorder {
        &self.recorder
    }

    /// The admin endpoints, for checks and heartbeats.
    pub fn admin(&self) -> &Admin {
        &self.admin
    }

    /// The metrics of the program.
    pub fn metrics(&self) -> &Metrics {
        self.admin.metrics()
    }
}

impl fmt::Debug for ServiceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceContext")
            .field("client", &self.client)
            .field("leadership", &*self.leadership.borrow())
            .finish_non_exhaustive()
    }
}
