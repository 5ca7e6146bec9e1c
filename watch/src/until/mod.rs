//! Waits until a condition on objects holds.

mod error;
mod follow;
mod last_seen;
mod list;
mod list_condition;
mod object;
mod object_condition;
mod objects;
mod verdict;

use kubernetes_client::Client;
use kubernetes_core::{ListRequest, Watchable};

pub use error::UntilError;
pub use list::Until;
pub use list_condition::{ListCondition, OnList};
pub use object::UntilObject;
pub use object_condition::ObjectCondition;
pub use objects::Objects;
pub use verdict::Verdict;

use crate::Watch;

/// Waits until a condition holds for one of the objects that `request` lists, or for all of them.
///
/// ```no_run
/// # use std::time::Duration;
/// # use kubernetes_client::Client;
/// # use kubernetes_core::ListRequest;
/// # kubernetes_core::doc_test_resource!(Pod);
/// # async fn example(client: &Client) -> Result<(), kubernetes_watch::UntilError> {
/// use kubernetes_watch::{ObjectCondition, until};
///
/// let pods = ListRequest::<Pod>::namespaced("shop");
/// let labelled = ObjectCondition::new("is labelled", |pod: &Pod| !pod.metadata.labels.is_empty());
///
/// // A single object, which need not exist yet.
/// let pod = until(client, pods.clone()).named("web").within(Duration::from_secs(60)).is(labelled.clone()).await?;
///
/// // All objects.
/// let pods = until(client, pods.label_selector("app=web")).all(labelled.and(ObjectCondition::deleted().not())).await?;
/// # Ok(())
/// # }
/// ```
///
/// `kubernetes-utils` has kubectl's conditions, such as a ready pod or a rolled out deployment.
///
/// # Guarantees
///
/// It lists and then watches; if the server has forgotten the version (410), it lists again. The condition is checked
/// whenever the state is complete: after a list, and after each event. So a condition that holds for longer than an
/// interruption of the watch is never missed; one that holds only briefly may be.
///
/// The deletion of an object that is waited for by [name](Until::named) is never missed, even during an interruption of
/// the watch: if a later list does not have the object, or it has another uid, the condition first sees it as absent. A
/// condition on a list sees only the existing objects: it does not notice that an object was deleted if it has been
/// created again in the meantime.
///
/// Without a [time limit](Until::within), it waits indefinitely, even if the connection fails. The error shows the last
/// state that was seen, and its source is the failure of the connection, if any.
///
/// # Cancel safety
/// Every wait can be dropped at any time; it changes nothing on the server. A new wait begins with a list.
pub fn until<K: Watchable>(client: &Client, request: ListRequest<K>) -> Until<K> {
    Watch::new(client).until(request)
}

impl Watch {
    /// Like [`until`], but with the settings of this watch, except that it always reconnects.
    pub fn until<K: Watchable>(&self, request: ListRequest<K>) -> Until<K> {
        Until::new(self.clone(), request)
    }
}
