use std::fmt;

/// How many different reasons are kept.
const LIMIT: usize = 16;

/// Why an item is in a queue: each reason once, the first come first, up to 16 of them.
#[derive(Clone, PartialEq, Eq)]
pub struct Reasons<R> {
    reasons: Vec<R>,
    omitted: bool,
}

impl<R: PartialEq> Reasons<R> {
    pub(super) fn insert(&mut self, reason: R) {
        if self.reasons.contains(&reason) {
            return;
        }
        if self.reasons.len() < LIMIT {
            self.reasons.push(reason);
        } else {
            self.omitted = true;
        }
    }

    pub(super) fn extend(&mut self, other: Self) {
        if self.reasons.is_empty() {
            let omitted = self.omitted;
            *self = other;
            self.omitted |= omitted;
            return;
        }
        self.omitted |= other.omitted;
        other.reasons.into_iter().for_each(|reason| self.insert(reason));
    }
}

impl<R> Reasons<R> {
    /// The reasons.
    pub fn iter(&self) -> std::slice::Iter<'_, R> {
        self.reasons.iter()
    }

    /// Whether there is no reason, because none was given.
    pub fn is_empty(&self) -> bool {
        self.reasons.is_empty()
    }

    /// Whether there were more than are kept.
    pub fn is_incomplete(&self) -> bool {
        self.omitted
    }
}

impl<'a, R> IntoIterator for &'a Reasons<R> {
    type Item = &'a R;
    type IntoIter = std::slice::Iter<'a, R>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<R> Default for Reasons<R> {
    fn default() -> Self {
        Self { reasons: Vec::new(), omitted: false }
    }
}

impl<R: fmt::Debug> fmt::Debug for Reasons<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut list = f.debug_list();
        list.entries(&self.reasons);
        if self.omitted {
            list.entry(&format_args!("…"));
        }
        list.finish()
    }
}
