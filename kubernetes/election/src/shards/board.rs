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
    pub(super) fn update(&mut self, leases: Vec<Lease>, now: Instant) {
        self.began.get_or_insert(now);
        let mut known = std::mem::take(&mut self.leases);
        for lease in leases {
            let name = lease.metadata.name.clone().unwrap_or_default();
            let before = known.remove(&name);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::LeaseConfig;

    fn config(identity: &str) -> ShardsConfig {
        ShardsConfig::new(LeaseConfig::new("shop", "operator").identity(identity), 4)
    }

    fn lease(config: &LeaseConfig, renewal: i64) -> Lease {
        let mut lease = Lease::named(config.key.name());
        lease.metadata.labels = config.labels.clone();
        let renewed = jiff::Timestamp::from_second(renewal).unwrap();
        lease.spec = Some(Box::new(LeaseSpec {
            holder_identity: Some(config.identity.clone()),
            lease_duration_seconds: Some(15),
            renew_time: Some(renewed.into()),
            ..LeaseSpec::default()
        }));
        lease
    }

    #[test]
    fn whoever_does_not_renew_is_gone() {
        let (start, mut board) = (clock::now(), Board::default());
        let at = |seconds| start + Duration::from_secs(seconds);
        let (own, other) = (config("a"), config("b"));
        let member = other.member();
        let all = |renewal| vec![lease(&member, renewal), lease(&other.shard(2), 5), lease(&own.shard(1), 5)];
        board.update(all(1), at(0));
        board.update(all(1), at(10));
        let indexes = |board: &Board, now| board.free_shards(&own, 2, now).map(|free| free.index).collect::<Vec<_>>();
        assert_eq!(board.balance(&own, 0, at(14)).len(), 2);
        assert_eq!(indexes(&board, at(14)), [3, 0], "those of an earlier run with its name are held, too");
        assert_eq!(board.balance(&own, 0, at(15)).len(), 1);
        assert_eq!(indexes(&board, at(15)), [2, 3, 0, 1]);
        let forgotten = |board: &Board, now| {
            let leases = board.forgotten(&own, now);
            leases.iter().map(|lease| lease.metadata.name.clone().unwrap_or_default()).collect::<Vec<_>>()
        };
        assert!(forgotten(&board, at(299)).is_empty());
        assert_eq!(forgotten(&board, at(300)), [member.key.name()], "shards of the same number stay");
        board.update(all(2), at(20));
        assert_eq!((board.balance(&own, 0, at(34)).len(), board.balance(&own, 0, at(35)).len()), (2, 1));
        board.update(Vec::new(), at(21));
        assert_eq!(board.balance(&own, 0, at(22)).len(), 1, "it has left");
    }

    #[test]
    fn of_two_numbers_of_shards_the_first_works() {
        let (now, mut board) = (clock::now(), Board::default());
        let (own, mut other) = (config("a"), config("b"));
        other.count = 8;
        let of = |config: &LeaseConfig, created: i64| {
            let mut lease = lease(config, 1);
            lease.metadata.creation_timestamp = Some(jiff::Timestamp::from_second(created).unwrap().into());
            lease
        };
        let (own_member, other_member) = (of(&own.member(), 5), of(&other.member(), 7));
        board.update(vec![own_member.clone(), other_member.clone()], now);
        assert_eq!((board.standing(&own, now), board.standing(&other, now)), (Standing::Works, Standing::Waits));
        assert_eq!(board.balance(&own, 0, now).len(), 1);
        // The number whose shards are held stays, and takes those of a replica that leaves.
        board.update(vec![own_member.clone(), other_member.clone(), of(&other.shard(3), 8)], now);
        let later = now + Duration::from_secs(300);
        let forgotten = board.forgotten(&own, later).into_iter().filter_map(|lease| lease.metadata.name);
        assert!(forgotten.into_iter().any(|name| name == other.shard_name(3)), "nobody has that many any more");
        assert_eq!((board.standing(&own, now), board.standing(&other, now)), (Standing::Waits, Standing::Works));
        // Both hold some, after a pause of one at the wrong moment: the later yields.
        board.update(vec![own_member, other_member, of(&other.shard(3), 8), of(&own.shard(1), 9)], now);
        assert_eq!((board.standing(&own, now), board.standing(&other, now)), (Standing::Works, Standing::Yields));
        assert_eq!(board.standing(&other, now + Duration::from_secs(15)), Standing::Works, "nobody lives");
    }
}
