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

/// Everything that requests act on.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) store: Store,
    pub(crate) registry: Registry,
    pub(crate) clock: Clock,
    pub(crate) random: Rng,
    pub(crate) settings: Settings,
    /// The ends of pods' grace periods, and the expiry of events.
    pub(crate) deadlines: Deadlines,
    pub(crate) access: AccessPolicy,
    pub(crate) tokens: Tokens,
    pub(crate) scripts: Scripts,
    /// The webhook calls of the current request.
    pub(crate) exchange: RefCell<Exchange>,
    pub(crate) conditions: MatchConditions,
    pub(crate) conversions: RefCell<Conversions>,
}

/// The behaviour that a test can change.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// Whether a namespace must exist before there is anything in it.
    pub(crate) require_namespaces: bool,
    /// The interval of bookmarks for watches that allow them.
    pub(crate) bookmark_interval: Duration,
    /// Whether lists and watches can be sharded; servers without support ignore the parameter.
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

    /// Appends five characters to a prefix, like
    /// <https://github.com/kubernetes/apiserver/blob/v0.37.2/pkg/storage/names/generate.go>.
    pub(crate) fn generate_name(&mut self, prefix: &str) -> String {
        const ALPHABET: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
        const LONGEST_PREFIX: usize = 63 - 5;
        let prefix: String = prefix.chars().take(LONGEST_PREFIX).collect();
        let random = &mut self.random;
        let suffix = (0..5).filter_map(|_| random.choice(ALPHABET)).map(|byte| char::from(*byte));
        prefix.chars().chain(suffix).collect()
    }
}
