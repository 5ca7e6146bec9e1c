use kubernetes_core::Object;
use kubernetes_watch::{ObjectCondition, Verdict};

use crate::{ObjectState, ObjectStatus};

/// Holds if an object of any kind is [current](ObjectState::Current), so its controllers have carried out its
/// specification.
///
/// Fails when the object's status is [`Failed`](ObjectState::Failed).
///
/// ```
/// use kubernetes_utils::conditions::object_current;
/// use kubernetes_watch::Verdict;
/// # kubernetes_core::doc_test_resource!(Pod);
///
/// let current = object_current::<Pod>();
/// assert_eq!(
///     current.check(Some(&Pod::named("web"))),
///     Verdict::waiting("InProgress (PodNotObserved): its phase is not known yet")
/// );
/// ```
///
/// A job is current once it runs; use [`condition_is_true`](super::condition_is_true)`("Complete")` to wait for its
/// completion.
pub fn object_current<K: Object>() -> ObjectCondition<K> {
    ObjectCondition::new("is current", |object: &K| {
        let status = ObjectStatus::of(object);
        match status.state {
            ObjectState::Current => Verdict::Met,
            ObjectState::Failed => Verdict::failed(status.to_string()),
            ObjectState::InProgress | ObjectState::Terminating | ObjectState::NotFound | ObjectState::Unknown => {
                Verdict::waiting(status.to_string())
            }
        }
    })
}
