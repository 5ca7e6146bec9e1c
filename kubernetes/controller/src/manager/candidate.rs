use std::future::pending;

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
            if let Err(error) = election.run_until(released, lead).await {
                let _ = reports.send(Report::Lost(error));
            }
        });
        Ok(Self { status, release, task: AbortOnDropHandle::new(task) })
    }

    /// Ends leadership, and waits until the Lease is released.
    pub(super) async fn release(self) {
        self.release.cancel();
        // It was aborted only if it has panicked, which the panic's hook has reported.
        let _ = self.task.await;
    }
}
