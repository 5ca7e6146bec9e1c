use std::collections::HashSet;
use std::future::{Future, pending};
use std::pin::{Pin, pin};
use std::time::Duration;

use futures_util::future::{Either, join, select};
use kubernetes_client::Client;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::{AbortOnDropHandle, TaskTracker};

use super::admin::{self, AdminServer};
use super::candidate::Candidate;
use super::context::{Controllers, ServiceContext, Standing};
use super::error::{Kind, ManagerError};
use super::report::Report;
use super::services::{Group, Service, Start};
use crate::clock;
use crate::controller::StopBy;
use crate::{Admin, Informers, Recorder};

/// How long events may take to be sent at the end.
const FLUSH: Duration = Duration::from_secs(5);
/// How long the release of the Lease may take at the end. A Lease of the default duration has expired by then.
const RELEASE: Duration = Duration::from_secs(15);
/// How long runs that were canceled may take to end.
const CANCEL: Duration = Duration::from_secs(2);
/// As these, after a second signal.
const HURRY: Duration = Duration::from_secs(1);
/// Kubernetes' components tolerate a leader that outlives its Lease by this much.
pub(super) const TOLERANCE: Duration = Duration::from_secs(20);

/// A manager that has been started.
pub(super) struct Running {
    client: Client,
    recorder: Recorder,
    admin: Admin,
    shutdown_delay: Duration,
    grace: Duration,
    /// Those that wait for leadership.
    waiting: Vec<Service>,
    /// Those that work in the leader.
    elected: Group,
    everywhere: Group,
    reports: mpsc::UnboundedReceiver<Report>,
    reporter: mpsc::UnboundedSender<Report>,
    standing: watch::Sender<Standing>,
    candidate: Option<Candidate>,
    admin_server: Option<AdminServer>,
    is_stopping: CancellationToken,
    controllers: Controllers,
    informers: Informers,
    stop_by: StopBy,
    runs: TaskTracker,
    _watchdog: AbortOnDropHandle<()>,
}

impl Running {
    pub(super) async fn start(manager: super::Parts) -> Result<Self, ManagerError> {
        let super::Parts { client, settings, election, recorder, admin, admin_certificates, services } = manager;
        check_names(&services)?;
        let (reporter, reports) = mpsc::unbounded_channel();
        let is_stopping = CancellationToken::new();
        let stopping = is_stopping.clone();
        admin.ready_check("shutdown", move || match stopping.is_cancelled() {
            true => Err("the program is shutting down".to_owned()),
            false => Ok(()),
        });
        let admin_server = AdminServer::start(&admin, &client, &settings, admin_certificates).await?;
        let candidate = match settings.leader_elect {
            true => {
                let config = election.unwrap_or_else(|| settings.lease_config(&client));
                let config = config.observe(recorder.election_observer());
                Some(Candidate::start(&client, config, reporter.clone())?)
            }
            false => None,
        };
        if let Some(candidate) = &candidate {
            admin.watch_election(candidate.status.clone(), TOLERANCE);
            admin.metrics().add_election(candidate.status.clone());
        }
        let informers = Informers::new(&client);
        admin.metrics().add_informers(recorder.controller(), &informers);
        let standing = if candidate.is_some() { Standing::Waiting } else { Standing::NoElection };
        let mut running = Self {
            client,
            recorder,
            shutdown_delay: settings.shutdown_delay,
            grace: settings.graceful_shutdown_timeout,
            waiting: Vec::new(),
            elected: Group::new(),
            everywhere: Group::new(),
            reports,
            reporter,
            standing: watch::Sender::new(standing),
            candidate,
            admin_server,
            is_stopping,
            controllers: Controllers::default(),
            informers,
            stop_by: StopBy::default(),
            runs: TaskTracker::new(),
            _watchdog: admin::watch_runtime(&admin),
            admin,
        };
        services.into_iter().for_each(|service| running.start_or_wait(service));
        Ok(running)
    }

    fn start_or_wait(&mut self, service: Service) {
        let standing = self.standing.borrow().clone();
        let client = match (service.start, standing, &self.candidate) {
            (Start::Elected, Standing::Waiting, _) => return self.waiting.push(service),
            (Start::Elected, Standing::Leading(leadership), _) => leadership.gate(&self.client),
            (Start::Warm, _, Some(candidate)) => candidate.status.gate(&self.client),
            (Start::Everywhere | Start::Warm | Start::Elected, _, _) => self.client.clone(),
        };
        let group = if service.start == Start::Everywhere { &mut self.everywhere } else { &mut self.elected };
        let context = ServiceContext {
            client,
            shutdown: group.shutdown.clone(),
            leadership: self.standing.subscribe(),
            recorder: self.recorder.clone(),
            admin: self.admin.clone(),
            controllers: Controllers::clone(&self.controllers),
            informers: self.informers.clone(),
            stop_by: self.stop_by.clone(),
            runs: self.runs.clone(),
        };
        group.spawn(service, context, self.reporter.clone());
    }

    /// Runs until the first signal, and stops; the second signal cancels the services.
    pub(super) async fn run(
        mut self,
        first: impl Future<Output = ()>,
        second: impl Future<Output = ()>,
    ) -> Result<(), ManagerError> {
        let result = self.until(first).await;
        match &result {
            Ok(()) => tracing::info!("shutting down"),
            Err(error) => tracing::error!(%error, "shutting down"),
        }
        let mut second = pin!(second);
        let stopped = match select(pin!(self.stop(result.is_ok())), second.as_mut()).await {
            Either::Left((stopped, _)) => Some(stopped),
            Either::Right(_) => None,
        };
        let is_hurried = stopped.is_none();
        let stopped = stopped.unwrap_or_else(|| self.outcome());
        self.elected.cancel().await;
        self.everywhere.cancel().await;
        self.runs.close();
        let is_hurried =
            is_hurried || matches!(select(pin!(self.finish(FLUSH, RELEASE)), second).await, Either::Right(_));
        if is_hurried {
            self.finish(HURRY, HURRY).await;
        }
        // The election reports its loss last.
        result.and(stopped).and(self.outcome())
    }

    /// Waits for a reason to stop.
    async fn until(&mut self, signal: impl Future<Output = ()>) -> Result<(), ManagerError> {
        let mut signal = pin!(signal);
        let (mut lost, mut is_lost) = (self.lost(), false);
        while is_lost || !self.is_idle() {
            let next = match select(signal.as_mut(), select(lost.as_mut(), pin!(self.reports.recv()))).await {
                Either::Left(_) => break,
                Either::Right((Either::Left(_), _)) => None,
                Either::Right((Either::Right((report, _)), _)) => Some(report),
            };
            let Some(report) = next else {
                // Another may lead soon. The election reports the cause once it has tried to release the Lease.
                (lost, is_lost) = (Box::pin(pending()), true);
                self.elected.cancel().await;
                continue;
            };
            match report {
                Some(Report::Ended { name, result }) => {
                    tracing::info!(service = %name, "ended");
                    let _ = self.elected.ended(&name) || self.everywhere.ended(&name);
                    result?;
                }
                Some(Report::Leading(leadership)) => {
                    self.standing.send_replace(Standing::Leading(leadership));
                    lost = self.lost();
                    let waiting = std::mem::take(&mut self.waiting);
                    waiting.into_iter().for_each(|service| self.start_or_wait(service));
                }
                Some(Report::Lost(error)) => {
                    self.elected.cancel().await;
                    return Err(error);
                }
                // The sender is a field.
                None => break,
            }
        }
        Ok(())
    }

    fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.elected.running().is_empty() && self.everywhere.running().is_empty()
    }

    /// Is not ready any more, and asks the services to stop: those of the leader first.
    async fn stop(&mut self, is_planned: bool) -> Result<(), ManagerError> {
        self.is_stopping.cancel();
        self.waiting.clear();
        let mut lost = self.lost();
        if is_planned && !self.shutdown_delay.is_zero() {
            select(lost.as_mut(), pin!(clock::sleep(self.shutdown_delay))).await;
        }
        let start = clock::now();
        // The rest is for the others, however long those of the leader take.
        let (share, deadline) = (clock::later(start, self.grace / 4 * 3), clock::later(start, self.grace));
        self.stop_by.set(deadline);
        self.elected.shutdown.cancel();
        let mut is_lost = {
            let (drained, late) = (pin!(self.elected.drained()), pin!(clock::sleep_until(share)));
            matches!(select(lost.as_mut(), select(drained, late)).await, Either::Left(_))
        };
        self.everywhere.shutdown.cancel();
        if !is_lost {
            let drained = pin!(join(self.elected.drained(), self.everywhere.drained()));
            let late = pin!(clock::sleep_until(deadline));
            is_lost = matches!(select(lost, select(drained, late)).await, Either::Left(_));
        }
        if is_lost {
            self.elected.cancel().await;
        }
        select(pin!(self.everywhere.drained()), pin!(clock::sleep_until(deadline))).await;
        self.outcome()
    }

    /// Completes when leadership is lost: those of the leader must not go on.
    fn lost(&self) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let leadership = match &*self.standing.borrow() {
            Standing::Leading(leadership) => Some(leadership.ended()),
            Standing::NoElection | Standing::Waiting => None,
        };
        match leadership {
            Some(ended) => Box::pin(ended),
            None => Box::pin(pending()),
        }
    }

    /// Fails if a service has failed at the end, or has not ended.
    fn outcome(&mut self) -> Result<(), ManagerError> {
        let mut failed = Ok(());
        while let Ok(report) = self.reports.try_recv() {
            failed = failed.and(match report {
                Report::Ended { name, result } => {
                    let _ = self.elected.ended(&name) || self.everywhere.ended(&name);
                    result
                }
                Report::Lost(error) => Err(error),
                Report::Leading(_) => Ok(()),
            });
        }
        let names: Vec<_> =
            [&self.elected, &self.everywhere].iter().flat_map(|group| group.running()).cloned().collect();
        let unfinished = if names.is_empty() { Ok(()) } else { Err(ManagerError::new(Kind::Unfinished { names })) };
        failed.and(unfinished)
    }

    /// Sends the events, releases the Lease, and ends the admin server.
    async fn finish(&mut self, flush: Duration, release: Duration) {
        if !self.recorder.flush(flush).await {
            tracing::warn!("events were not sent in time");
        }
        // Runs that were canceled end at their next await: another must not lead before.
        if clock::timeout(CANCEL, self.runs.wait()).await.is_err() {
            tracing::warn!(runs = self.runs.len(), "runs have not ended, so the Lease is not released");
        } else if let Some(candidate) = &mut self.candidate {
            if clock::timeout(release, candidate.release()).await.is_err() {
                tracing::warn!("the Lease was not released in time");
            }
            // The election's own.
            self.recorder.flush(flush).await;
        }
        if let Some(server) = self.admin_server.take() {
            server.stop().await;
        }
    }
}

/// Fails if two services have one name: reports and errors could not tell them apart.
fn check_names(services: &[Service]) -> Result<(), ManagerError> {
    let mut names = HashSet::new();
    match services.iter().find(|service| !names.insert(&service.name)) {
        None => Ok(()),
        Some(Service { name, .. }) => Err(ManagerError::new(Kind::SameName { name: name.clone() })),
    }
}
