use std::time::Duration;

use kubernetes_client::Client;
use kubernetes_serving::{Certificates, Tls};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::Settings;
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
    /// Serves the endpoints as the settings say; `None` if they are to be served by others. Certificates of the program
    /// take precedence over those in files.
    pub(super) async fn start(
        admin: &Admin,
        client: &Client,
        settings: &Settings,
        certificates: Option<Certificates>,
    ) -> Result<Option<Self>, ManagerError> {
        if settings.authorize_metrics {
            admin.guard_metrics(client);
        }
        let Some(address) = settings.admin_address else { return Ok(None) };
        let certificates = match (certificates, &settings.admin_tls_cert_dir) {
            (None, Some(folder)) => {
                let files = Certificates::files(folder.join("tls.crt"), folder.join("tls.key"));
                let files = files.map_err(|error| ManagerError::new(Kind::AdminCertificates(error)))?;
                admin.metrics().add(files.metrics());
                Some(files)
            }
            (certificates, _) => certificates,
        };
        if settings.authorize_metrics && certificates.is_none() && !address.ip().is_loopback() {
            // As others may encrypt the connections, such as a service mesh, it is not refused.
            tracing::warn!(
                %address,
                "bearer tokens for /metrics are not encrypted: set --admin-tls-cert-dir, unless others encrypt them"
            );
        }
        let tls = certificates.map(|certificates| Tls::new(&certificates));
        if let Some(tls) = &tls {
            // Now, since the task can only log it.
            tls.check().map_err(|error| ManagerError::new(Kind::AdminCertificates(error)))?;
        }
        let failed = |source| ManagerError::new(Kind::Admin { address: address.to_string(), source });
        let listener = kubernetes_serving::bind(address).await.map_err(failed)?;
        let (stop, admin) = (CancellationToken::new(), admin.clone());
        let stopped = stop.clone().cancelled_owned();
        let task = tokio::spawn(async move {
            let Some(tls) = tls else { return admin.serve(listener, stopped).await };
            if let Err(error) = admin.serve_tls(listener, &tls, stopped).await {
                tracing::error!(%error, "can't serve the admin endpoints");
            }
        });
        Ok(Some(Self { stop, task: AbortOnDropHandle::new(task) }))
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
