use std::pin::Pin;
use std::sync::Arc;

use futures_util::StreamExt;
use kubernetes_core::{Object, ObjectKey};

use super::{AnySource, Enqueuer, Follower, Started};
use crate::controller::reason::Reason;
use crate::informers::Unwatchable;
use crate::queue::Add;

/// All objects, whenever a stream says so.
pub(crate) struct All(pub(crate) Pin<Box<dyn futures_core::Stream<Item = ()> + Send>>);

impl<K: Object> AnySource<K> for All {
    fn start(self: Box<Self>, enqueuer: &Arc<Enqueuer<K>>) -> Result<Started, Unwatchable> {
        let (mut triggers, enqueuer) = (self.0, Arc::clone(enqueuer));
        let follower = Follower::spawn(|synced| async move {
            // Nothing is waited for.
            synced.send_replace(true);
            while triggers.next().await.is_some() {
                for object in enqueuer.primary.store().snapshot().iter() {
                    // It may be the settings that have made runs fail.
                    let add = Add::new().priority(Add::<()>::LOW).reset_backoff().reason(Reason::Resync);
                    enqueuer.add(ObjectKey::of(&**object), add);
                    tokio::task::coop::consume_budget().await;
                }
            }
        });
        Ok(Started { stores: Vec::new(), follower })
    }
}
