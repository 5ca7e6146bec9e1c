//! The last applies of children, which need not be repeated.

use std::any::TypeId;
use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Mutex;

use kubernetes_client::sync::lock;
use kubernetes_core::{Object, ObjectKey};

/// How many entries there may be beyond twice the number of objects in the store: others are of deleted objects.
const SLACK: usize = 1024;

/// The last apply of each child, and the version of the object that came of it: while the child has that version, the same
/// apply changes nothing. To find that out from its fields takes as long as a request.
///
/// Of both only hashes are kept, by a key that is random in each process.
#[derive(Default)]
pub(crate) struct Applied {
    hasher: RandomState,
    applies: Mutex<HashMap<u64, u64>>,
}

/// An apply of a child.
pub(crate) struct Apply<'a> {
    pub(crate) of: TypeId,
    pub(crate) key: &'a ObjectKey,
    pub(crate) manager: &'a str,
    pub(crate) body: &'a str,
}

impl Applied {
    /// Whether `child` is as this apply has left it.
    pub(crate) fn is_unchanged_by<C: Object>(&self, apply: &Apply<'_>, child: &C) -> bool {
        let (place, hash) = self.hashes(apply, child);
        lock(&self.applies).get(&place) == Some(&hash)
    }

    /// Notes that an apply has left `child` as it is; the store has `len` objects of its type.
    pub(crate) fn note<C: Object>(&self, apply: &Apply<'_>, child: &C, len: usize) {
        let (place, hash) = self.hashes(apply, child);
        let mut applies = lock(&self.applies);
        if applies.len() > len.saturating_mul(2).saturating_add(SLACK) {
            applies.clear();
        }
        applies.insert(place, hash);
    }

    fn hashes<C: Object>(&self, apply: &Apply<'_>, child: &C) -> (u64, u64) {
        let metadata = child.metadata();
        let version = (metadata.uid.as_deref(), metadata.resource_version.as_deref());
        let place = self.hasher.hash_one((apply.of, apply.key));
        (place, self.hasher.hash_one((apply.manager, apply.body, version)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    kubernetes_core::doc_test_resource!(Pod);

    #[test]
    fn entries_of_objects_that_are_gone_are_dropped() {
        let (applied, mut pod) = (Applied::default(), Pod::named("web"));
        pod.metadata_mut().resource_version = Some("7".into());
        for index in 0..5_000 {
            let key = ObjectKey::new("shop", &index.to_string());
            let apply = Apply { of: TypeId::of::<Pod>(), key: &key, manager: "shop", body: "{}" };
            applied.note(&apply, &pod, 100);
            assert!(applied.is_unchanged_by(&apply, &pod));
        }
        assert!(lock(&applied.applies).len() <= 1_225);
    }
}
