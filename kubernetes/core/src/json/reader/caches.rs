//! What a reader has learned from the text so far.

use std::fmt;

use super::model::Orders;
use super::shared::Strings;
use super::texts::Texts;

/// What a [`Reader`](super::Reader) has learned from its documents, for those that follow: the order of fields, the
/// lengths of lists, and texts that objects have in common.
///
/// A reader begins without, and returns it by [`Reader::into_caches`](super::Reader::into_caches). Its memory is
/// bounded, whatever the documents are.
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

impl Caches {
    /// Makes room for what is to be learned from another document of this length.
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
