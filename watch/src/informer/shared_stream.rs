use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::{Either, select};
use kubernetes_core::{ListRequest, Watchable};

use super::attempts::Attempts;
use super::changes::{LenientChange, changes};
use super::lenient::Lenient;
use super::members::Members;
use crate::{Change, Error, Watch, clock};

/// How long the stream waits for further shards, which a process usually takes together, as each list is for those that
/// have joined before it.
const JOIN_DELAY: Duration = Duration::from_millis(100);

/// A stream of all objects for the shards of a process, which lasts as long as there are any.
pub(super) struct SharedStream<K: Watchable> {
    watch: Watch,
    request: ListRequest<K>,
    members: Arc<Members<K>>,
}

impl<K: Watchable> SharedStream<K> {
    pub(super) fn new(watch: &Watch, request: &ListRequest<K>, members: &Arc<Members<K>>) -> Self {
        let (observed, bookmarks) = (Arc::clone(members), watch.settings.bookmarks);
        // The end of an informer must not end the stream of the others.
        let watch = watch.with_streams_of_its_own().also_observe(move |transition| {
            observed.observe(transition, bookmarks);
        });
        Self { watch, request: request.clone(), members: Arc::clone(members) }
    }

    pub(super) async fn run(mut self) {
        let mut attempts = Attempts::new();
        while self.members.remain() {
            clock::sleep(JOIN_DELAY).await;
            self.members.admit();
            attempts.begin();
            if let Err(error) = self.follow().await {
                let wait = attempts.delay_after(&error, self.request.request());
                self.broadcast(|| Err(error.clone())).await;
                clock::sleep(wait).await;
            }
            // A list of any state (`0`) could be older than the stores.
            self.request = self.request.clone().without_version();
        }
    }

    /// Passes on the changes of a list and a watch, until another shard needs a list, or none is left.
    async fn follow(&self) -> Result<(), Error> {
        let mut changes = changes(&self.watch, self.request.clone());
        let (mut joined, mut left) = (pin!(self.members.joined()), pin!(self.members.all_left()));
        let mut is_listing = true;
        loop {
            let end = poll_fn(|context| {
                // A list goes on, or none would end while shards join one after another.
                let has_joined = !is_listing && joined.as_mut().poll(context).is_ready();
                if has_joined { Poll::Ready(()) } else { left.as_mut().poll(context) }
            });
            let change = match select(end, changes.next()).await {
                Either::Right((Some(change), _)) => change?,
                Either::Right((None, _)) | Either::Left(_) => return Ok(()),
            };
            match &change {
                Change::RestartBegin => is_listing = true,
                Change::RestartEnd => is_listing = false,
                Change::Applied(_) | Change::Deleted(_) | Change::Bookmark(_) => {}
            }
            self.dispatch(change).await;
            tokio::task::coop::consume_budget().await;
        }
    }

    async fn dispatch(&self, change: Change<Lenient<K>>) {
        let sender = match &change {
            Change::Applied(object) | Change::Deleted(object) => self.members.sender_for(object),
            Change::RestartBegin => return self.broadcast(|| Ok(Change::RestartBegin)).await,
            Change::RestartEnd => return self.broadcast(|| Ok(Change::RestartEnd)).await,
            Change::Bookmark(bookmark) => return self.broadcast(|| Ok(Change::Bookmark(bookmark.clone()))).await,
        };
        if let Some(sender) = sender {
            // A member that has left gets nothing more.
            let _ = sender.send(Ok(change)).await;
        }
    }

    async fn broadcast(&self, change: impl Fn() -> LenientChange<K>) {
        for sender in self.members.senders() {
            let _ = sender.send(change()).await;
        }
    }
}

/// The end of the task, also by a panic, is the end of each member's changes.
impl<K: Watchable> Drop for SharedStream<K> {
    fn drop(&mut self) {
        self.members.end();
    }
}
