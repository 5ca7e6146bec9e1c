use std::pin::Pin;
use std::sync::Arc;

use futures_util::StreamExt;
use kubernetes_core::{Object, ObjectKey};

use super::{AnySource, Follower, Started, Target};
use crate::controller::reason::Reason;
use crate::queue::Add;

/// All objects, whenever a stream says so.
pub(crate) struct All(pub(crate) Pin<Box<dyn futures_core::Stream<Item = ()> + Send>>);

impl<K: Object> AnySource<K> for All {
    fn start(self: Box<Self>, target: &Arc<Target<K>>) -> Option<Started> {
        let (mut triggers, target) = (self.0, Arc::clone(target));
        let follower = Follower::spawn(|synced| async move {
            // Nothing is waited for.
            synced.send_replace(true);
            while triggers.next().await.is_some() {
                for object in target.primary.store().snapshot().iter() {
                    // It may be the settings that have made runs fail.
                    let add = Add::new().priority(Add::<()>::LOW).reset_backoff().reason(Reason::Resync);
                    target.add(ObjectKey::of(&**object), add);
                    tokio::task::coop::consume_budget().await;
                }
            }
        });
        Some(Started { store: None, follower })
    }
}
