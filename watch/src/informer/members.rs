use std::sync::Mutex;

use futures_util::FutureExt;
use kubernetes_client::sync::lock;
use kubernetes_core::Object;
use tokio::sync::{Notify, mpsc};

use super::Shard;
use super::changes::LenientChange;
use super::health::WorkerHealth;
use crate::Transition;

/// The shards that share a stream.
pub(super) struct Members<K> {
    /// `None` when the stream has ended: none can join it.
    current: Mutex<Option<Vec<Member<K>>>>,
    joined: Notify,
}

pub(super) struct Member<K> {
    pub(super) shard: Shard,
    pub(super) changes: mpsc::Sender<LenientChange<K>>,
    pub(super) health: WorkerHealth,
    /// Whether the last list began after it had joined: another is not for it.
    pub(super) is_subscribed: bool,
}

impl<K> Members<K> {
    pub(super) fn of(first: Member<K>) -> Self {
        Self { current: Mutex::new(Some(vec![first])), joined: Notify::new() }
    }

    /// Adds a member unless another has some of its objects; returns whether it did.
    ///
    /// # Errors
    /// Returns the member if the stream has ended.
    pub(super) fn add(&self, member: Member<K>) -> Result<bool, Member<K>> {
        let mut current = lock(&self.current);
        let Some(members) = &mut *current else { return Err(member) };
        members.retain(|member| !member.changes.is_closed());
        if members.iter().any(|other| other.shard.overlaps(&member.shard)) {
            return Ok(false);
        }
        members.push(member);
        self.joined.notify_one();
        Ok(true)
    }

    /// Whether any member remains. If not, the stream has ended.
    pub(super) fn remain(&self) -> bool {
        let mut current = lock(&self.current);
        let remaining = current.take().map(|mut members| {
            members.retain(|member| !member.changes.is_closed());
            members
        });
        *current = remaining.filter(|members| !members.is_empty());
        current.is_some()
    }

    /// Lets the next list be for all members.
    pub(super) fn admit(&self) {
        let mut current = lock(&self.current);
        let _ = self.joined.notified().now_or_never();
        current.iter_mut().flatten().for_each(|member| member.is_subscribed = true);
    }

    /// Waits until a member joins that has not been admitted.
    pub(super) async fn joined(&self) {
        self.joined.notified().await;
    }

    /// Waits until all members have left that are here now.
    pub(super) async fn all_left(&self) {
        let senders: Vec<_> = lock(&self.current).iter().flatten().map(|member| member.changes.clone()).collect();
        for sender in senders {
            sender.closed().await;
        }
    }

    /// Ends the changes of all members.
    pub(super) fn end(&self) {
        *lock(&self.current) = None;
    }

    pub(super) fn observe(&self, transition: &Transition<'_>, bookmarks: bool) {
        lock(&self.current).iter().flatten().for_each(|member| member.health.observe(transition, bookmarks));
    }

    /// The senders of all members that are subscribed.
    pub(super) fn senders(&self) -> Vec<mpsc::Sender<LenientChange<K>>> {
        let current = lock(&self.current);
        let subscribed = current.iter().flatten().filter(|member| member.is_subscribed);
        subscribed.map(|member| member.changes.clone()).collect()
    }

    /// The sender of the member that has an object, if it is subscribed.
    pub(super) fn sender_for(&self, object: &impl Object) -> Option<mpsc::Sender<LenientChange<K>>> {
        let hash = Shard::hash_of(object);
        let current = lock(&self.current);
        let member = current.iter().flatten().find(|member| member.shard.contains_hash(hash))?;
        member.is_subscribed.then(|| member.changes.clone())
    }
}

impl<K> Default for Members<K> {
    fn default() -> Self {
        Self { current: Mutex::new(None), joined: Notify::new() }
    }
}
