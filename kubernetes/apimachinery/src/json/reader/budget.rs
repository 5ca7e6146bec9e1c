use std::fmt;

use super::Reader;
use crate::json::DecodeError;

/// The amount of memory that a decoded document may take: by default 16 times the document's length plus 64 MiB.
///
/// ```
/// use kubernetes_core::json::Budget;
///
/// assert_eq!(Budget::default().bytes(1 << 20), (16 << 20) + (64 << 20));
/// assert_eq!(Budget::new(4, 0).bytes(1000), 4000);
/// assert_eq!(Budget::UNLIMITED.bytes(1000), usize::MAX);
/// ```
///
/// A list of `{}` decodes to hundreds of times its length, as each object has all fields of its type. Real lists take
/// one to three times their length.
///
/// Only the elements of lists and maps and boxed objects are counted. Strings are not, since together they are no
/// longer than the document, and neither are types with serde derives of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    times: usize,
    extra: usize,
}

impl Budget {
    /// No limit, for trusted documents.
    pub const UNLIMITED: Self = Self::new(0, usize::MAX);

    /// `times` times the bytes of the document, plus `extra` bytes.
    pub const fn new(times: usize, extra: usize) -> Self {
        Self { times, extra }
    }

    /// The number of bytes that a document of this length may take.
    pub const fn bytes(self, document: usize) -> usize {
        self.times.saturating_mul(document).saturating_add(self.extra)
    }
}

impl Default for Budget {
    fn default() -> Self {
        Self::new(16, 64 << 20)
    }
}

impl fmt::Display for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::UNLIMITED {
            return f.write_str("unlimited");
        }
        write!(f, "{} times the document and {} bytes", self.times, self.extra)
    }
}

impl<'a> Reader<'a> {
    /// Limits the memory of the values read from here on.
    #[must_use]
    pub fn with_budget(mut self, budget: Budget) -> Self {
        self.memory = budget.bytes(self.text.len());
        self
    }

    /// Limits the memory of the values read from here on to this number of bytes.
    #[doc(hidden)]
    #[must_use]
    pub fn with_memory(mut self, bytes: usize) -> Self {
        self.memory = bytes;
        self
    }

    /// Charges memory to the budget.
    ///
    /// # Errors
    /// Returns an error if the budget is exhausted.
    #[doc(hidden)]
    pub fn charge(&mut self, bytes: usize) -> Result<(), DecodeError> {
        match self.memory.checked_sub(bytes) {
            Some(left) => {
                self.memory = left;
                Ok(())
            }
            None => Err(self.over_budget()),
        }
    }

    /// Charges memory for `more` elements, of `size` bytes each, of a full list or map. Returns the number of elements to
    /// reserve, which is at most the number that fits in the rest of the text.
    pub(crate) fn charge_elements(&mut self, more: usize, size: usize) -> Result<usize, DecodeError> {
        // The shortest element is a digit and a comma.
        let left = (self.text.len() - self.position) / 2 + 1;
        let more = more.min(left);
        self.charge(more.saturating_mul(size)).map(|()| more)
    }

    /// Refunds memory that was charged for elements and has been freed.
    #[inline]
    pub(crate) fn refund(&mut self, bytes: usize) {
        self.memory = self.memory.saturating_add(bytes);
    }

    #[cold]
    fn over_budget(&self) -> DecodeError {
        self.error(OVER_BUDGET)
    }
}

const OVER_BUDGET: &str = "the decoded document takes more memory than its budget: if you trust the document, raise the `Budget` for decoding";

impl DecodeError {
    /// Whether the document would take more memory than its [`Budget`].
    pub fn is_over_budget(&self) -> bool {
        self.message() == OVER_BUDGET
    }
}
