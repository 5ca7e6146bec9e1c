use std::future::pending;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use futures_util::future::{Either, select};
use kubernetes_client::sync::lock;
use kubernetes_core::Watchable;
use kubernetes_election::{HeldShard, Shards, ShardsStatus};
use tokio_util::sync::CancellationToken;

use super::context::{ControllerName, ServiceContext};
use super::error::BoxError;
use super::run::TOLERANCE;
use super::{Manager, Settings};
use crate::controller::Monitors;
use crate::{ControllerError, Runner};

impl Manager {
    /// Adds a controller whose objects the replicas share: each works on those of some of `shards` shards, by the hash of
    /// their uid.
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
    /// manager.sharded("pods", 16, |context| {
    ///     Controller::new(context.client(), ListRequest::<Pod>::all_namespaces()).named("pods").runner(reconcile)
    /// })
    /// # }
    /// ```
    ///
    /// Every shard has a Lease, as [`Shards`] say, with the timings of the [`Settings`]; its name is that of the
    /// election's Lease and of the service. For each shard that this replica holds, `build` makes a controller:
    /// [`concurrency`](crate::Controller::concurrency) is that of a shard. It watches the objects of its shard only, where
    /// the server selects shards (`shardSelector`); where it does not, all shards of this replica share a watch of all objects.
    /// They always share the informers of further sources. Its client writes only while the shard is held, and its runs are canceled when the Lease is
    /// lost. A shard that another replica should have is released when the runs under way have ended: until then no other run
    /// of its objects begins, so runs should be short, or have a [limit](crate::Controller::run_timeout).
    ///
    /// It needs no leader: a program that has only such controllers turns [`Settings::leader_elect`] off.
    pub fn sharded<K: Watchable>(
        self,
        name: &str,
        shards: u32,
        build: impl Fn(&ServiceContext) -> Runner<K> + Send + Sync + 'static,
    ) -> Self {
        let service = Sharded { name: name.to_owned(), settings: self.0.settings.clone(), shards };
        self.service(name, move |context| service.run(context, Arc::new(build)))
    }
}

struct Sharded {
    name: String,
    settings: Settings,
    shards: u32,
}

impl Sharded {
    async fn run<K: Watchable>(
        self,
        context: ServiceContext,
        build: Arc<impl Fn(&ServiceContext) -> Runner<K> + Send + Sync + 'static>,
    ) -> Result<(), BoxError> {
        let config = self.settings.shards_config(&context.client, &self.name, self.shards);
        let mut shards = Shards::new(&context.client, config)?;
        let controllers = Arc::new(Controllers { monitors: Monitors::default(), names: Mutex::default() });
        let status = shards.status();
        context.metrics().add_shards(&self.name, status.clone(), controllers.monitors.clone());
        let (monitors, was_ready, of) = (controllers.monitors.clone(), AtomicBool::new(false), status.clone());
        context.admin().ready_check(&self.name, move || {
            // Shards that it takes later do not make it unready.
            if was_ready.load(Ordering::Acquire) {
                return Ok(());
            }
            check_ready(&of, &monitors).map(|()| was_ready.store(true, Ordering::Release))
        });
        let monitors = controllers.monitors.clone();
        context.admin().live_check(&self.name, move || {
            if !status.is_healthy(TOLERANCE) {
                return Err("the Leases of the shards are not renewed in time".to_owned());
            }
            monitors.all().iter().try_for_each(|(_, monitor)| monitor.check())
        });
        let shutdown = context.shutdown_token().cancelled_owned();
        let work = move |shard: HeldShard| {
            let (context, build, controllers) = (context.clone(), Arc::clone(&build), Arc::clone(&controllers));
            async move { run_shard(&shard, &context, &*build, &controllers).await }
        };
        Ok(shards.run_until(shutdown, work).await?)
    }
}

/// The controllers of all shards of a service.
struct Controllers {
    monitors: Monitors,
    /// Their names, which no controllers of other services have.
    names: Mutex<Vec<ControllerName>>,
}

impl Controllers {
    /// Fails if a controller of another service has this name: their metrics could not be told apart.
    fn reserve(&self, name: &str, context: &ServiceContext) -> Result<(), ControllerError> {
        let mut names = lock(&self.names);
        if names.iter().all(|own| own.as_str() != name) {
            let own = ControllerName::reserve(name, &context.controllers);
            names.push(own.ok_or_else(|| ControllerError::same_name(name))?);
        }
        Ok(())
    }
}

/// Fails until the objects of the shards that this replica holds have been listed. One that waits because others hold all
/// shards is ready: in a rollout, these end only then.
fn check_ready(status: &ShardsStatus, monitors: &Monitors) -> Result<(), String> {
    let (held, monitors) = (status.held().len(), monitors.all());
    if status.members() == 0 {
        Err("the Leases of the shards have not been listed yet".to_owned())
    } else if held == 0 && status.share() > 0 && !status.is_waiting() {
        Err("no shard is held yet".to_owned())
    } else if monitors.len() < held || !monitors.iter().all(|(_, monitor)| monitor.is_ready()) {
        Err("the objects of the shards have not been listed yet".to_owned())
    } else {
        Ok(())
    }
}

async fn run_shard<K: Watchable>(
    shard: &HeldShard,
    context: &ServiceContext,
    build: &(impl Fn(&ServiceContext) -> Runner<K> + Sync),
    controllers: &Controllers,
) -> Result<(), ControllerError> {
    let shutdown = CancellationToken::new();
    let context = context.of_shard(shard, &shutdown);
    let mut runner = build(&context);
    controllers.reserve(runner.name(), &context)?;
    runner.take_shard(shard);
    context.adopt(&mut runner);
    let _inserted = controllers.monitors.insert(shard.index(), runner.monitor());
    let end = async {
        shard.end().await;
        shutdown.cancel();
        pending().await
    };
    match select(pin!(runner.run_until(shard.end())), pin!(end)).await {
        Either::Left((result, _)) | Either::Right((result, _)) => result,
    }
}
