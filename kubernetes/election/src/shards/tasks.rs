use std::collections::BTreeMap;
use std::future::{Future, pending};

use kubernetes_client::Client;
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};

use super::board::{FreeShard, Seen};
use super::config::ShardsConfig;
use super::held::HeldShard;
use super::status::ShardsStatus;
use crate::clock::{self, Instant};
use crate::election::Election;

/// The tasks that take, hold and work on shards. They are canceled when it is dropped.
pub(super) struct Tasks<F, E> {
    client: Client,
    config: ShardsConfig,
    work: F,
    status: ShardsStatus,
    running: BTreeMap<u32, Running>,
    tasks: JoinSet<(u32, Result<(), E>)>,
    /// Counts the shards that were taken, to tell the last.
    taken: u64,
}

/// A shard that is being taken, held, or given up.
struct Running {
    number: u64,
    is_ending: watch::Sender<bool>,
}

impl Running {
    fn stays(&self) -> bool {
        !*self.is_ending.borrow()
    }
}

impl<F, E: Send + 'static> Tasks<F, E> {
    pub(super) fn new(client: Client, config: ShardsConfig, work: F, status: ShardsStatus) -> Self {
        Self { client, config, work, status, running: BTreeMap::new(), tasks: JoinSet::new(), taken: 0 }
    }

    /// How many shards are held, or being taken, and not given up.
    pub(super) fn staying(&self) -> usize {
        self.running.values().filter(|running| running.stays()).count()
    }

    /// Takes a shard that is free, unless there are enough.
    ///
    /// It is given up if it was not taken until `fresh_until`: by then, others may take this process for dead.
    pub(super) fn take_unless_enough<Fut>(&mut self, enough: usize, shard: &FreeShard<'_>, fresh_until: Instant)
    where
        F: Fn(HeldShard) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
    {
        let index = shard.index;
        if self.staying() >= enough || self.running.contains_key(&index) {
            return;
        }
        let Ok(mut election) = Election::new(&self.client, self.config.shard(index)) else { return };
        if let Some(Seen { lease, since, .. }) = shard.lease {
            election.has_seen(lease.clone(), *since);
        }
        let (sender, is_ending) = watch::channel(false);
        self.taken += 1;
        self.running.insert(index, Running { number: self.taken, is_ending: sender });
        let (work, count, name) = (self.work.clone(), self.config.count, self.config.shard_name(index));
        let status = self.status.clone();
        self.tasks.spawn(async move {
            let election_status = election.status();
            let lead = |leadership| {
                let is_fresh = clock::now() < fresh_until;
                let taken = is_fresh.then(|| {
                    let shard = HeldShard { index, count, leadership, is_ending };
                    (status.hold(index, election_status), work(shard))
                });
                async move {
                    match taken {
                        Some((_hold, working)) => working.await,
                        None => Ok(()),
                    }
                }
            };
            let result = match election.try_run_until(pending(), lead).await {
                Ok(Some(result)) => result,
                Ok(None) => Ok(()),
                Err(error) => {
                    tracing::warn!(lease = name, %error, "a shard was lost");
                    Ok(())
                }
            };
            (index, result)
        });
    }

    /// Asks the functions of the shards that are more than a share to end: those that were taken last.
    pub(super) fn shrink_to(&mut self, share: usize) {
        let mut staying: Vec<_> = self.running.values().filter(|running| running.stays()).collect();
        staying.sort_by_key(|running| running.number);
        for running in staying.into_iter().skip(share) {
            running.is_ending.send_replace(true);
        }
    }

    pub(super) fn end_all(&self) {
        for running in self.running.values() {
            running.is_ending.send_replace(true);
        }
    }

    /// Notes the tasks that have ended.
    pub(super) fn reap(&mut self) -> Result<(), E> {
        while let Some(ended) = self.tasks.try_join_next() {
            self.ended_with(ended)?;
        }
        Ok(())
    }

    /// Waits until all tasks have ended. All are waited for, though one has failed.
    pub(super) async fn ended(&mut self) -> Result<(), E> {
        let mut result = Ok(());
        while let Some(ended) = self.tasks.join_next().await {
            result = result.and(self.ended_with(ended));
        }
        result
    }

    fn ended_with(&mut self, ended: Result<(u32, Result<(), E>), JoinError>) -> Result<(), E> {
        let (index, result) = match ended {
            Ok(ended) => ended,
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            // Nobody else cancels a task.
            Err(_) => return Ok(()),
        };
        self.running.remove(&index);
        result
    }
}
