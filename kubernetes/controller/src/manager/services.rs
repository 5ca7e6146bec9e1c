use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;

use futures_util::FutureExt as _;
use tokio::sync::mpsc::UnboundedSender;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::context::ServiceContext;
use super::error::{BoxError, Kind, ManagerError};
use super::report::Report;

/// A service before it is started.
pub(super) struct Service {
    pub(super) name: String,
    pub(super) start: Start,
    run: Box<dyn FnOnce(ServiceContext) -> Run + Send>,
}

type Run = Pin<Box<dyn Future<Output = Result<(), BoxError>> + Send>>;

/// Where and when a service runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start {
    Everywhere,
    /// It is started everywhere, and works in the leader.
    Warm,
    /// It is started when this process leads.
    Elected,
}

impl Service {
    pub(super) fn new<F, Fut, E>(name: &str, start: Start, run: F) -> Self
    where
        F: FnOnce(ServiceContext) -> Fut + Send + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<BoxError>,
    {
        let run = |context| -> Run { Box::pin(run(context).map(|result| result.map_err(Into::into))) };
        Self { name: name.to_owned(), start, run: Box::new(run) }
    }
}

/// Services that are running, and stop together. They are canceled when it is dropped.
pub(super) struct Group {
    pub(super) shutdown: CancellationToken,
    tasks: JoinSet<()>,
    running: Vec<String>,
}

impl Group {
    pub(super) fn new() -> Self {
        Self { shutdown: CancellationToken::new(), tasks: JoinSet::new(), running: Vec::new() }
    }

    /// Starts a service, whose end is reported.
    pub(super) fn spawn(&mut self, service: Service, context: ServiceContext, reports: UnboundedSender<Report>) {
        let name = service.name;
        tracing::info!(service = %name, "starting");
        self.running.push(name.clone());
        self.tasks.spawn(async move {
            // The function may panic, too.
            let run = AssertUnwindSafe(async move { (service.run)(context).await });
            let result = match run.catch_unwind().await {
                Ok(Ok(())) => Ok(()),
                Ok(Err(source)) => Err(ManagerError::new(Kind::Service { name: name.clone(), source })),
                Err(payload) => Err(ManagerError::panic(name.clone(), &*payload)),
            };
            // The manager may have ended.
            let _ = reports.send(Report::Ended { name, result });
        });
    }

    /// Notes the end of a service. Returns whether it is one of this group.
    pub(super) fn ended(&mut self, name: &str) -> bool {
        let index = self.running.iter().position(|running| running == name);
        index.map(|index| self.running.swap_remove(index)).is_some()
    }

    /// The names of the services whose end was not noted.
    pub(super) fn running(&self) -> &[String] {
        &self.running
    }

    /// Waits until all services have ended.
    pub(super) async fn drained(&mut self) {
        while self.tasks.join_next().await.is_some() {}
    }

    /// Cancels all services, and waits until their futures are dropped.
    pub(super) async fn cancel(&mut self) {
        self.shutdown.cancel();
        self.tasks.shutdown().await;
        self.running.clear();
    }
}
