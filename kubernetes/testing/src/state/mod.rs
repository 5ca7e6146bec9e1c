//! The state of the server: the store, its resources, its clock, and the source of random values.

mod deadlines;
mod tokens;

use std::cell::RefCell;
use std::time::Duration;

use fastrand::Rng;

use crate::access::AccessPolicy;
use crate::clock::Clock;
use crate::conditions::MatchConditions;
use crate::conversion::Conversions;
use crate::resources::Registry;
use crate::store::Store;
use crate::streams::Scripts;
use crate::webhooks::Exchange;
pub(crate) use deadlines::{Deadline, Deadlines};
pub(crate) use tokens::{Token, Tokens};

/// Everything that a request acts on.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) store: Store,
    pub(crate) registry: Registry,
    pub(crate) clock: Clock,
    pub(crate) random: Rng,
    pub(crate) settings: Settings,
    /// When a pod's grace period ends, and when events are forgotten.
    pub(crate) deadlines: Deadlines,
    pub(crate) access: AccessPolicy,
    pub(crate) tokens: Tokens,
    pub(crate) scripts: Scripts,
    /// The calls of the request that is being carried out.
    pub(crate) exchange: RefCell<Exchange>,
    pub(crate) conditions: MatchConditions,
    pub(crate) conversions: RefCell<Conversions>,
}

/// The behaviour that a test can change.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// Whether a namespace must exist before there is anything in it.
    pub(crate) require_namespaces: bool,
    /// How often a watch that allows them gets a bookmark.
    pub(crate) bookmark_interval: Duration,
    /// Whether lists and watches can be of a shard; servers that can't ignore the parameter.
    pub(crate) sharding: bool,
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
