//! Shards: several processes share work, with a Lease for each part.

mod balance;
mod board;
mod config;
mod held;
mod member;
mod status;
mod tasks;

use std::fmt;
use std::future::Future;
use std::pin::pin;

use futures_util::future::{Either, select};
use kubernetes_client::Client;

pub use config::ShardsConfig;
pub use held::HeldShard;
pub use status::ShardsStatus;

use crate::clock;
use crate::error::Error;
use crate::failure::Failure;
use board::{Board, Standing};
use member::Member;
use tasks::Tasks;

/// Distributes work over all processes that run it with the same configuration: each holds some of a fixed number of
/// shards, with a Lease for each, and no two processes hold the same shard at the same time.
///
/// ```no_run
/// use kubernetes_client::Client;
/// use kubernetes_election::{HeldShard, LeaseConfig, Shards, ShardsConfig};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let client = Client::from_env()?;
/// let mut shards = Shards::new(&client, ShardsConfig::new(LeaseConfig::new("shop", "billing"), 16))?;
/// shards
///     .run(|shard: HeldShard| async move {
///         println!("bills the customers of part {} of {}", shard.index(), shard.count());
///         bill(shard.client(), shard.index()).await?;
///         shard.end().await; // another replica should have it
///         Ok::<_, kubernetes_client::Error>(())
///     })
///     .await?;
/// # Ok(())
/// # }
/// # async fn bill(client: Client, part: u32) -> Result<(), kubernetes_client::Error> { Ok(()) }
/// ```
///
/// # Guarantees
///
/// Each shard is a Lease with the guarantees of an [`Election`](crate::Election). A function works on a shard only
/// while this process holds its Lease; when the Lease is lost, the function's future is dropped, and its
/// [client](HeldShard::client) writes no more.
///
/// # Balance
///
/// The numbers of shards of all replicas differ by at most one, and no more shards move than that needs. When a replica has
/// joined and lived for a lease duration, the others ask [functions to end](HeldShard::end) for as many shards as it should
/// have, and release them. That time is doubled for each replica that has crashed within the last 20 lease durations, up to
/// 20 lease durations, so that a replica that crashes again and again moves few shards.
///
/// A replica that leaves releases its shards, which one that has just joined may take at once, as in a rollout; those of a
/// crashed one are taken by the others once its Leases have expired.
///
/// The process needs permission to get, list, create, update and delete `leases` in `coordination.k8s.io`.
pub struct Shards {
    client: Client,
    config: ShardsConfig,
    status: ShardsStatus,
}

/// One run: what it has seen, and the Lease by which others know of it.
struct Session {
    /// With an identity of its own.
    config: ShardsConfig,
    board: Board,
    member: Member,
    status: ShardsStatus,
}

impl Shards {
    /// Creates shards, none of which is held before [`run`](Self::run).
    ///
    /// # Errors
    ///
    /// Returns an error if the configuration is not valid ([`Error::is_config`]).
    pub fn new(client: &Client, config: ShardsConfig) -> Result<Self, Error> {
        config.validate()?;
        let status = ShardsStatus::new(&config);
        Ok(Self { client: client.clone(), config, status })
    }

    /// The state of the shards, for other parts of the program.
    pub fn status(&self) -> ShardsStatus {
        self.status.clone()
    }

    /// Starts a task with the function for each shard that this process acquires, until one fails.
    ///
    /// When a function returns, its shard is released, for this or another process.
    ///
    /// # Errors
    ///
    /// Returns the error of the first function that fails, after asking the others to end and waiting for them. Failed
    /// requests are retried, and lost Leases are not errors.
    ///
    /// # Panics
    ///
    /// Panics if a function panics.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future cancels all functions; the Leases are released by tasks in the background. To wait for that,
    /// use [`run_until`](Self::run_until).
    pub async fn run<F, Fut, E>(&mut self, work: F) -> Result<(), E>
    where
        F: Fn(HeldShard) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
        E: Send + 'static,
    {
        self.run_until(std::future::pending(), work).await
    }

    /// Like [`run`](Self::run), until `shutdown` completes: then the functions are asked to [end](HeldShard::end), and
    /// waited for.
    ///
    /// # Errors
    ///
    /// See [`run`](Self::run).
    ///
    /// # Panics
    ///
    /// Like [`run`](Self::run).
    ///
    /// # Cancel safety
    ///
    /// Like [`run`](Self::run).
    pub async fn run_until<F, Fut, E>(&mut self, shutdown: impl Future<Output = ()>, work: F) -> Result<(), E>
    where
        F: Fn(HeldShard) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
        E: Send + 'static,
    {
        // An earlier run that was dropped may still be releasing its Leases.
        let config = self.config.of_one_run();
        let mut tasks = Tasks::new(self.client.clone(), config.clone(), work, self.status.clone());
        let (member, status) = (Member::new(&self.client, &config), self.status.clone());
        let mut session = Session { config, board: Board::default(), member, status };
        let mut shutdown = pin!(shutdown);
        let result = loop {
            let turn = async {
                session.turn(&mut tasks).await;
                clock::sleep(self.config.interval()).await;
            };
            if let Either::Right(_) = select(pin!(turn), shutdown.as_mut()).await {
                break Ok(());
            }
            if let Err(error) = tasks.reap() {
                break Err(error);
            }
        };
        tasks.end_all();
        session.member.leave().await;
        let ended = tasks.ended().await;
        self.status.ended();
        result.and(ended)
    }
}

impl Session {
    /// Renews the own Lease, lists those of others, and takes and gives up shards.
    async fn turn<F, Fut, E>(&mut self, tasks: &mut Tasks<F, E>)
    where
        F: Fn(HeldShard) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
        E: Send + 'static,
    {
        self.status.beat();
        let (began, limit) = (clock::now(), self.config.turn_timeout());
        let listed = clock::timeout_at(clock::later(began, limit), async {
            // Others must be able to know of this one before it lists: of two that start at once, one sees the other.
            self.member.announce().await?;
            self.member.list(&self.config).await
        });
        match listed.await.unwrap_or(Err(Failure::Timeout(limit))) {
            Ok(leases) => self.board.update(leases, clock::now()),
            Err(failure) => {
                tracing::warn!(shards = self.config.name(), error = %failure, "failed to list the shards; retrying");
                return;
            }
        }
        let now = clock::now();
        let balance = self.board.balance(&self.config, tasks.staying(), now);
        let standing = self.board.standing(&self.config, now);
        let free = || self.board.free_shards(&self.config, balance.first_shard(), now);
        let is_waiting = standing == Standing::Waits || tasks.staying() == 0 && free().next().is_none();
        self.status.set_share(balance.len(), balance.share(), is_waiting);
        match standing {
            Standing::Works => {
                tasks.shrink_to(balance.kept());
                // Two lists may fail before others take this one for dead.
                let fresh_until = clock::later(began, self.config.interval() * 2);
                for shard in free() {
                    // The replica that should have it has had several turns.
                    let is_left = clock::later(shard.since, self.config.interval() * 3) <= now;
                    tasks.take_unless_enough(balance.taken(is_left), &shard, fresh_until);
                }
            }
            Standing::Waits => {
                tracing::warn!(
                    shards = self.config.name(),
                    "waiting for replicas with another number of shards to end"
                );
            }
            Standing::Yields => {
                tracing::warn!(shards = self.config.name(), "giving way to replicas with another number of shards");
                tasks.shrink_to(0);
            }
        }
        if balance.is_first() {
            for lease in self.board.forgotten(&self.config, now) {
                self.member.delete(&lease).await;
            }
        }
    }
}

impl fmt::Debug for Shards {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shards").field("config", &self.config).field("status", &self.status).finish_non_exhaustive()
    }
}
