use std::time::Duration;

use kubernetes_core::{ObjectKey, Str};

use crate::config::LeaseConfig;
use crate::error::Error;

/// The label of all Leases that share out the same shards, with their common name.
pub(super) const SHARDS_LABEL: &str = "kubernetes-sdk/shards";
/// The label of the Leases of shards and members, with the number of shards.
pub(super) const COUNT_LABEL: &str = "kubernetes-sdk/shard-count";
/// The label of the Leases of members.
pub(super) const MEMBER_LABEL: &str = "kubernetes-sdk/shard-member";

/// More would be more requests for Leases than for work.
const MAX_SHARDS: u32 = 256;

/// The number of shards, and the timings of their Leases.
///
/// ```
/// use kubernetes_election::{LeaseConfig, ShardsConfig};
///
/// let config = ShardsConfig::new(LeaseConfig::new("shop", "operator").identity("operator-7c9f"), 16);
/// ```
///
/// The Leases have the name, the timings and the labels of a [`LeaseConfig`]: `operator-3-of-16` is the shard 3, and
/// `operator-member-…` a replica; their holder is the identity with a random part. Each replica renews its own and those of
/// its shards, and lists them all, once in a retry period: a client with a rate limit must allow for that. Four shards for
/// each replica that there may be share the objects evenly enough.
///
/// Replicas with another number of shards, as during the rollout of a new version, wait until the earlier ones, which
/// share all shards until then, are gone.
#[derive(Clone, Debug)]
pub struct ShardsConfig {
    pub(super) lease: LeaseConfig,
    pub(super) count: u32,
}

impl ShardsConfig {
    /// Creates the configuration for this number of shards.
    pub fn new(lease: LeaseConfig, count: u32) -> Self {
        Self { lease, count }
    }

    pub(super) fn validate(&self) -> Result<(), Error> {
        self.lease.validate()?;
        let problem = match self {
            _ if self.count == 0 || self.count > MAX_SHARDS => "the number of shards must be between 1 and 256",
            _ if self.lease.key.name().len() > 63 => {
                "the name must have at most 63 characters, as it is the value of a label"
            }
            _ if self.lease.coordination.is_some() => "shards can't be combined with coordinated election",
            _ if self.lease.recovery_deadline.is_some() => "shards can't be combined with a recovery deadline",
            _ => return Ok(()),
        };
        Err(Error::config(problem))
    }

    pub(super) fn namespace(&self) -> &str {
        self.lease.key.namespace().unwrap_or_default()
    }

    /// The common name of the Leases.
    pub(super) fn name(&self) -> &str {
        self.lease.key.name()
    }

    pub(super) fn identity(&self) -> &Str {
        &self.lease.identity
    }

    pub(super) fn selector(&self) -> String {
        format!("{SHARDS_LABEL}={}", self.name())
    }

    pub(super) fn shard_name(&self, index: u32) -> String {
        format!("{}-{index}-of-{}", self.name(), self.count)
    }

    /// The same, with an identity that no other run has: a Lease that an earlier run still holds or is about to
    /// release, or another process with this identity, is one of another holder.
    pub(super) fn of_one_run(&self) -> Self {
        let identity = format!("{}_{:016x}", self.lease.identity, fastrand::u64(..));
        Self { lease: self.lease.clone().identity(identity), count: self.count }
    }

    /// The Lease of a shard.
    pub(super) fn shard(&self, index: u32) -> LeaseConfig {
        self.named(&self.shard_name(index))
    }

    /// A Lease by which others know of this replica. An identity may have characters that a name can't have.
    pub(super) fn member(&self) -> LeaseConfig {
        self.named(&format!("{}-member-{:016x}", self.name(), fastrand::u64(..))).label(MEMBER_LABEL, "true")
    }

    fn named(&self, name: &str) -> LeaseConfig {
        let mut config =
            self.lease.clone().label(SHARDS_LABEL, self.name()).label(COUNT_LABEL, &self.count.to_string());
        config.key = ObjectKey::new(self.namespace(), name);
        config
    }

    /// How long the requests of a turn may take: the Lease of a replica is renewed in time by the next one.
    pub(super) fn turn_timeout(&self) -> Duration {
        self.lease.retry_period + self.lease.request_timeout()
    }

    /// The time from the beginning of a turn to that of the next, at most.
    pub(super) fn longest_turn(&self) -> Duration {
        self.turn_timeout() + self.interval()
    }

    /// The time between two lists of the Leases.
    pub(super) fn interval(&self) -> Duration {
        self.lease.retry_period
    }
}
