use std::net::SocketAddr;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::error::{Kind, ManagerError};
use crate::{Admin, clock};

/// How long the runtime may be blocked before `/livez` fails, and how often it shows that it is not.
const BLOCKED: Duration = Duration::from_secs(60);
const BEAT: Duration = Duration::from_secs(5);

/// The task that serves the admin endpoints.
pub(super) struct AdminServer {
    stop: CancellationToken,
    task: AbortOnDropHandle<()>,
}

impl AdminServer {
    pub(super) async fn start(admin: &Admin, address: SocketAddr) -> Result<Self, ManagerError> {
        let failed = |source| ManagerError::new(Kind::Admin { address: address.to_string(), source });
        let listener = kubernetes_serving::bind(address).await.map_err(failed)?;
        let (stop, admin) = (CancellationToken::new(), admin.clone());
        let stopped = stop.clone().cancelled_owned();
        let task = tokio::spawn(async move { admin.serve(listener, stopped).await });
        Ok(Self { stop, task: AbortOnDropHandle::new(task) })
    }

    pub(super) async fn stop(self) {
        self.stop.cancel();
        let _ = self.task.await;
    }
}

/// Starts the watchdog of the runtime: a task that shows that timers and tasks run.
pub(super) fn watch_runtime(admin: &Admin) -> AbortOnDropHandle<()> {
    let heartbeat = admin.heartbeat("runtime", BLOCKED);
    AbortOnDropHandle::new(tokio::spawn(async move {
        loop {
            heartbeat.beat();
            clock::sleep(BEAT).await;
        }
    }))
}
