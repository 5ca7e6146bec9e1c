use std::fmt;

use kubernetes_core::{ListRequest, Object};

/// One of several parts of the objects of a resource, by their uid
/// ([KEP-5866](https://github.com/kubernetes/enhancements/tree/master/keps/sig-api-machinery/5866-server-side-sharded-list-and-watch)):
/// each object belongs to exactly one part.
///
/// ```
/// use kubernetes_watch::Shard;
///
/// let shards: Vec<_> = Shard::split(3).collect();
/// assert_eq!(shards[1].to_string(), "shardRange(object.metadata.uid, '0x5555555555555555', '0xaaaaaaaaaaaaaaaa')");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Shard {
    /// The smallest hash in the shard.
    start: u64,
    /// The largest hash in the shard.
    last: u64,
}

impl Shard {
    /// Splits the hashes evenly into `count` shards, in order; 0 counts as 1.
    pub fn split(count: u32) -> impl ExactSizeIterator<Item = Self> {
        let bound = move |index: u32| (u128::from(index) << 64) / u128::from(count.max(1));
        // Neither bound exceeds 64 bits, as the last hash is one less than the end.
        (0..count.max(1)).map(move |index| Self { start: bound(index) as u64, last: (bound(index + 1) - 1) as u64 })
    }

    /// Whether an object belongs to the shard, by the 64-bit FNV-1a hash of its uid, as in the API server
    /// (<https://github.com/kubernetes/apimachinery/blob/v0.37.2/pkg/sharding/hash.go>).
    pub fn contains<K: Object>(&self, object: &K) -> bool {
        self.contains_hash(Self::hash_of(object))
    }

    /// Like [`contains`](Self::contains), but for the object with this uid.
    pub fn contains_uid(&self, uid: &str) -> bool {
        self.contains_hash(hash(uid.as_bytes()))
    }

    /// The hash of an object, to find its shard among several.
    pub(super) fn hash_of<K: Object>(object: &K) -> u64 {
        hash(object.metadata().uid.as_deref().unwrap_or_default().as_bytes())
    }

    pub(super) fn contains_hash(&self, hash: u64) -> bool {
        (self.start..=self.last).contains(&hash)
    }

    /// Whether some objects belong to both.
    pub(super) fn overlaps(&self, other: &Self) -> bool {
        self.start <= other.last && other.start <= self.last
    }

    /// Restricts the request to the objects of this shard. A server without support for shards returns all objects.
    pub(super) fn select<K>(&self, request: ListRequest<K>) -> ListRequest<K> {
        request.shard_selector(self.to_string())
    }
}

/// The form of `shardSelector`. The API server requires exactly 16 digits, except for the end of the whole range.
impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = u128::from(self.last) + 1;
        write!(f, "shardRange(object.metadata.uid, '0x{:016x}', '0x{end:016x}')", self.start)
    }
}

fn hash(bytes: &[u8]) -> u64 {
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    bytes.iter().fold(OFFSET, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(PRIME))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_split_covers_every_hash_once() {
        for count in [1, 2, 3, 4, 7, 1000] {
            let shards: Vec<_> = Shard::split(count).collect();
            assert_eq!(shards.len(), count as usize);
            assert_eq!((shards[0].start, shards[shards.len() - 1].last), (0, u64::MAX));
            assert!(shards.windows(2).all(|pair| pair[0].last + 1 == pair[1].start), "{shards:?}");
        }
        assert_eq!(Shard::split(0).collect::<Vec<_>>(), Shard::split(1).collect::<Vec<_>>());
    }

    #[test]
    fn bounds_are_written_as_the_server_wants_them() {
        let shards: Vec<_> = Shard::split(2).map(|shard| shard.to_string()).collect();
        assert_eq!(
            shards,
            [
                "shardRange(object.metadata.uid, '0x0000000000000000', '0x8000000000000000')",
                "shardRange(object.metadata.uid, '0x8000000000000000', '0x10000000000000000')"
            ]
        );
    }

    /// Values of <https://datatracker.ietf.org/doc/draft-eastlake-fnv/>.
    #[test]
    fn hashes_as_fnv_1a() {
        assert_eq!(hash(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(hash(b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(hash(b"foobar"), 0x8594_4171_f739_67e8);
    }
}
