//! The manager runs the services of a program: controllers, an election, servers.

mod admin;
mod candidate;
mod context;
mod error;
mod report;
mod run;
mod services;
mod settings;
mod sharded;
mod signal;

#[cfg(test)]
mod tests;

use std::fmt;
use std::future::{Future, pending};

use kubernetes_client::Client;
use kubernetes_core::Watchable;
use kubernetes_election::LeaseConfig;
use kubernetes_serving::Certificates;

pub use context::ServiceContext;
pub use error::ManagerError;
pub use settings::{Settings, SettingsError};

use crate::{Admin, Metrics, Recorder, Runner};
use error::{BoxError, Kind};
use run::Running;
use services::{Service, Start};
use signal::Signals;

/// Runs the services of an operator until it is asked to stop: controllers in one of several replicas, webhooks in all,
/// and the admin endpoints.
///
/// ```no_run
/// use kubernetes_client::Client;
/// use kubernetes_controller::{Manager, ServiceContext, Settings};
///
/// # async fn scale(context: ServiceContext) -> Result<(), std::io::Error> { Ok(()) }
/// # async fn serve(context: ServiceContext) -> Result<(), std::io::Error> { Ok(()) }
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let mut settings = Settings::new("shop-operator");
/// settings.read_env(|name| std::env::var(name).ok())?;
/// settings.read_args(std::env::args().skip(1))?;
/// Manager::new(&Client::from_env()?, "shop.example.com/operator", settings)
///     .elected("scaler", scale) // in the leader
///     .service("webhooks", serve) // in every replica
///     .run()
///     .await?;
/// # Ok(())
/// # }
/// ```
///
/// A service is a function from a [`ServiceContext`] to a future; it should end when [`ServiceContext::shutdown`]
/// completes, or when it has nothing more to do. The manager ends when all services have ended.
///
/// # Shutdown
///
/// At SIGTERM or SIGINT, or when a service fails, panics, or leadership is lost:
/// 1. `/readyz` fails, for the time of [`Settings::shutdown_delay`];
/// 2. elected and warm services are asked to stop and awaited, then the others, within
///    [`Settings::graceful_shutdown_timeout`] in all, of which the last quarter is for the others; the rest are canceled;
/// 3. events are flushed, within 5 s;
/// 4. the Lease is released, within 15 s, once all runs of controllers have ended, and the events about that are flushed;
/// 5. the admin server ends.
///
/// A second signal cancels all services at once, and leaves one second each for events and the Lease. When leadership
/// is lost, elected and warm services are canceled at once, because another process may lead soon. The error has the
/// reason; the program should then exit, so that it is restarted.
pub struct Manager(Parts);

/// The parts of a manager before it is started.
struct Parts {
    client: Client,
    settings: Settings,
    election: Option<LeaseConfig>,
    recorder: Recorder,
    admin: Admin,
    admin_certificates: Option<Certificates>,
    services: Vec<Service>,
}

impl Manager {
    /// Creates a manager for a controller with this name, as reported in events, such as `shop.example.com/operator`.
    pub fn new(client: &Client, controller: &str, settings: Settings) -> Self {
        let recorder = Recorder::new(client, controller);
        let admin = Admin::default();
        admin.metrics().add_recorder(&recorder);
        Self(Parts {
            client: client.clone(),
            settings,
            election: None,
            recorder,
            admin,
            admin_certificates: None,
            services: Vec::new(),
        })
    }

    /// Uses this election instead of the one in the settings, if they enable one.
    pub fn election(mut self, config: LeaseConfig) -> Self {
        self.0.election = Some(config);
        self
    }

    /// Serves the admin endpoints over TLS with these certificates, such as those of the program's webhooks, instead of
    /// those that the [settings](Settings::admin_tls_cert_dir) name. Until there is one, probes fail, too.
    pub fn admin_certificates(mut self, certificates: &Certificates) -> Self {
        self.0.admin_certificates = Some(certificates.clone());
        self
    }

    /// Adds a service that every replica runs from the start.
    pub fn service<F, Fut, E>(self, name: &str, run: F) -> Self
    where
        F: FnOnce(ServiceContext) -> Fut + Send + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<BoxError>,
    {
        self.add(name, Start::Everywhere, run)
    }

    /// Adds a service that the leader runs. Its client writes only while it leads.
    pub fn elected<F, Fut, E>(self, name: &str, run: F) -> Self
    where
        F: FnOnce(ServiceContext) -> Fut + Send + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<BoxError>,
    {
        self.add(name, Start::Elected, run)
    }

    /// Adds a service that every replica starts, but that works only in the leader: it fills its caches and then waits
    /// for [`ServiceContext::leading`], so that a new leader continues without delay. Its client writes only while it
    /// leads.
    pub fn warm<F, Fut, E>(self, name: &str, run: F) -> Self
    where
        F: FnOnce(ServiceContext) -> Fut + Send + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<BoxError>,
    {
        self.add(name, Start::Warm, run)
    }

    /// Adds a controller: every replica fills its stores, and the leader works.
    ///
    /// ```no_run
    /// # kubernetes_core::doc_test_resource!(Pod);
    /// # use std::sync::Arc;
    /// use kubernetes_controller::{Action, Context, Controller, Manager};
    /// use kubernetes_core::ListRequest;
    ///
    /// # async fn reconcile(_: Arc<Pod>, _: Context<Pod>) -> Result<Action, kubernetes_client::Error> {
    /// #     Ok(Action::await_change())
    /// # }
    /// # fn example(manager: Manager) -> Manager {
    /// manager.controller("pods", |context| {
    ///     Controller::new(context.client(), ListRequest::<Pod>::all_namespaces()).named("pods").runner(reconcile)
    /// })
    /// # }
    /// ```
    ///
    /// It is a [warm](Self::warm) service that calls [`ServiceContext::run_controller`].
    pub fn controller<K: Watchable>(
        self,
        name: &str,
        build: impl FnOnce(&ServiceContext) -> Runner<K> + Send + 'static,
    ) -> Self {
        self.warm(name, |context| async move {
            let runner = build(&context);
            context.run_controller(runner).await
        })
    }

    fn add<F, Fut, E>(mut self, name: &str, start: Start, run: F) -> Self
    where
        F: FnOnce(ServiceContext) -> Fut + Send + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<BoxError>,
    {
        self.0.services.push(Service::new(name, start, run));
        self
    }

    /// The admin endpoints, for checks, and for a server of your own (then set [`Settings::admin_address`] to `None`).
    pub fn admin(&self) -> &Admin {
        &self.0.admin
    }

    /// The metrics that are served.
    pub fn metrics(&self) -> &Metrics {
        self.0.admin.metrics()
    }

    /// Records events.
    pub fn recorder(&self) -> &Recorder {
        &self.0.recorder
    }

    /// Runs the services until a signal asks to stop, or all have ended.
    ///
    /// # Errors
    ///
    /// Returns an error if two services have the same name, if a service failed, panicked or did not end in time, if
    /// leadership was lost, if the election's configuration is not valid, if the admin address can't be listened on or its
    /// certificates can't be used, or if signals can't be received.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future cancels all services. The Lease is released in the background.
    pub async fn run(self) -> Result<(), ManagerError> {
        let failed = |source| ManagerError::new(Kind::Signals(source));
        let (mut first, mut second) = (Signals::new().map_err(failed)?, Signals::new().map_err(failed)?);
        let second = async move {
            second.next().await;
            second.next().await;
        };
        Running::start(self.0).await?.run(async move { first.next().await }, second).await
    }

    /// Like [`run`](Self::run), but stops when `shutdown` completes, and ignores signals.
    ///
    /// # Errors
    ///
    /// See [`run`](Self::run).
    ///
    /// # Cancel safety
    ///
    /// Like [`run`](Self::run).
    pub async fn run_until(self, shutdown: impl Future<Output = ()>) -> Result<(), ManagerError> {
        Running::start(self.0).await?.run(shutdown, pending()).await
    }
}

impl fmt::Debug for Manager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.0.services.iter().map(|service| &service.name).collect();
        f.debug_struct("Manager").field("settings", &self.0.settings).field("services", &names).finish_non_exhaustive()
    }
}
