use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::{Either, select};
use futures_util::stream::{self, BoxStream};
use futures_util::{FutureExt, StreamExt};
use kubernetes_client::sync::lock;
use kubernetes_core::{ListRequest, Watchable};
use tokio::sync::{Notify, OnceCell, mpsc};
use tokio::task::AbortHandle;

use super::Shard;
use super::health::WorkerHealth;
use super::lenient::Lenient;
use crate::{Change, Error, ReflectorStream, Watch, clock};

/// How long a stream waits for further shards, which a process usually takes together: each new one needs a list.
const GATHER: Duration = Duration::from_millis(100);

/// How many changes may wait for a shard that is slower than the others.
const BACKLOG: usize = 256;

pub(super) type ShardChange<K> = Result<Change<Lenient<K>>, Error>;

/// The shards of one request in a process. If the server does not select them, they share a stream of all objects, each
/// of which is decoded once.
///
/// For use by the crates of this SDK.
#[doc(hidden)]
pub struct ShardGroup<K> {
    /// Whether the server selects shards, once that is known.
    is_selected: OnceCell<bool>,
    members: Members<K>,
    joined: Arc<Notify>,
    task: Mutex<Option<AbortHandle>>,
}

type Members<K> = Arc<Mutex<Vec<Member<K>>>>;

/// A shard that gets its changes from the stream of all objects.
struct Member<K> {
    shard: Shard,
    changes: mpsc::Sender<ShardChange<K>>,
    health: WorkerHealth,
    /// Whether the current stream began after it had joined: another says nothing of its list.
    is_followed: bool,
}

impl<K: Watchable> ShardGroup<K> {
    /// Asks whether the server selects shards, unless another shard has done so.
    pub(super) async fn is_selected(&self, ask: impl Future<Output = Result<bool, Error>>) -> Result<bool, Error> {
        self.is_selected.get_or_try_init(|| ask).await.copied()
    }

    /// The changes of a shard, of the stream that all of them share; `None` if another shard has some of its objects.
    pub(super) fn subscribe(
        &self,
        watch: &Watch,
        request: &ListRequest<K>,
        shard: Shard,
        health: &WorkerHealth,
    ) -> Option<BoxStream<'static, ShardChange<K>>> {
        let (sender, mut changes) = mpsc::channel(BACKLOG);
        {
            let mut members = lock(&self.members);
            members.retain(|member| !member.changes.is_closed());
            if members.iter().any(|member| member.shard.overlaps(&shard)) {
                return None;
            }
            members.push(Member { shard, changes: sender, health: health.clone(), is_followed: false });
        }
        let mut task = lock(&self.task);
        if task.as_ref().is_none_or(AbortHandle::is_finished) {
            let all = All {
                watch: observed_by(watch, &self.members),
                request: request.clone(),
                members: Arc::clone(&self.members),
                joined: Arc::clone(&self.joined),
            };
            *task = Some(tokio::spawn(all.run()).abort_handle());
        }
        self.joined.notify_one();
        // The task ends with its runtime, or by a panic.
        let ended = stream::once(async { Err(Error::panicked()) });
        Some(stream::poll_fn(move |context| changes.poll_recv(context)).chain(ended).boxed())
    }
}

/// A watch whose transitions are those of all members.
fn observed_by<K: Watchable>(watch: &Watch, members: &Members<K>) -> Watch {
    let (members, bookmarks) = (Arc::clone(members), watch.settings.bookmarks);
    watch.with_streams_of_its_own().also_observe(move |transition| {
        lock(&members).iter().for_each(|member| member.health.observe(transition, bookmarks));
    })
}

/// The stream of all objects, for as long as there are members.
struct All<K: Watchable> {
    watch: Watch,
    request: ListRequest<K>,
    members: Members<K>,
    joined: Arc<Notify>,
}

impl<K: Watchable> All<K> {
    async fn run(mut self) {
        loop {
            if !self.has_members() {
                self.joined.notified().await;
            }
            clock::sleep(GATHER).await;
            // Those that have joined by now are told from the beginning.
            let _ = self.joined.notified().now_or_never();
            lock(&self.members).iter_mut().for_each(|member| member.is_followed = true);
            if let Err(error) = self.follow().await {
                // They subscribe again, after a backoff of their own.
                let members: Vec<_> = lock(&self.members).drain(..).collect();
                for member in members {
                    let _ = member.changes.send(Err(error.clone())).await;
                }
            }
            // A list of any state (`0`) could be older than the stores.
            self.request = self.request.clone().without_version();
        }
    }

    fn has_members(&self) -> bool {
        let mut members = lock(&self.members);
        members.retain(|member| !member.changes.is_closed());
        !members.is_empty()
    }

    /// Hands on the changes of one stream, until another member joins, or all have left.
    async fn follow(&self) -> Result<(), Error> {
        let Watch { client, settings, streams } = &self.watch;
        let mut changes =
            ReflectorStream::<Lenient<K>>::new(client.clone(), self.request.clone(), settings, streams.add());
        let (joined, left) = (pin!(self.joined.notified()), pin!(self.all_have_left()));
        let mut end = select(joined, left);
        loop {
            let change = match select(changes.next(), &mut end).await {
                Either::Left((Some(change), _)) => change?,
                Either::Left((None, _)) | Either::Right(_) => return Ok(()),
            };
            self.hand_on(change).await;
            tokio::task::coop::consume_budget().await;
        }
    }

    async fn hand_on(&self, change: Change<Lenient<K>>) {
        let senders = |is_meant: &dyn Fn(&Shard) -> bool| {
            let members = lock(&self.members);
            let meant = members.iter().filter(|member| member.is_followed && is_meant(&member.shard));
            meant.map(|member| member.changes.clone()).collect::<Vec<_>>()
        };
        // A member that has left gets nothing more.
        match change {
            Change::Applied(object) => {
                if let Some(sender) = senders(&|shard| shard.contains(&object)).pop() {
                    let _ = sender.send(Ok(Change::Applied(object))).await;
                }
            }
            Change::Deleted(object) => {
                if let Some(sender) = senders(&|shard| shard.contains(&object)).pop() {
                    let _ = sender.send(Ok(Change::Deleted(object))).await;
                }
            }
            Change::RestartBegin => self.tell_all(&senders(&|_| true), || Change::RestartBegin).await,
            Change::RestartEnd => self.tell_all(&senders(&|_| true), || Change::RestartEnd).await,
            Change::Bookmark(bookmark) => {
                self.tell_all(&senders(&|_| true), || Change::Bookmark(bookmark.clone())).await;
            }
        }
    }

    async fn tell_all(&self, senders: &[mpsc::Sender<ShardChange<K>>], change: impl Fn() -> Change<Lenient<K>>) {
        for sender in senders {
            let _ = sender.send(Ok(change())).await;
        }
    }

    async fn all_have_left(&self) {
        let senders: Vec<_> = lock(&self.members).iter().map(|member| member.changes.clone()).collect();
        for sender in senders {
            sender.closed().await;
        }
    }
}

impl<K> Default for ShardGroup<K> {
    fn default() -> Self {
        Self { is_selected: OnceCell::new(), members: Arc::default(), joined: Arc::default(), task: Mutex::default() }
    }
}

impl<K> Drop for ShardGroup<K> {
    fn drop(&mut self) {
        if let Some(task) = lock(&self.task).take() {
            task.abort();
        }
    }
}

impl<K> fmt::Debug for ShardGroup<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ShardGroup").field("members", &lock(&self.members).len()).finish_non_exhaustive()
    }
}
