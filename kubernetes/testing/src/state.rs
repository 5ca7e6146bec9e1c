//! What the server is: the store, its resources, its clock, and what is random.

use std::collections::BTreeMap;
use std::time::Duration;

use fastrand::Rng;

use crate::clock::Clock;
use crate::registry::Registry;
use crate::store::Store;

/// All that a request acts on.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) store: Store,
    pub(crate) registry: Registry,
    pub(crate) clock: Clock,
    pub(crate) random: Rng,
    pub(crate) settings: Settings,
    /// When a pod's grace period ends, and when events are forgotten.
    pub(crate) deadlines: Deadlines,
}

/// How the server behaves where a test may want it otherwise.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// Whether a namespace must exist before there is anything in it.
    pub(crate) require_namespaces: bool,
    /// How often a watch that allows them gets a bookmark.
    pub(crate) bookmark_interval: Duration,
    /// Whether lists and watches can be of a shard; servers that can't ignore the parameter.
    pub(crate) sharding: bool,
}

/// What is removed when, by the server's clock.
#[derive(Debug, Default)]
pub(crate) struct Deadlines {
    /// In the order of their times, and then in that in which they were set.
    entries: BTreeMap<(Duration, u64), Deadline>,
    count: u64,
}

impl Deadlines {
    pub(crate) fn set(&mut self, at: Duration, deadline: Deadline) {
        self.count += 1;
        self.entries.insert((at, self.count), deadline);
    }

    /// The time of the first.
    pub(crate) fn next(&self) -> Option<Duration> {
        self.entries.first_key_value().map(|((at, _), _)| *at)
    }

    /// Takes the first, if its time has come.
    pub(crate) fn take_due(&mut self, now: Duration) -> Option<Deadline> {
        if self.next()? > now {
            return None;
        }
        self.entries.pop_first().map(|(_, deadline)| deadline)
    }
}

/// An object that is removed at a time.
#[derive(Clone, Debug)]
pub(crate) struct Deadline {
    pub(crate) group: String,
    pub(crate) plural: String,
    pub(crate) key: crate::store::Key,
    pub(crate) uid: String,
    /// The version that is removed; any, for a pod's grace period goes on whatever changes.
    pub(crate) revision: Option<u64>,
}

impl State {
    /// A version 4 UUID, as objects have it.
    pub(crate) fn new_uid(&mut self) -> String {
        let bits = self.random.u128(..);
        let bits = (bits & !(0xf << 76) & !(0x3 << 62)) | (0x4 << 76) | (0x2 << 62);
        let hex = format!("{bits:032x}");
        // 32 digits of ASCII.
        let part = |range: std::ops::Range<usize>| hex.get(range).unwrap_or_default();
        format!("{}-{}-{}-{}-{}", part(0..8), part(8..12), part(12..16), part(16..20), part(20..32))
    }

    /// Five characters behind a prefix, as
    /// <https://github.com/kubernetes/apiserver/blob/v0.37.2/pkg/storage/names/generate.go> has them.
    pub(crate) fn generate_name(&mut self, prefix: &str) -> String {
        const ALPHABET: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
        const LONGEST_PREFIX: usize = 63 - 5;
        let prefix: String = prefix.chars().take(LONGEST_PREFIX).collect();
        let random = &mut self.random;
        let suffix = (0..5).filter_map(|_| random.choice(ALPHABET)).map(|byte| char::from(*byte));
        prefix.chars().chain(suffix).collect()
    }
}
