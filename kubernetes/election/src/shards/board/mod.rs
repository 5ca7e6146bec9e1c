#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use kubernetes_core::{Str, Time};
use kubernetes_models::coordination::v1::{Lease, LeaseSpec};

use super::balance::{Balance, Replica, probation};
use super::config::{COUNT_LABEL, MEMBER_LABEL, ShardsConfig};
use crate::clock::{self, Instant};

/// After this many durations without a renewal, the Lease of a member is deleted, and that of a shard of another number.
const FORGOTTEN_AFTER: u32 = 20;

/// The Leases of all shards and members as they were seen, with the time since when they have been as they are.
#[derive(Default)]
pub(super) struct Board {
    leases: HashMap<Str, Seen>,
    /// The time of the first list.
    began: Option<Instant>,
    /// The time of the last list.
    updated: Option<Instant>,
}

/// A Lease as it was seen.
#[derive(Clone)]
pub(super) struct Seen {
    pub(super) lease: Lease,
    /// Since when it is as it is, by this machine's clock: the times in the Lease are never compared with it.
    pub(super) since: Instant,
    /// Since when it has been held without a pause.
    first: Instant,
}

/// A shard that nobody holds.
pub(super) struct FreeShard<'a> {
    pub(super) index: u32,
    /// Its Lease, if it has one.
    pub(super) lease: Option<&'a Seen>,
    pub(super) since: Instant,
}

/// Whether the shards of one number may be held, as there may be replicas with another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Works,
    /// No shard may be taken.
    Waits,
    /// All shards must be given up.
    Yields,
}

impl Seen {
    /// Orders members by when they came, by the clock of the server; no other clock is compared with it.
    fn age(&self) -> (Option<Time>, Option<&Str>) {
        (self.lease.metadata.creation_timestamp, self.lease.metadata.uid.as_ref())
    }

    fn spec(&self) -> Option<&LeaseSpec> {
        self.lease.spec.as_deref()
    }

    pub(super) fn holder(&self) -> Option<&Str> {
        self.spec()?.holder_identity.as_ref().filter(|holder| !holder.is_empty())
    }

    fn duration(&self) -> Duration {
        let seconds = self.spec().and_then(|spec| spec.lease_duration_seconds).unwrap_or_default();
        Duration::from_secs(u64::try_from(seconds).unwrap_or_default())
    }

    fn is_held(&self, now: Instant) -> bool {
        self.holder().is_some() && now < clock::later(self.since, self.duration())
    }

    /// When it was given up, or expires.
    fn end(&self) -> Instant {
        match self.holder() {
            Some(_) => clock::later(self.since, self.duration()),
            None => self.since,
        }
    }

    fn is_member(&self) -> bool {
        self.lease.metadata.labels.get(MEMBER_LABEL).is_some()
    }

    fn is_of_count(&self, count: u32) -> bool {
        self.lease.metadata.labels.get(COUNT_LABEL).and_then(|text| text.parse().ok()) == Some(count)
    }
}

impl Board {
    /// Takes in a list of all Leases.
    ///
    /// Members do not age while lists fail, as the server may have been out of reach for all of them. The first that lists
    /// again would take the shards of all others.
    pub(super) fn update(&mut self, leases: Vec<Lease>, config: &ShardsConfig, now: Instant) {
        self.began.get_or_insert(now);
        let since_last = self.updated.replace(now).map(|last| now.saturating_duration_since(last));
        let outage = since_last.filter(|time| *time > config.longest_turn()).unwrap_or_default();
        let mut known = std::mem::take(&mut self.leases);
        for lease in leases {
            let name = lease.metadata.name.clone().unwrap_or_default();
            let mut before = known.remove(&name);
            if let Some(seen) = before.as_mut().filter(|seen| seen.is_member()) {
                seen.since = clock::later(seen.since, outage);
                seen.first = clock::later(seen.first, outage);
            }
            let first = before.as_ref().filter(|seen| seen.is_held(now)).map_or(now, |seen| seen.first);
            let since = before.filter(|seen| seen.lease.spec == lease.spec).map_or(now, |seen| seen.since);
            self.leases.insert(name, Seen { lease, since, first });
        }
    }

    /// The replicas that live, this one included, which holds `own` shards or is about to.
    pub(super) fn balance(&self, config: &ShardsConfig, own: usize, now: Instant) -> Balance {
        let of_count = || self.leases.values().filter(|seen| seen.is_of_count(config.count));
        let crashed = of_count().filter(|seen| seen.is_member() && !seen.is_held(now)).count();
        let probation = probation(config.lease.lease_duration, crashed);
        // One that has crashed may be thought to live for a while, and does not grow older.
        let is_on_probation = |first: Instant, last: Instant| last < clock::later(first, probation);
        let members = of_count().filter(|seen| seen.is_member() && seen.is_held(now));
        let members =
            members.filter_map(|seen| Some((seen.holder()?.clone(), is_on_probation(seen.first, seen.since))));
        let mut alive: BTreeMap<_, _> =
            members.map(|(holder, on_probation)| (holder, Replica { held: 0, on_probation })).collect();
        for holder in of_count().filter(|seen| !seen.is_member() && seen.is_held(now)).filter_map(Seen::holder) {
            if let Some(replica) = alive.get_mut(holder) {
                replica.held += 1;
            }
        }
        // What it is about to hold is not to be seen, and its own Lease may have been deleted by hand.
        let on_probation = is_on_probation(self.began.unwrap_or(now), now);
        alive.insert(config.identity().clone(), Replica { held: own, on_probation });
        Balance::new(config.identity().clone(), alive, config.count, crashed > 0)
    }

    /// Whether this number of shards has to wait for another: whose shards are held, or if neither's are, of which a
    /// replica lives that came before all that have this number.
    pub(super) fn standing(&self, config: &ShardsConfig, now: Instant) -> Standing {
        let held = |is_own: bool| {
            self.leases
                .values()
                .any(|seen| !seen.is_member() && seen.is_of_count(config.count) == is_own && seen.is_held(now))
        };
        let oldest = |is_own: bool| {
            let members = self
                .leases
                .values()
                .filter(|seen| seen.is_member() && seen.is_of_count(config.count) == is_own && seen.is_held(now));
            members.map(Seen::age).min()
        };
        let is_younger = match (oldest(true), oldest(false)) {
            (_, None) => false,
            (own, other) => own.is_none() || own > other,
        };
        match (held(true), held(false)) {
            (false, false) if is_younger => Standing::Waits,
            (false, true) => Standing::Waits,
            // Which can't be, unless a process was stopped between its list of the Leases and its writes.
            (true, true) if is_younger => Standing::Yields,
            _ => Standing::Works,
        }
    }

    /// The shards that nobody holds, from `first` on.
    pub(super) fn free_shards<'a>(
        &'a self,
        config: &'a ShardsConfig,
        first: u32,
        now: Instant,
    ) -> impl Iterator<Item = FreeShard<'a>> {
        (first..config.count).chain(0..first).filter_map(move |index| {
            let lease = self.leases.get(config.shard_name(index).as_str());
            let since = lease.map_or(self.began.unwrap_or(now), Seen::end);
            (since <= now).then_some(FreeShard { index, lease, since })
        })
    }

    /// The Leases of members that have been gone for long, and of shards that no replica has any more since all have
    /// another number.
    pub(super) fn forgotten(&self, config: &ShardsConfig, now: Instant) -> Vec<Lease> {
        // That of a shard that was released says one second.
        let duration = |seen: &Seen| seen.duration().max(config.lease.lease_duration);
        let is_old = |seen: &Seen| clock::later(seen.since, duration(seen).saturating_mul(FORGOTTEN_AFTER)) <= now;
        let is_useless = |seen: &Seen| seen.is_member() || !seen.is_of_count(config.count);
        let forgotten = self.leases.values().filter(|seen| is_useless(seen) && is_old(seen));
        forgotten.map(|seen| seen.lease.clone()).collect()
    }
}
