use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use jiff::{Timestamp, Unit};

/// How far a log was read, so that another request can go on there.
///
/// A request begins at a second (`sinceTime` has no fractions), and one earlier than the last line, since the two streams
/// of a container may be slightly out of order. The lines from then on may have come already: these are remembered.
#[derive(Debug, Default)]
pub(super) struct Position {
    /// The time of the first line. Older ones were left out on purpose.
    first: Option<Timestamp>,
    /// The time of the last line.
    last: Option<Timestamp>,
    /// The lines from [`second`](Self::second) on and how often each came, by its hash.
    recent: HashMap<(Timestamp, u64), u32>,
    count: usize,
    /// The time of the last line that did not fit.
    forgotten: Option<Timestamp>,
    /// Set when the log is asked for again.
    resumed: Option<Resumed>,
}

#[derive(Debug)]
struct Resumed {
    /// The rest of the remembered lines that come again.
    expected: HashMap<(Timestamp, u64), u32>,
    /// Where the log was asked for again.
    from: Option<Timestamp>,
    forgotten: Option<Timestamp>,
}

/// With more lines than this, those up to the time of the last one count as known.
const MAX_RECENT: usize = 20_000;

/// So many lines are remembered when a log is not read any more.
const MAX_KEPT: usize = 1_000;

impl Position {
    /// The second to begin with when the log is asked for again; `None` if no line has come.
    pub(super) fn second(&self) -> Option<Timestamp> {
        self.last.map(second_before)
    }

    /// Keeps little for a log that may not be read again: of many lines, those up to the time of the last one count as
    /// known.
    pub(super) fn compact(&mut self) {
        if self.recent.len() > MAX_KEPT {
            self.recent = HashMap::new();
            self.count = 0;
            self.forgotten = self.last;
        }
    }

    /// Begins to read a log again, from that second on or an earlier one.
    pub(super) fn resume(&mut self) {
        let (expected, from) = (self.recent.clone(), self.second().max(self.first));
        self.resumed = from.map(|_| Resumed { expected, from, forgotten: self.forgotten });
    }

    /// Whether a line is new; it counts as known from now on.
    pub(super) fn is_new(&mut self, timestamp: Timestamp, text: &str) -> bool {
        let (key, at) = ((timestamp, hash(text)), Some(timestamp));
        if let Some(resumed) = &mut self.resumed {
            let is_known = match resumed.expected.get_mut(&key) {
                Some(count @ 1..) => {
                    *count -= 1;
                    true
                }
                Some(0) | None => at < resumed.from || at <= resumed.forgotten,
            };
            if is_known {
                return false;
            }
        }
        self.first.get_or_insert(timestamp);
        if self.last.map(second_before) < Some(second_before(timestamp)) {
            let start = second_before(timestamp);
            self.recent.retain(|(timestamp, _), _| *timestamp >= start);
            self.count = self.recent.values().map(|count| *count as usize).sum();
        }
        self.last = self.last.max(at);
        self.count += 1;
        if self.count <= MAX_RECENT {
            *self.recent.entry(key).or_default() += 1;
        } else {
            self.forgotten = self.forgotten.max(at);
        }
        true
    }
}

/// The beginning of the second before that of a time.
fn second_before(timestamp: Timestamp) -> Timestamp {
    second(timestamp).checked_sub(jiff::SignedDuration::from_secs(1)).unwrap_or(timestamp)
}

fn second(timestamp: Timestamp) -> Timestamp {
    let rounding = jiff::TimestampRound::new().smallest(Unit::Second).mode(jiff::RoundMode::Floor);
    timestamp.round(rounding).unwrap_or(timestamp)
}

fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;

    use super::*;

    fn at(milliseconds: i64) -> Timestamp {
        Timestamp::from_millisecond(milliseconds).unwrap()
    }

    #[test]
    fn lines_of_a_second_that_came_already_are_known() {
        let mut position = Position::default();
        assert_eq!(position.second(), None);
        for (time, text) in [(900, "a"), (1100, "b"), (1100, "b"), (1200, "c")] {
            assert!(position.is_new(at(time), text));
        }
        assert_eq!(position.second(), Some(at(0)));
        position.resume();
        for (time, text, is_new) in [
            (800, "older than the first", false),
            (900, "a", false),
            (1100, "b", false),
            (1100, "b", false),
            (1200, "c", false),
            (1200, "c", true),
            (1300, "b", true),
        ] {
            assert_eq!(position.is_new(at(time), text), is_new, "{time} {text}");
        }
    }

    /// The two streams of a container may be slightly out of order.
    #[test]
    fn a_late_line_of_the_second_before_is_new() {
        let mut position = Position::default();
        assert!(position.is_new(at(1900), "a") && position.is_new(at(2001), "b"));
        assert!(position.second() <= Some(at(1000)));
        position.resume();
        for (time, text, is_new) in [(1900, "a", false), (2001, "b", false), (1999, "late", true), (2002, "c", true)] {
            assert_eq!(position.is_new(at(time), text), is_new, "{time} {text}");
        }
    }

    #[test]
    fn a_second_with_too_many_lines_goes_by_time() {
        let mut position = Position::default();
        for line in 0..MAX_RECENT + 10 {
            assert!(position.is_new(at(1000), &line.to_string()));
        }
        position.resume();
        assert!(!position.is_new(at(1000), &(MAX_RECENT + 5).to_string()));
        assert!(position.is_new(at(1001), "next"));
        position.compact();
        position.resume();
        assert!(!position.is_new(at(1001), "next") && position.is_new(at(1002), "later"));
    }

    proptest::proptest! {
        /// A log that is cut anywhere, any number of times, is read once.
        #[test]
        fn each_line_comes_once(steps in vec((0..400_i64, 0..3_u8), 0..60), cuts in vec(0..60_usize, 0..5)) {
            let mut time = 0;
            let log: Vec<_> = steps.iter().map(|(step, text)| { time += step; (at(time), text.to_string()) }).collect();
            let (mut position, mut read) = (Position::default(), Vec::new());
            for end in cuts.into_iter().chain([log.len()]) {
                let start = position.second();
                position.resume();
                let from = log.iter().position(|(time, _)| Some(*time) >= start).unwrap_or(log.len());
                for (time, text) in log.iter().take(end).skip(from) {
                    if position.is_new(*time, text) {
                        read.push((*time, text.clone()));
                    }
                }
            }
            assert_eq!(read, log);
        }
    }
}
