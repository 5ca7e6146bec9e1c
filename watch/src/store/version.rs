use std::cmp::Ordering;
use std::sync::Arc;

use kubernetes_core::{Object, ObjectMeta};

/// Compares two resourceVersions of a resource; `None` if they are not ordered.
///
/// Since Kubernetes 1.35 they are guaranteed to be ordered decimal numbers of any length ([KEP-5504]); in practice,
/// earlier API servers used these, too. An aggregated API server may use others. (Equivalent to
/// `CompareResourceVersion` in
/// <https://github.com/kubernetes/apimachinery/blob/v0.37.2/pkg/util/resourceversion/resourceversion.go>.)
///
/// Only a store uses the order, to tell when it has reached a version, and which of two states of an object from
/// different watches is newer. The version from which a watch resumes is never computed.
///
/// [KEP-5504]: https://github.com/kubernetes/enhancements/tree/master/keps/sig-api-machinery/5504-comparable-resource-version
pub(crate) fn compare(a: &str, b: &str) -> Option<Ordering> {
    let well_formed =
        |version: &str| !version.is_empty() && !version.starts_with('0') && version.bytes().all(|b| b.is_ascii_digit());
    if well_formed(a) && well_formed(b) {
        return Some(a.len().cmp(&b.len()).then_with(|| a.cmp(b)));
    }
    (a == b && !a.is_empty()).then_some(Ordering::Equal)
}

/// Whether two objects are the same state, sent twice.
pub(super) fn is_same_state<K: Object>(one: &K, other: &K) -> bool {
    let (one, other) = (one.metadata(), other.metadata());
    one.uid == other.uid && one.resource_version == other.resource_version && one.resource_version.is_some()
}

/// Whether one state is newer than another; false if they are not ordered.
pub(super) fn is_newer<K: Object>(one: &K, other: &K) -> bool {
    compare(of(one.metadata()), of(other.metadata())).is_some_and(Ordering::is_gt)
}

/// The newer of two states; the second if they are not ordered.
pub(super) fn newer<K: Object>(one: Option<Arc<K>>, other: Arc<K>) -> Arc<K> {
    one.filter(|one| is_newer(&**one, &*other)).unwrap_or(other)
}

/// Whether an object must have been deleted before another of the same name was created.
pub(super) fn precedes<K: Object>(object: &K, successor: &K) -> bool {
    let (one, other) = (object.metadata(), successor.metadata());
    one.uid != other.uid && compare(of(one), of(other)).is_some_and(Ordering::is_lt)
}

fn of(metadata: &ObjectMeta) -> &str {
    metadata.resource_version.as_deref().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_an_order() {
        for (a, b, expected) in [
            ("9", "10", Some(Ordering::Less)),
            ("10", "9", Some(Ordering::Greater)),
            ("10", "10", Some(Ordering::Equal)),
            ("99999999999999999999999999", "100000000000000000000000000", Some(Ordering::Less)),
            ("x", "x", Some(Ordering::Equal)),
            ("x", "y", None),
            ("", "", None),
            ("0", "1", None),
            ("01", "1", None),
            ("-1", "1", None),
        ] {
            assert_eq!(compare(a, b), expected, "{a} and {b}");
        }
    }
}
