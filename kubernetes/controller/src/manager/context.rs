use std::collections::HashSet;
use std::fmt;
use std::future::pending;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Weak};

use futures_util::future::{Either, select};
use kubernetes_client::Client;
use kubernetes_client::sync::lock;
use kubernetes_core::Watchable;
use kubernetes_election::{HeldShard, Leadership};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::controller::{Program, StopBy};
use crate::metrics::Owner;
use crate::{Admin, ControllerError, Informers, Metrics, Recorder, Runner};

/// The surroundings of a service: its client, the signal to stop, and what it shares with others.
#[derive(Clone)]
pub struct ServiceContext {
    pub(super) client: Client,
    pub(super) shutdown: CancellationToken,
    pub(super) leadership: watch::Receiver<Standing>,
    pub(super) recorder: Recorder,
    pub(super) admin: Admin,
    pub(super) controllers: Controllers,
    pub(super) informers: Informers,
    pub(super) stop_by: StopBy,
    /// The runs of all controllers.
    pub(super) runs: TaskTracker,
}

/// The names of the controllers that run, which distinguish their checks and metrics.
pub(super) type Controllers = Arc<Mutex<HashSet<String>>>;

/// The name of a controller, until it ends.
pub(super) struct ControllerName {
    name: String,
    all: Controllers,
}

impl ControllerName {
    /// `None` if another has it.
    pub(super) fn reserve(name: &str, all: &Controllers) -> Option<Self> {
        lock(all).insert(name.to_owned()).then(|| Self { name: name.to_owned(), all: Arc::clone(all) })
    }

    pub(super) fn as_str(&self) -> &str {
        &self.name
    }
}

impl Drop for ControllerName {
    fn drop(&mut self) {
        lock(&self.all).remove(&self.name);
    }
}

/// How the election stands.
#[derive(Clone, Debug)]
pub(super) enum Standing {
    /// There is none: every replica works.
    NoElection,
    Waiting,
    Leading(Leadership),
}

impl Standing {
    fn leadership(&self) -> Option<Leadership> {
        match self {
            Self::Leading(leadership) => Some(leadership.clone()),
            Self::NoElection | Self::Waiting => None,
        }
    }
}

impl ServiceContext {
    /// The client of the service. That of a service which is [elected](super::Manager::elected) or
    /// [warm](super::Manager::warm) writes only while this process leads.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Completes when the service should stop.
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
        self.leadership.borrow().leadership()
    }

    /// The informers of the program, which its controllers share: those that [`run_controller`](Self::run_controller)
    /// runs, unless they have [others](crate::Controller::informers).
    pub fn informers(&self) -> &Informers {
        &self.informers
    }

    /// The surroundings of the controller of a shard.
    pub(super) fn of_shard(&self, shard: &HeldShard, shutdown: &CancellationToken) -> Self {
        Self {
            client: shard.leadership().gate(&self.client),
            shutdown: shutdown.clone(),
            leadership: watch::Sender::new(Standing::Leading(shard.leadership().clone())).subscribe(),
            ..self.clone()
        }
    }

    /// Gives a controller the parts of the program that its controllers share.
    pub(super) fn adopt<K: Watchable>(&self, runner: &mut Runner<K>) {
        let context = self.leadership.clone();
        runner.share(&self.informers);
        runner.take_part(Program {
            stop_by: self.stop_by.clone(),
            recorder: self.recorder.clone(),
            leadership: Arc::new(move || context.borrow().leadership()),
            runs: self.runs.clone(),
        });
    }

    /// Runs a controller until the service should stop: it fills its stores, waits until this process leads, and works.
    ///
    /// Its metrics are added to the program's, `/readyz` fails until the stores are filled, and `/livez` when the
    /// controller has not looked for work for a minute, or is [stuck](crate::Controller::stuck_after). Unless it has others, it
    /// uses the program's informers and recorder. [`Manager::controller`](super::Manager::controller) does this.
    ///
    /// # Errors
    ///
    /// As [`Runner::run_until`], and if another controller of the program has its name.
    ///
    /// # Cancel safety
    ///
    /// Like [`Runner::run_until`].
    pub async fn run_controller<K: Watchable>(&self, mut runner: Runner<K>) -> Result<(), ControllerError> {
        let monitor = runner.monitor();
        let same_name = || ControllerError::same_name(monitor.name());
        let _name = ControllerName::reserve(monitor.name(), &self.controllers).ok_or_else(same_name)?;
        let is_filled = Arc::new(AtomicBool::new(false));
        // Checks and metrics end with this function, however it ends.
        let (owner, filled, watched) = (Arc::downgrade(&is_filled), Arc::downgrade(&is_filled), monitor.clone());
        let owner: Weak<Owner> = owner;
        let ready = move || match filled.upgrade().is_some_and(|filled| filled.load(Ordering::Acquire)) {
            true => Ok(()),
            false => Err("the objects have not been listed yet".to_owned()),
        };
        self.admin.checks_of(&owner, monitor.name(), move || watched.check(), ready);
        self.metrics().add_controller_of(owner, monitor);
        self.adopt(&mut runner);
        match select(pin!(runner.warm_up()), pin!(self.shutdown())).await {
            Either::Left((warm, _)) => warm?,
            Either::Right(_) => return Ok(()),
        }
        is_filled.store(true, Ordering::Release);
        match select(pin!(self.leading()), pin!(self.shutdown())).await {
            Either::Left(_) => runner.run_until(self.shutdown.clone().cancelled_owned()).await,
            Either::Right(_) => Ok(()),
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
