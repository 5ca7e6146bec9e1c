use std::pin::Pin;
use std::sync::Arc;

use futures_util::StreamExt;
use kubernetes_core::{Object, ObjectKey};

use super::{AnySource, Follower, Started, Target};
use crate::controller::reason::Reason;

/// Keys that come from elsewhere.
pub(crate) struct Stream(pub(crate) Pin<Box<dyn futures_core::Stream<Item = ObjectKey> + Send>>);

impl<K: Object> AnySource<K> for Stream {
    fn start(self: Box<Self>, target: &Arc<Target<K>>) -> Option<Started> {
        let (mut keys, target) = (self.0, Arc::clone(target));
        let follower = Follower::spawn(|synced| async move {
            // Nothing is waited for.
            synced.send_replace(true);
            while let Some(key) = keys.next().await {
                target.add(key, Reason::Stream, false);
                tokio::task::coop::consume_budget().await;
            }
        });
        Some(Started { store: None, follower })
    }
}
