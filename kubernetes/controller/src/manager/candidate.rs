use std::future::pending;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;
use kubernetes_client::Client;
use kubernetes_election::{Election, ElectionStatus, LeaseConfig};
use tokio::sync::mpsc::UnboundedSender;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::error::{Kind, ManagerError};
use super::report::Report;

/// The task that takes part in the election, and holds the Lease.
pub(super) struct Candidate {
    pub(super) status: ElectionStatus,
    release: CancellationToken,
    task: AbortOnDropHandle<()>,
}

impl Candidate {
    pub(super) fn start(
        client: &Client,
        config: LeaseConfig,
        reports: UnboundedSender<Report>,
    ) -> Result<Self, ManagerError> {
        let mut election = Election::new(client, config).map_err(|error| ManagerError::new(Kind::Election(error)))?;
        let (status, release) = (election.status(), CancellationToken::new());
        let released = release.clone().cancelled_owned();
        let task = tokio::spawn(async move {
            let leading = reports.clone();
            let lead = |leadership| async move {
                // The manager may have ended.
                let _ = leading.send(Report::Leading(leadership));
                pending::<()>().await
            };
            // An observer of the election may panic.
            let error = match AssertUnwindSafe(election.run_until(released, lead)).catch_unwind().await {
                Ok(Ok(_)) => return,
                Ok(Err(error)) => ManagerError::new(Kind::Election(error)),
                Err(payload) => ManagerError::panic("leader-election".to_owned(), &*payload),
            };
            let _ = reports.send(Report::Lost(error));
        });
        Ok(Self { status, release, task: AbortOnDropHandle::new(task) })
    }

    /// Ends leadership, and waits until the Lease is released. It can be dropped, and called again.
    pub(super) async fn release(&mut self) {
        self.release.cancel();
        if !self.task.is_finished() {
            // Its panics are reported.
            let _ = (&mut self.task).await;
        }
    }
}
