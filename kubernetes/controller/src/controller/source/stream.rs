use std::pin::Pin;
use std::sync::Arc;

use futures_util::StreamExt;
use kubernetes_core::{Object, ObjectKey};

use super::{AnySource, Enqueuer, Follower, Started};
use crate::controller::reason::Reason;
use crate::informers::Unwatchable;
use crate::queue::Add;

/// Triggers from outside the cluster.
pub(crate) struct Stream(pub(crate) Pin<Box<dyn futures_core::Stream<Item = Trigger> + Send>>);

/// An element of a [stream](crate::Controller::stream): the object to reconcile.
///
/// A key is a trigger: it leaves a backoff alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trigger {
    key: ObjectKey,
    is_now: bool,
}

impl Trigger {
    /// A run at once, as the first attempt, though the last one has failed.
    pub fn now(key: ObjectKey) -> Self {
        Self { key, is_now: true }
    }
}

impl From<ObjectKey> for Trigger {
    fn from(key: ObjectKey) -> Self {
        Self { key, is_now: false }
    }
}

impl<K: Object> AnySource<K> for Stream {
    fn start(self: Box<Self>, enqueuer: &Arc<Enqueuer<K>>) -> Result<Started, Unwatchable> {
        let (mut triggers, enqueuer) = (self.0, Arc::clone(enqueuer));
        let follower = Follower::spawn(|synced| async move {
            // Nothing is waited for.
            synced.send_replace(true);
            while let Some(Trigger { key, is_now }) = triggers.next().await {
                let add = Add::new().reason(Reason::Stream);
                enqueuer.add(key, if is_now { add.reset_backoff() } else { add });
                tokio::task::coop::consume_budget().await;
            }
        });
        Ok(Started { stores: Vec::new(), follower })
    }
}
