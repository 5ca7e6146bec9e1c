//! Shares texts that the objects of a list have in common.

use std::convert::Infallible;

use super::{Reader, Result};
use crate::Str;

impl<'a> Reader<'a> {
    /// A string of the document as models hold it; a long string shares its text with equal ones from its second
    /// occurrence on.
    #[inline]
    pub(crate) fn str_of(&mut self, text: &'a str) -> Str {
        if text.len() < SHARED { text.into() } else { self.long_str_of(text) }
    }

    #[inline(never)]
    fn long_str_of(&mut self, text: &'a str) -> Str {
        let Ok(text) = self.strings.share(text, || Ok::<_, Infallible>(text.into()));
        text
    }

    /// Like [`raw`](Self::raw), but returns a string that shares its text with an equal one read before.
    pub(crate) fn shared_raw(&mut self) -> Result<Str> {
        self.skip_whitespace();
        let (rest, depth) = (&self.bytes()[self.position..], self.depth);
        if let Some(text) = self.texts.find(rest, depth) {
            self.position += text.len();
            return Ok(text);
        }
        let text = Str::from(self.raw()?);
        self.texts.note(&text, depth);
        Ok(text)
    }
}

/// In a shorter document too few objects repeat.
pub(super) const LONG: usize = 16 << 10;
const MOST: usize = 8;

/// Sharing a shorter string costs as much as a copy.
const SHARED: usize = 20;
const STRINGS: usize = 1024;
/// In a shorter document, the table would take more memory than sharing saves.
const LONG_FOR_STRINGS: usize = 128 << 10;

/// Long strings of the document, unchanged, each at the index given by its hash.
///
/// Names of images and nodes, keys of annotations, paths and descriptions recur throughout a list. A string is shared
/// from its second occurrence on, so that unique ones, such as most names, cost no reference count.
#[derive(Default)]
pub(super) struct Strings<'a>(Vec<Known<'a>>);

#[derive(Clone, Default)]
struct Known<'a> {
    hash: u64,
    text: &'a str,
    shared: Option<Str>,
}

impl<'a> Strings<'a> {
    pub(super) fn for_text(text: &str) -> Self {
        Self(if text.len() < LONG_FOR_STRINGS { Vec::new() } else { vec![Known::default(); STRINGS] })
    }

    #[cfg(test)]
    pub(super) fn memory(&self) -> usize {
        self.0.capacity()
    }

    /// The string for `text`, which is created unless it is known.
    pub(super) fn share<E>(
        &mut self,
        text: &'a str,
        make: impl FnOnce() -> std::result::Result<Str, E>,
    ) -> std::result::Result<Str, E> {
        let hash = hash(text.as_bytes());
        let Some(known) = self.0.get_mut(hash as usize % STRINGS) else { return make() };
        // The earlier text, far back in the document, is compared only if its hash is the same.
        if known.hash != hash || known.text != text {
            *known = Known { hash, text, shared: None };
            return make();
        }
        match &known.shared {
            Some(shared) => Ok(shared.clone()),
            None => Ok(known.shared.insert(make()?).clone()),
        }
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

/// The objects that were last kept as text, and the depth of each.
///
/// A manager of one object in a list manages others too, whose `fieldsV1`, a third of the list, is then the same text.
/// Comparing it takes neither parsing nor memory.
#[derive(Default)]
pub(super) struct Texts {
    known: Vec<(Str, u32)>,
    oldest: usize,
    enabled: bool,
}

impl Texts {
    pub(super) fn for_text(text: &str) -> Self {
        Self { enabled: text.len() >= LONG, ..Self::default() }
    }

    /// The known object that `rest` begins with. There is at most one, since an object ends with its last bracket.
    ///
    /// If it is at a greater depth than before, it may be nested too deeply.
    fn find(&self, rest: &[u8], depth: u32) -> Option<Str> {
        let known = self.known.iter().find(|(text, deepest)| depth <= *deepest && rest.starts_with(text.as_bytes()));
        known.map(|(text, _)| text.clone())
    }

    fn note(&mut self, text: &Str, depth: u32) {
        if !self.enabled || !text.starts_with('{') || text.len() < 32 {
            return;
        }
        let entry = (text.clone(), depth);
        match self.known.get_mut(self.oldest) {
            Some(oldest) => *oldest = entry,
            None => self.known.push(entry),
        }
        self.oldest = (self.oldest + 1) % MOST;
    }
}
