use std::collections::HashMap;
use std::time::Duration;

use kubernetes_client::TokenBucket;
use kubernetes_core::Str;
use kubernetes_models::core::v1::ObjectReference;

use crate::clock::Instant;

/// client-go's `defaultSpamBurst` and `defaultSpamQPS`.
const BURST: u32 = 25;
const INTERVAL: Duration = Duration::from_secs(300);

/// client-go's `maxLruCacheEntries`.
pub(super) const MAX_OBJECTS: usize = 4096;

/// Limits the events about each object.
#[derive(Debug, Default)]
pub(super) struct SpamFilter {
    buckets: HashMap<Key, TokenBucket>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    api_version: Option<Str>,
    kind: Option<Str>,
    namespace: Option<Str>,
    name: Option<Str>,
    uid: Option<Str>,
}

impl SpamFilter {
    /// Takes a token of the object, if it has one.
    pub(super) fn admits(&mut self, regarding: &ObjectReference, now: Instant) -> bool {
        let key = Key {
            api_version: regarding.api_version.clone(),
            kind: regarding.kind.clone(),
            namespace: regarding.namespace.clone(),
            name: regarding.name.clone(),
            uid: regarding.uid.clone(),
        };
        if let Some(bucket) = self.buckets.get_mut(&key) {
            return bucket.try_take(now);
        }
        self.make_room(now);
        self.buckets.entry(key).or_insert_with(|| TokenBucket::new(INTERVAL, BURST)).try_take(now)
    }

    /// Forgets the objects whose bucket is full, or if there are none, the one that has the most tokens.
    fn make_room(&mut self, now: Instant) {
        if self.buckets.len() < MAX_OBJECTS {
            return;
        }
        self.buckets.retain(|_, bucket| !bucket.lacks(now).is_zero());
        if self.buckets.len() >= MAX_OBJECTS
            && let Some(key) =
                self.buckets.iter().min_by_key(|(_, bucket)| bucket.lacks(now)).map(|(key, _)| key.clone())
        {
            self.buckets.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    fn object(name: &str) -> ObjectReference {
        ObjectReference { name: Some(name.into()), ..ObjectReference::default() }
    }

    /// client-go's `TestEventSpamFilter`.
    #[test]
    fn a_burst_passes_and_then_one_in_five_minutes() {
        let (mut filter, start) = (SpamFilter::default(), clock::now());
        let admitted = |filter: &mut SpamFilter, name: &str, seconds: u64| {
            let now = start + Duration::from_secs(seconds);
            (0..100).filter(|_| filter.admits(&object(name), now)).count()
        };
        assert_eq!(admitted(&mut filter, "a", 0), 25);
        assert_eq!(admitted(&mut filter, "a", 299), 0);
        assert_eq!(admitted(&mut filter, "b", 299), 25, "objects have limits of their own");
        assert_eq!(admitted(&mut filter, "a", 300), 1);
        assert_eq!(admitted(&mut filter, "a", 1500), 4);
        assert_eq!(admitted(&mut filter, "a", 100_000), 25);
    }

    #[test]
    fn the_number_of_objects_is_bounded() {
        let (mut filter, now) = (SpamFilter::default(), clock::now());
        for index in 0..3 * MAX_OBJECTS {
            assert!(filter.admits(&object(&index.to_string()), now));
        }
        assert_eq!(filter.buckets.len(), MAX_OBJECTS);
    }
}
