//! Changes of the objects that certificates depend on, seen by watches.

use std::pin::Pin;
use std::time::Duration;

use futures_util::stream::{SelectAll, unfold};
use futures_util::{FutureExt as _, Stream, StreamExt as _};
use kubernetes_client::Client;
use kubernetes_core::{ListRequest, Watchable};
use kubernetes_watch::{Event, Watch};

use crate::clock;

/// A watch that is refused, as without the right to watch, is tried again after this time.
const RETRY: Duration = Duration::from_secs(300);

/// Tells when one of some objects has changed.
#[derive(Default)]
pub(super) struct Changes(SelectAll<Pin<Box<dyn Stream<Item = ()> + Send>>>);

impl Changes {
    /// Watches the objects of a request from now on, too.
    pub(super) fn add<K: Watchable + Sync>(&mut self, client: &Client, request: ListRequest<K>) {
        self.0.push(Box::pin(changes(client.clone(), request)));
    }

    /// Waits for a change, but no longer than a time. Those that have come meanwhile count as one.
    pub(super) async fn wait(&mut self, limit: Duration) {
        // Without watches, or if nothing changes, the wait ends by time.
        let _ = clock::timeout_at(clock::later(limit), self.next()).await;
        while let Some(()) = self.next().now_or_never() {}
    }

    async fn next(&mut self) {
        if self.0.next().await.is_none() {
            std::future::pending::<()>().await;
        }
    }
}

fn changes<K: Watchable + Sync>(client: Client, request: ListRequest<K>) -> impl Stream<Item = ()> {
    unfold(None, move |open| {
        let open = open.unwrap_or_else(|| Watch::new(&client).stream(request.clone()));
        async move {
            let mut events = open;
            loop {
                match events.next().await {
                    Some(Ok(Event::Bookmark(_))) => {}
                    Some(Ok(Event::Added(_) | Event::Modified(_) | Event::Deleted(_))) => {
                        return Some(((), Some(events)));
                    }
                    // The caller looks at the objects, and a new watch begins with their latest versions.
                    Some(Err(error)) if error.is_gone() => return Some(((), None)),
                    end => {
                        let error = end.and_then(Result::err);
                        tracing::warn!(?error, "can't watch for the webhooks' certificates; polling instead");
                        clock::sleep(RETRY).await;
                        return Some(((), None));
                    }
                }
            }
        }
    })
}
