use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex};

use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use kubernetes_client::sync::lock;
use kubernetes_core::{ListRequest, Watchable};
use tokio::sync::{OnceCell, mpsc};

use super::Shard;
use super::changes::LenientChange;
use super::health::WorkerHealth;
use super::members::{Member, Members};
use super::shared_stream::SharedStream;
use crate::{Error, Watch};

/// How many changes may wait for a shard that is slower than the others.
const BACKLOG: usize = 256;

/// The shards of one request in a process. If the server does not select them, they share a stream of all objects, each
/// of which is decoded once.
///
/// For use by the crates of this SDK.
#[doc(hidden)]
pub struct ShardGroup<K> {
    /// Whether the server selects shards, once that is known.
    is_selected: OnceCell<bool>,
    /// Those of the last stream.
    members: Mutex<Arc<Members<K>>>,
}

impl<K: Watchable> ShardGroup<K> {
    /// Asks whether the server selects shards, unless another shard has done so.
    pub(super) async fn is_selected(&self, ask: impl Future<Output = Result<bool, Error>>) -> Result<bool, Error> {
        self.is_selected.get_or_try_init(|| ask).await.copied()
    }

    /// The changes of a shard, of the stream that all of them share; `None` if another shard has some of its objects.
    ///
    /// The stream retries after failures, which the health of each shard shows. It ends with an error if it panics.
    pub(super) fn subscribe(
        &self,
        watch: &Watch,
        request: &ListRequest<K>,
        shard: Shard,
        health: &WorkerHealth,
    ) -> Option<BoxStream<'static, LenientChange<K>>> {
        let (sender, mut changes) = mpsc::channel(BACKLOG);
        let member = Member { shard, changes: sender, health: health.clone(), is_subscribed: false };
        let mut members = lock(&self.members);
        match members.add(member) {
            Ok(true) => {}
            Ok(false) => return None,
            Err(first) => {
                *members = Arc::new(Members::of(first));
                tokio::spawn(SharedStream::new(watch, request, &members).run());
            }
        }
        let health = health.clone();
        let changes = stream::poll_fn(move |context| changes.poll_recv(context)).filter_map(move |change| {
            let change = change.map_err(|error| health.failed(error)).ok();
            std::future::ready(change.map(Ok))
        });
        Some(changes.chain(stream::once(async { Err(Error::panicked()) })).boxed())
    }
}

impl<K> Default for ShardGroup<K> {
    fn default() -> Self {
        Self { is_selected: OnceCell::new(), members: Mutex::default() }
    }
}

impl<K> fmt::Debug for ShardGroup<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ShardGroup").field("is_selected", &self.is_selected.get()).finish_non_exhaustive()
    }
}
