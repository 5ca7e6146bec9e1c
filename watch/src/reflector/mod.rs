//! Streams that list and watch for as long as they are polled, and yield the changes.

mod change;
mod stream;

use kubernetes_client::Client;
use kubernetes_core::{ListRequest, Watchable};

pub use change::Change;
pub use stream::ReflectorStream;

use crate::Watch;

/// Creates streams that list, watch, and automatically list again when the server has forgotten the version.
///
/// ```no_run
/// # use serde::{Deserialize, Serialize};
/// # use kubernetes_client::Client;
/// # use kubernetes_core::{ListRequest, ObjectMeta, resource};
/// # #[derive(Clone, Debug, Default, Serialize, Deserialize)]
/// # struct CronTab { metadata: ObjectMeta }
/// # resource!(CronTab: "stable.example.com" / "v1" / "CronTab", "crontabs", namespaced, watch, serde);
/// use futures_util::TryStreamExt;
/// use kubernetes_watch::{Change, Reflector};
///
/// # async fn example(client: &Client) -> Result<(), Box<dyn std::error::Error>> {
/// let mut changes = Reflector::new(client).stream(ListRequest::<CronTab>::namespaced("shop"));
/// while let Some(change) = changes.try_next().await? {
///     match change {
///         Change::RestartBegin => println!("what exists:"),
///         Change::Applied(tab) => println!("~ {}", tab.name()),
///         Change::Deleted(tab) => println!("- {}", tab.name()),
///         Change::RestartEnd => println!("that was all"),
///         Change::Bookmark(_) => {}
///     }
/// }
/// # Ok(())
/// # }
/// ```
///
/// It keeps no objects, so it can't report which objects were deleted between two lists. A
/// [`StoreWriter`](crate::StoreWriter) can; an [`Informer`](crate::Informer) combines the two.
#[derive(Clone, Debug)]
pub struct Reflector {
    watch: Watch,
}

impl Reflector {
    /// Creates a reflector that uses `client`, with the default timeouts of [`Watch`].
    pub fn new(client: &Client) -> Self {
        Watch::new(client).into()
    }

    /// Lists and watches the objects of `request`.
    ///
    /// A resourceVersion in the request is ignored, as the stream begins with the existing objects, except that `0`
    /// allows the first list to be any state that the server has in memory, which is cheapest for the server.
    ///
    /// Nothing is sent before the stream is first polled, which must happen inside a tokio runtime with its timer
    /// enabled.
    pub fn stream<K: Watchable>(&self, request: ListRequest<K>) -> ReflectorStream<K> {
        let Watch { client, settings, streams } = &self.watch;
        ReflectorStream::new(client.clone(), request, settings, streams.add())
    }

    /// Ends all streams of this reflector, its clones, and the watch that it was created from, at once.
    pub fn stop(&self) {
        self.watch.stop();
    }
}

/// Creates a reflector with the timeouts and the observer of the watch.
impl From<Watch> for Reflector {
    fn from(watch: Watch) -> Self {
        Self { watch }
    }
}
