//! The objects of a kind that may come and go.

mod builder;
mod worker;

use std::fmt;

use kubernetes_core::GroupVersionKind;
use kubernetes_watch::{Store, Subscription};
use tokio::sync::watch;
use tokio::task::AbortHandle;

pub use builder::KindInformerBuilder;

use crate::{ApiResource, DynamicObject, Mapper};

/// Keeps the objects of a kind in memory, up to date, for as long as the server has the kind, and whenever it has it
/// again.
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
/// An [`Informer`](kubernetes_watch::Informer) is for a resource that exists. This one waits for the definition of a kind,
/// and continues when it is deleted and created again, changes its scope, or is served in other versions; an empty version
/// stands for the preferred one. There is one store for all of that: while the server does not have the kind, it is
/// empty, and its subscriptions have received the deletion of every object.
///
/// It watches definitions ([`Mapper::watch_definitions`]), which all informers of a mapper and its clones share. An error
/// that a retry can't cure, as a lack of rights, is logged; it lists again after some time, with what it has meanwhile.
/// Dropping it ends it.
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
    /// If it is called outside a tokio runtime.
    pub fn start(mapper: &Mapper, of_type: &GroupVersionKind) -> Self {
        Self::builder(mapper, of_type).start()
    }

    /// Settings of an informer of a kind.
    pub fn builder(mapper: &Mapper, of_type: &GroupVersionKind) -> KindInformerBuilder {
        KindInformerBuilder::new(mapper, of_type)
    }

    /// The objects. The store is ready once the server has had the kind, and they have been listed.
    pub fn store(&self) -> Store<DynamicObject> {
        self.store.clone()
    }

    /// The changes, beginning with the objects that there are.
    pub fn subscribe(&self) -> Subscription<DynamicObject> {
        self.store.subscribe()
    }

    /// The resource that is watched; `None` while the server does not have the kind.
    pub fn resource(&self) -> Option<ApiResource> {
        self.resource.borrow().clone()
    }

    /// Waits until the server has the kind, or no longer has it, or has it as another resource; returns the resource that
    /// is watched from now on. A change that has come since the last call is returned at once.
    ///
    /// # Cancel safety
    /// Dropping the future is safe: call it again at any time.
    pub async fn resource_changed(&mut self) -> Option<ApiResource> {
        // The task ends after this, which has the sender.
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
