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

/// Waits until a condition holds, on one of the objects that `request` lists or on all of them.
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
/// // One object, which need not exist yet.
/// let pod = until(client, pods.clone()).named("web").within(Duration::from_secs(60)).is(labelled.clone()).await?;
///
/// // All of them.
/// let pods = until(client, pods.label_selector("app=web")).all(labelled.and(ObjectCondition::deleted().not())).await?;
/// # Ok(())
/// # }
/// ```
///
/// `kubernetes-utils` has the conditions that kubectl knows: a pod that is ready, a deployment that is rolled out.
///
/// # Guarantees
///
/// It lists, and then watches; when the server has forgotten the version (410), it lists again. A condition is asked
/// whenever the state is known to be complete: after a list, and after each event. So none is missed that holds for
/// longer than the watch is away; one that holds only for a moment may be.
///
/// The deletion of an object that is waited for by [name](Until::named) is never missed, even one that happened while the
/// watch was away: an object that a later list does not have, or that has another uid since, is shown to the condition as
/// absent first. A condition on a list is asked about the existing objects: it does not learn that an object was away if it
/// has come back meanwhile.
///
/// Without a [limit](Until::within), it waits indefinitely, even if the connection fails. The error shows the last state
/// that was seen, and its source is the failure of the connection, if there is one.
///
/// # Cancel safety
/// Every wait can be dropped at any time: nothing is changed on the server. The next one begins with a list again.
pub fn until<K: Watchable>(client: &Client, request: ListRequest<K>) -> Until<K> {
    Watch::new(client).until(request)
}

impl Watch {
    /// Waits until a condition on the objects that `request` lists holds, with the settings of this watch, except that it
    /// always reconnects; see [`until`].
    pub fn until<K: Watchable>(&self, request: ListRequest<K>) -> Until<K> {
        Until::new(self.clone(), request)
    }
}
