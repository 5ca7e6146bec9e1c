use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::Duration;

use kubernetes_core::Str;

/// The probation of replicas that have joined is at most this many lease durations.
const MAX_PROBATION: u32 = 20;

/// The replicas that live, and how many shards each should have.
///
/// A shard that moves costs its new replica a list of the objects, and delays work on them, so none moves without need:
///
/// - Those that hold most get the shards by which shares differ.
/// - Shards that are held move to a replica only once it has lived for its probation, as one that crashes again and again
///   would otherwise take them each time.
/// - Shards that nobody holds go to replicas on probation if they are to have them in the end, as those of a replica that
///   ends in a rollout; after a crash, they go to the others.
/// - Shards that have been left for a while go to any replica.
pub(super) struct Balance {
    identity: Str,
    /// By identity, this one included.
    alive: BTreeMap<Str, Replica>,
    count: u32,
    has_crashes: bool,
}

/// A replica, as the Leases show it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Replica {
    /// How many shards it holds.
    pub(super) held: usize,
    pub(super) on_probation: bool,
}

impl Balance {
    /// `count` is the number of shards, and `has_crashes` whether a replica has crashed lately.
    pub(super) fn new(identity: Str, alive: BTreeMap<Str, Replica>, count: u32, has_crashes: bool) -> Self {
        Self { identity, alive, count, has_crashes }
    }

    /// How many replicas live.
    pub(super) fn len(&self) -> usize {
        self.alive.len()
    }

    /// Whether this replica is the first, which does what one of all has to do.
    pub(super) fn is_first(&self) -> bool {
        self.alive.keys().next() == Some(&self.identity)
    }

    /// How many shards this replica should have in the end, so that all have the same number, or one more.
    pub(super) fn share(&self) -> usize {
        self.share_of(|_, _| true)
    }

    /// How many shards it may keep.
    pub(super) fn kept(&self) -> usize {
        self.share_of(|identity, replica| !replica.on_probation || *identity == self.identity)
    }

    /// How many shards it may have before it takes one that nobody holds.
    pub(super) fn taken(&self, is_left: bool) -> usize {
        let is_settled = |replica: &Replica| !replica.on_probation;
        let is_own_settled = self.alive.get(&self.identity).is_some_and(is_settled);
        match (is_own_settled, is_left) {
            (true, true) => self.kept(),
            (true, false) if self.has_crashes => self.kept(),
            (false, false) if self.has_crashes && self.alive.values().any(is_settled) => 0,
            _ => self.share(),
        }
    }

    fn share_of(&self, counts: impl Fn(&Str, &Replica) -> bool) -> usize {
        let counted = self.alive.iter().filter(|(identity, replica)| counts(identity, replica));
        let mut ranks: Vec<_> = counted.map(|(identity, replica)| (Reverse(replica.held), identity)).collect();
        ranks.sort_unstable();
        let (count, len) = (self.count as usize, ranks.len().max(1));
        let rank = ranks.iter().position(|(_, identity)| **identity == self.identity).unwrap_or_default();
        count / len + usize::from(rank < count % len)
    }

    /// The first shard that this replica should try to take, so that not all try the same.
    pub(super) fn first_shard(&self) -> u32 {
        let rank = self.alive.keys().position(|identity| *identity == self.identity).unwrap_or_default();
        u32::try_from(rank * self.count as usize / self.len().max(1)).unwrap_or_default()
    }
}

/// How long a replica that has joined is on probation: doubled for each that has crashed lately.
pub(super) fn probation(lease_duration: Duration, crashed: usize) -> Duration {
    let doubled = 1_u32.checked_shl(u32::try_from(crashed).unwrap_or(u32::MAX)).unwrap_or(MAX_PROBATION);
    lease_duration.saturating_mul(doubled.min(MAX_PROBATION))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each of some replicas with its view of all; the last ones are on probation.
    fn all(held: &[usize], on_probation: usize, count: u32) -> Vec<Balance> {
        let identity = |index: usize| Str::from(format!("{index:03}"));
        let settled = held.len() - on_probation;
        let alive = held.iter().enumerate();
        let alive =
            alive.map(|(index, held)| (identity(index), Replica { held: *held, on_probation: index >= settled }));
        let alive: BTreeMap<_, _> = alive.collect();
        (0..held.len()).map(|own| Balance::new(identity(own), alive.clone(), count, false)).collect()
    }

    fn shares(all: &[Balance]) -> Vec<usize> {
        all.iter().map(Balance::share).collect()
    }

    #[test]
    fn shares_differ_by_one_at_most_and_are_all() {
        for (count, len) in [(1, 1), (4, 3), (16, 3), (3, 5), (7, 7), (256, 9)] {
            let shares = shares(&all(&vec![0; len], 0, count));
            assert_eq!(shares.iter().sum::<usize>(), count as usize);
            assert!(shares.iter().max().unwrap() - shares.iter().min().unwrap() <= 1, "{shares:?}");
        }
    }

    /// Of those that were there, none gets a shard when one joins, and none gives one up when one leaves; and each may keep
    /// what it should have.
    #[test]
    fn no_more_shards_move_than_must() {
        for count in 1..40 {
            for len in 1..12 {
                let mut held = shares(&all(&vec![0; len], 0, count));
                // Whichever identity the new one has.
                for place in 0..=len {
                    held.insert(place, 0);
                    let joined = shares(&all(&held, 0, count));
                    assert_eq!(joined[place], count as usize / (len + 1), "{count} shards, {held:?}");
                    let mut others = joined.iter().zip(&held).enumerate().filter(|(index, _)| *index != place);
                    assert!(
                        others.all(|(_, (share, held))| share <= held),
                        "{count} shards: {held:?}, then {joined:?}"
                    );
                    held.remove(place);
                }
                for place in (0..len).filter(|_| len > 1) {
                    let left = held.remove(place);
                    let remaining = shares(&all(&held, 0, count));
                    assert!(
                        remaining.iter().zip(&held).all(|(share, held)| share >= held),
                        "{held:?}, then {remaining:?}"
                    );
                    held.insert(place, left);
                }
            }
        }
    }

    #[test]
    fn a_newcomer_gets_shards_that_are_held_only_after_its_probation() {
        let replicas = all(&[3, 3, 2, 0], 1, 8);
        assert_eq!(shares(&replicas), [2, 2, 2, 2]);
        assert_eq!(replicas.iter().map(Balance::kept).collect::<Vec<_>>(), [3, 3, 2, 2]);
        for replica in (1..40).flat_map(|count| all(&[5, 0, 3, 2, 4, 0, 0], 2, count)) {
            assert!(replica.taken(true).max(replica.taken(false)) <= replica.kept(), "it would give up what it takes");
        }
    }

    #[test]
    fn a_shard_that_nobody_holds_goes_to_a_newcomer_unless_one_has_crashed() {
        let mut replicas = all(&[2, 2, 0], 1, 6);
        let taken = |replicas: &[Balance], is_left| replicas.iter().map(|all| all.taken(is_left)).collect::<Vec<_>>();
        assert_eq!((taken(&replicas, false), taken(&replicas, true)), (vec![2, 2, 2], vec![3, 3, 2]));
        replicas.iter_mut().for_each(|replica| replica.has_crashes = true);
        assert_eq!((taken(&replicas, false), taken(&replicas, true)), (vec![3, 3, 0], vec![3, 3, 2]));
        let mut replicas = all(&[0, 0, 0], 3, 6);
        replicas.iter_mut().for_each(|replica| replica.has_crashes = true);
        assert_eq!(taken(&replicas, false), [2, 2, 2], "there is nobody else");
    }

    #[test]
    fn a_probation_is_longer_after_crashes() {
        let lease = Duration::from_secs(15);
        let seconds: Vec<_> = (0..6).map(|crashed| probation(lease, crashed).as_secs()).collect();
        assert_eq!(seconds, [15, 30, 60, 120, 240, 300]);
        assert_eq!(probation(lease, 1_000).as_secs(), 300);
    }
}
