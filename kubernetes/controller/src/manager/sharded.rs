use std::future::pending;
use std::pin::pin;
use std::sync::Arc;

use futures_util::future::{Either, select};
use kubernetes_core::Watchable;
use kubernetes_election::{HeldShard, Shards};
use tokio_util::sync::CancellationToken;

use super::context::{ServiceContext, check_heartbeat};
use super::error::BoxError;
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
    /// the server makes shards (`shardSelector`), and leaves out the others where it does not; informers of further sources
    /// are shared by all shards. Its client writes only while the shard is held, and its runs are canceled when the Lease is
    /// lost. A shard that goes to another replica is released when the runs under way have ended.
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
        let (monitors, status) = (Monitors::default(), shards.status());
        context.metrics().add_shards(&self.name, shards.status(), monitors.clone());
        context.admin().ready_check(&self.name, move || match status.members() {
            0 => Err("the shards have not been looked at yet".to_owned()),
            _ => Ok(()),
        });
        let watched = monitors.clone();
        context
            .admin()
            .live_check(&self.name, move || watched.all().iter().try_for_each(|(_, monitor)| check_heartbeat(monitor)));
        let shutdown = context.shutdown_token().cancelled_owned();
        let work = move |shard: HeldShard| {
            let (context, build, monitors) = (context.clone(), Arc::clone(&build), monitors.clone());
            async move { run_shard(&shard, &context, &*build, &monitors).await }
        };
        Ok(shards.run_until(shutdown, work).await?)
    }
}

async fn run_shard<K: Watchable>(
    shard: &HeldShard,
    context: &ServiceContext,
    build: &(impl Fn(&ServiceContext) -> Runner<K> + Sync),
    monitors: &Monitors,
) -> Result<(), ControllerError> {
    let shutdown = CancellationToken::new();
    let context = context.of_shard(shard, &shutdown);
    let mut runner = build(&context);
    runner.take_shard(shard);
    runner.share(context.informers());
    let _inserted = monitors.insert(shard.index(), runner.monitor());
    let end = async {
        shard.end().await;
        shutdown.cancel();
        pending().await
    };
    match select(pin!(runner.run_until(shard.end())), pin!(end)).await {
        Either::Left((result, _)) | Either::Right((result, _)) => result,
    }
}
