//! An informer for a kind that may come and go.

mod builder;
mod worker;

use std::fmt;

use kubernetes_core::GroupVersionKind;
use kubernetes_watch::{Store, Subscription};
use tokio::sync::watch;
use tokio::task::AbortHandle;

pub use builder::KindInformerBuilder;

use crate::{ApiResource, DynamicObject, Mapper};

/// Keeps the objects of a kind up to date in memory, whenever and for as long as the server has the kind.
///
/// ```no_run
/// # async fn example(client: &kubernetes_client::Client) {
/// use futures_util::StreamExt;
/// use kubernetes_core::GroupVersionKind;
/// use kubernetes_dynamic::{KindInformer, Mapper};
///
/// let mapper = Mapper::new(client);
/// let lanterns = KindInformer::start(&mapper, &GroupVersionKind::new("light.example.com", "", "Lantern"));
/// let mut events = lanterns.subscribe();
/// while let Some(event) = events.next().await {
///     println!("{} has changed", event.key());
/// }
/// # }
/// ```
///
/// An [`Informer`](kubernetes_watch::Informer) is for a resource that exists. This one waits for the definition of a
/// kind, and continues when the definition is deleted and created again, changes its scope, or gets other versions; an
/// empty version means the preferred one. It has a single store: while the server does not have the kind, the store is
/// empty, and its subscriptions have received the deletion of every object.
///
/// It watches definitions ([`Mapper::watch_definitions`]); all informers of a mapper and its clones share this watch.
/// An error that a retry can't fix, such as missing permissions, is logged; the informer keeps its state and lists
/// again after some time. Dropping the informer ends it.
#[must_use = "dropping an informer ends it"]
pub struct KindInformer {
    store: Store<DynamicObject>,
    resource: watch::Receiver<Option<ApiResource>>,
    task: AbortHandle,
}

impl KindInformer {
    /// Starts an informer of all objects of a kind, in all namespaces.
    ///
    /// # Panics
    /// Panics if it is called outside a tokio runtime.
    pub fn start(mapper: &Mapper, of_type: &GroupVersionKind) -> Self {
        Self::builder(mapper, of_type).start()
    }

    /// Returns a builder for an informer of a kind.
    pub fn builder(mapper: &Mapper, of_type: &GroupVersionKind) -> KindInformerBuilder {
        KindInformerBuilder::new(mapper, of_type)
    }

    /// The objects. The store is ready once the server has had the kind and its objects have been listed.
    pub fn store(&self) -> Store<DynamicObject> {
        self.store.clone()
    }

    /// The changes, starting with the existing objects.
    pub fn subscribe(&self) -> Subscription<DynamicObject> {
        self.store.subscribe()
    }

    /// The resource that is watched; `None` while the server does not have the kind.
    pub fn resource(&self) -> Option<ApiResource> {
        self.resource.borrow().clone()
    }

    /// Waits until the server starts or stops having the kind, or has it as another resource; returns the resource that
    /// is watched from then on. A change since the last call is returned at once.
    ///
    /// # Cancel safety
    /// If the future is dropped, nothing is lost: call the function again at any time.
    pub async fn resource_changed(&mut self) -> Option<ApiResource> {
        // The task outlives this future, and has the sender.
        let _ = self.resource.changed().await;
        self.resource.borrow_and_update().clone()
    }
}

impl Drop for KindInformer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl fmt::Debug for KindInformer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KindInformer")
            .field("store", &self.store)
            .field("resource", &self.resource())
            .finish_non_exhaustive()
    }
}
