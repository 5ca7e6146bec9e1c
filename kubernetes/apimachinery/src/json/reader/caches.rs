//! Remembers facts about documents that help to read the next ones.

use std::cell::Cell;
use std::fmt;

use super::model::Orders;
use super::shared::Strings;
use super::texts::Texts;

/// Facts that a [`Reader`](super::Reader) has learned from its documents, for those that follow: the order of fields, the
/// lengths of lists, and texts that objects have in common.
///
/// [`Reader::into_caches`](super::Reader::into_caches) returns them. They take a bounded amount of memory, whatever the
/// documents contain.
#[derive(Default)]
#[doc(hidden)]
pub struct Caches {
    /// The length of all documents.
    seen: usize,
    pub(super) orders: Orders,
    pub(super) texts: Texts,
    pub(super) strings: Strings,
}

/// In less text, too few objects repeat.
const LONG: usize = 4 << 10;
/// In less text, the table of strings would take more memory than sharing saves.
const LONG_FOR_STRINGS: usize = 128 << 10;

thread_local! {
    /// The orders of fields in the responses that this thread has read.
    static ORDERS: Cell<Orders> = const { Cell::new(Orders::new()) };
}

impl Caches {
    /// The orders of fields that this thread has seen, for a document that may be too short to learn them from. They have no
    /// content of a document.
    #[doc(hidden)]
    pub fn of_thread() -> Self {
        let mut orders = ORDERS.try_with(Cell::take).unwrap_or_default();
        orders.enable();
        Self { orders, ..Self::default() }
    }

    /// Keeps the orders of fields for the next document of this thread.
    #[doc(hidden)]
    pub fn keep_in_thread(self) {
        // A thread that ends reads no further document.
        let _ = ORDERS.try_with(|orders| orders.set(self.orders));
    }

    /// Makes room for facts about another document of this length.
    pub(super) fn expect(mut self, length: usize) -> Self {
        self.seen = self.seen.saturating_add(length);
        if self.seen >= LONG {
            self.orders.enable();
            self.texts.enable();
        }
        if self.seen >= LONG_FOR_STRINGS {
            self.strings.enable();
        }
        self
    }
}

impl fmt::Debug for Caches {
    /// Shows no text, since any may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caches").finish_non_exhaustive()
    }
}
