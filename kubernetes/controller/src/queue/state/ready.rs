use std::collections::{BTreeMap, BTreeSet};

use kubernetes_core::Str;

/// Of this many items in a row, one has a lower priority, if there is one, so that none waits forever.
const LOWER_SHARE: u32 = 32;

/// How many priorities are counted even if they have no items.
const MAX_SEEN: usize = 32;

/// The items that can be handed out: by priority, then each group in turn, then in the order in which they came.
pub(super) struct Ready<T> {
    levels: BTreeMap<i32, Level<T>>,
    /// Priorities that items have had: their counts go to 0, and do not vanish.
    seen: BTreeSet<i32>,
    len: usize,
    /// How many items in a row had a higher priority than others.
    higher: u32,
    /// The lower priority that was served last.
    last_lower: i32,
}

/// The place of an item within its priority.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Turn {
    round: u64,
    sequence: u64,
}

impl Turn {
    pub(super) fn sequence(self) -> u64 {
        self.sequence
    }
}

/// The items of one priority.
struct Level<T> {
    items: BTreeMap<Turn, T>,
    /// The round of the item that was handed out last.
    round: u64,
    groups: BTreeMap<Str, Group>,
}

/// The items of one group.
struct Group {
    /// The round of its last item. In each round, a group has one.
    last: u64,
    len: usize,
}

impl<T> Ready<T> {
    pub(super) fn new() -> Self {
        Self { levels: BTreeMap::new(), seen: BTreeSet::from([0]), len: 0, higher: 0, last_lower: i32::MIN }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// How many items of each priority there are, or have been.
    pub(super) fn by_priority(&self) -> Vec<(i32, usize)> {
        let mut counts: BTreeMap<i32, usize> = self.seen.iter().map(|priority| (*priority, 0)).collect();
        counts.extend(self.levels.iter().map(|(priority, level)| (*priority, level.items.len())));
        counts.into_iter().collect()
    }

    /// Adds an item; `sequence` is its place among the items of a group, or of all if there are no groups.
    pub(super) fn insert(&mut self, item: T, group: Option<Str>, priority: i32, sequence: u64) -> Turn {
        if self.seen.len() < MAX_SEEN {
            self.seen.insert(priority);
        }
        let level = self.levels.entry(priority).or_insert_with(Level::new);
        let round = group.map_or(0, |group| {
            let group = level.groups.entry(group).or_insert(Group { last: level.round, len: 0 });
            group.last = group.last.max(level.round) + 1;
            group.len += 1;
            group.last
        });
        let turn = Turn { round, sequence };
        level.items.insert(turn, item);
        self.len += 1;
        turn
    }

    pub(super) fn remove(&mut self, turn: Turn, group: Option<&Str>, priority: i32) {
        let Some(level) = self.levels.get_mut(&priority) else { return };
        if level.items.remove(&turn).is_some() {
            self.len -= 1;
            level.leave(group);
        }
        if level.items.is_empty() {
            self.levels.remove(&priority);
        }
    }

    /// The lower priority whose turn it is: each in descending order, and then from the top again.
    fn next_lower(&mut self, highest: i32) -> i32 {
        let below = |limit: i32| self.levels.range(..limit).next_back().map(|(priority, _)| *priority);
        let next = below(self.last_lower.min(highest)).or_else(|| below(highest)).unwrap_or(highest);
        self.last_lower = next;
        next
    }

    /// Removes the next item.
    pub(super) fn pop(&mut self, group_of: impl Fn(&T) -> Option<Str>) -> Option<T> {
        let highest = *self.levels.last_key_value()?.0;
        let lowest = *self.levels.first_key_value()?.0;
        self.higher = if highest == lowest { 0 } else { self.higher + 1 };
        let priority = if self.higher == LOWER_SHARE { self.next_lower(highest) } else { highest };
        self.higher %= LOWER_SHARE;
        let level = self.levels.get_mut(&priority)?;
        let (turn, item) = level.items.pop_first()?;
        level.round = turn.round;
        level.leave(group_of(&item).as_ref());
        if level.items.is_empty() {
            self.levels.remove(&priority);
        }
        self.len -= 1;
        Some(item)
    }
}

impl<T> Level<T> {
    fn new() -> Self {
        Self { items: BTreeMap::new(), round: 0, groups: BTreeMap::new() }
    }

    /// Notes that an item of a group was removed.
    fn leave(&mut self, group: Option<&Str>) {
        let Some(name) = group else { return };
        if let Some(group) = self.groups.get_mut(name) {
            group.len -= 1;
            if group.len == 0 {
                self.groups.remove(name);
            }
        }
    }
}
