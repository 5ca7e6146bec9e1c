use std::future::{Future, pending};
use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, select};
use kubernetes_client::Client;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::admin::{self, AdminServer};
use super::candidate::Candidate;
use super::context::{ServiceContext, Standing};
use super::error::{Kind, ManagerError};
use super::report::Report;
use super::services::{Group, Service, Start};
use crate::clock;
use crate::{Admin, Recorder};

/// How long events may take to be sent at the end.
const FLUSH: Duration = Duration::from_secs(5);
/// Kubernetes' components tolerate a leader that outlives its Lease by this much.
const TOLERANCE: Duration = Duration::from_secs(20);

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
    _watchdog: AbortOnDropHandle<()>,
}

impl Running {
    pub(super) async fn start(manager: super::Parts) -> Result<Self, ManagerError> {
        let super::Parts { client, settings, election, recorder, admin, services } = manager;
        let (reporter, reports) = mpsc::unbounded_channel();
        let is_stopping = CancellationToken::new();
        let stopping = is_stopping.clone();
        admin.ready_check("shutdown", move || match stopping.is_cancelled() {
            true => Err("the program is shutting down".to_owned()),
            false => Ok(()),
        });
        let admin_server = match settings.admin_address {
            Some(address) => Some(AdminServer::start(&admin, address).await?),
            None => None,
        };
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
        let stopped = match select(pin!(self.stop(result.is_ok())), pin!(second)).await {
            Either::Left((stopped, _)) => Some(stopped),
            Either::Right(_) => None,
        };
        let stopped = match stopped {
            Some(stopped) => stopped,
            None => self.outcome(),
        };
        self.elected.cancel().await;
        self.everywhere.cancel().await;
        self.finish().await;
        // The election tells of its loss last.
        result.and(stopped).and(self.outcome())
    }

    /// Waits for a reason to stop.
    async fn until(&mut self, signal: impl Future<Output = ()>) -> Result<(), ManagerError> {
        let mut signal = pin!(signal);
        while !(self.waiting.is_empty() && self.elected.running().is_empty() && self.everywhere.running().is_empty()) {
            let report = match select(signal.as_mut(), pin!(self.reports.recv())).await {
                Either::Left(_) => break,
                Either::Right((report, _)) => report,
            };
            match report {
                Some(Report::Ended { name, result }) => {
                    tracing::info!(service = %name, "ended");
                    let _ = self.elected.ended(&name) || self.everywhere.ended(&name);
                    result?;
                }
                Some(Report::Leading(leadership)) => {
                    self.standing.send_replace(Standing::Leading(leadership));
                    let waiting = std::mem::take(&mut self.waiting);
                    waiting.into_iter().for_each(|service| self.start_or_wait(service));
                }
                Some(Report::Lost(error)) => {
                    // Another may lead soon.
                    self.elected.cancel().await;
                    return Err(ManagerError::new(Kind::Election(error)));
                }
                // The sender is a field.
                None => break,
            }
        }
        Ok(())
    }

    /// Is not ready any more, and asks the services to stop: those of the leader first.
    async fn stop(&mut self, is_planned: bool) -> Result<(), ManagerError> {
        self.is_stopping.cancel();
        self.waiting.clear();
        let mut lost = pin!(self.lost());
        if is_planned && !self.shutdown_delay.is_zero() {
            select(lost.as_mut(), pin!(clock::sleep(self.shutdown_delay))).await;
        }
        let deadline = clock::later(clock::now(), self.grace);
        self.elected.shutdown.cancel();
        let is_lost = {
            let (drained, late) = (pin!(self.elected.drained()), pin!(clock::sleep_until(deadline)));
            matches!(select(select(drained, late), lost).await, Either::Right(_))
        };
        if is_lost {
            self.elected.cancel().await;
        }
        self.everywhere.shutdown.cancel();
        select(pin!(self.everywhere.drained()), pin!(clock::sleep_until(deadline))).await;
        self.outcome()
    }

    /// Completes when leadership is lost: those of the leader must not go on.
    fn lost(&self) -> impl Future<Output = ()> + use<> {
        let leadership = match &*self.standing.borrow() {
            Standing::Leading(leadership) => Some(leadership.ended()),
            Standing::NoElection | Standing::Waiting => None,
        };
        async move {
            match leadership {
                Some(ended) => ended.await,
                None => pending().await,
            }
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
                Report::Lost(error) => Err(ManagerError::new(Kind::Election(error))),
                Report::Leading(_) => Ok(()),
            });
        }
        let names: Vec<_> =
            [&self.elected, &self.everywhere].iter().flat_map(|group| group.running()).cloned().collect();
        let unfinished = if names.is_empty() { Ok(()) } else { Err(ManagerError::new(Kind::Unfinished { names })) };
        failed.and(unfinished)
    }

    /// Sends the events, releases the Lease, and ends the admin server.
    async fn finish(&mut self) {
        if !self.recorder.flush(FLUSH).await {
            tracing::warn!("events were not sent in time");
        }
        if let Some(candidate) = self.candidate.take() {
            candidate.release().await;
            // The election's own.
            self.recorder.flush(FLUSH).await;
        }
        if let Some(server) = self.admin_server.take() {
            server.stop().await;
        }
    }
}
