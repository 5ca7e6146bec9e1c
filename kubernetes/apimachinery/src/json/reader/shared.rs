//! Shares strings that the objects of a list have in common.

use std::convert::Infallible;

use super::{Reader, Result};
use crate::Str;

impl<'a> Reader<'a> {
    /// A string of the document as models hold it; a long string shares its text with equal ones from its second
    /// occurrence on.
    #[inline]
    pub(crate) fn str_of(&mut self, text: &'a str) -> Str {
        if text.len() < SHARED { Str::copy_of(text) } else { self.long_str_of(text) }
    }

    #[inline(never)]
    fn long_str_of(&mut self, text: &'a str) -> Str {
        let Ok(text) = self.caches.strings.share(text, || Ok::<_, Infallible>(text.into()));
        text
    }

    /// The string that is written as `text`, which has escapes, as `unescape` makes it.
    pub(super) fn escaped_str_of(
        &mut self,
        text: &str,
        unescape: impl FnOnce(&mut Self) -> Result<Str>,
    ) -> Result<Str> {
        let mut strings = std::mem::take(&mut self.caches.strings);
        let value = strings.share(text, || unescape(self));
        self.caches.strings = strings;
        value
    }
}

/// Sharing a shorter string costs as much as a copy.
const SHARED: usize = 17;
/// Longer strings are not kept for later documents.
const LONGEST: usize = 4 << 10;
const STRINGS: usize = 1024;

/// Long strings of the document, each at the index given by its hash.
///
/// Names of images and nodes, keys of annotations, paths and descriptions recur throughout a list. A string is shared
/// from its second occurrence on, so that unique ones, such as most names, cost no reference count.
#[derive(Default)]
pub(super) struct Strings(Vec<Known>);

/// A string that came last with this hash.
#[derive(Clone, Default)]
struct Known {
    hash: u64,
    /// The string, if it has come twice.
    shared: Option<Shared>,
}

#[derive(Clone)]
struct Shared {
    /// As it stands in the document.
    text: Str,
    value: Str,
}

impl Strings {
    pub(super) fn enable(&mut self) {
        if self.0.is_empty() {
            self.0 = vec![Known::default(); STRINGS];
        }
    }

    #[cfg(test)]
    pub(super) fn memory(&self) -> usize {
        self.0.capacity()
    }

    /// The string for `text`, which is created unless it is known.
    fn share<E>(
        &mut self,
        text: &str,
        make: impl FnOnce() -> std::result::Result<Str, E>,
    ) -> std::result::Result<Str, E> {
        let hash = hash(text.as_bytes());
        let Some(known) = self.0.get_mut(hash as usize % STRINGS) else { return make() };
        if known.hash != hash {
            *known = Known { hash, shared: None };
            return make();
        }
        if let Some(shared) = known.shared.as_ref().filter(|shared| shared.text == *text) {
            return Ok(shared.value.clone());
        }
        let value = make()?;
        if text.len() <= LONGEST {
            let text = if value == *text { value.clone() } else { text.into() };
            known.shared = Some(Shared { text, value: value.clone() });
        }
        Ok(value)
    }
}

/// Hashes the ends and the middle: most strings that differ do so there.
fn hash(text: &[u8]) -> u64 {
    let word =
        |at: usize| text.get(at..).and_then(<[u8]>::first_chunk::<8>).map_or(0, |word| u64::from_le_bytes(*word));
    let last = text.len().saturating_sub(8);
    let mixed = word(0) ^ word(last / 2).rotate_left(21) ^ word(last).rotate_left(42) ^ text.len() as u64;
    mixed.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(32)
}
