//! Texts that objects of a list have in common.

use std::convert::Infallible;

use super::{Reader, Result};
use crate::Str;

impl<'a> Reader<'a> {
    /// A string of the document as models hold it; a long one that has been there twice shares its text with the others.
    #[inline]
    pub(crate) fn str_of(&mut self, text: &'a str) -> Str {
        if text.len() < SHARED { text.into() } else { self.long_str_of(text) }
    }

    #[inline(never)]
    fn long_str_of(&mut self, text: &'a str) -> Str {
        let Ok(text) = self.strings.share(text, || Ok::<_, Infallible>(text.into()));
        text
    }

    /// As [`raw`](Self::raw), as a string that shares its text with an equal one which was read before.
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

/// A shorter string costs no more than what tells that it is shared.
const SHARED: usize = 20;
const STRINGS: usize = 1024;
/// In a shorter document there is less to share than a table takes.
const LONG_FOR_STRINGS: usize = 128 << 10;

/// Long strings of the document, as they stand in it, each where its hash leads.
///
/// Names of images and nodes, keys of annotations, paths and descriptions come again and again in a list. One that comes
/// a second time is kept to be shared, so that those which come once, as most names do, cost no count.
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

    /// The string for `text`, made unless it is kept.
    pub(super) fn share<E>(
        &mut self,
        text: &'a str,
        make: impl FnOnce() -> std::result::Result<Str, E>,
    ) -> std::result::Result<Str, E> {
        let hash = hash(text.as_bytes());
        let Some(known) = self.0.get_mut(hash as usize % STRINGS) else { return make() };
        // Where the text stood, far back in the document, is looked at only if the hash tells that it is the same.
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

/// Of the ends and the middle: most strings that differ do so there.
fn hash(text: &[u8]) -> u64 {
    let word =
        |at: usize| text.get(at..).and_then(<[u8]>::first_chunk::<8>).map_or(0, |word| u64::from_le_bytes(*word));
    let last = text.len().saturating_sub(8);
    let mixed = word(0) ^ word(last / 2).rotate_left(21) ^ word(last).rotate_left(42) ^ text.len() as u64;
    mixed.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(32)
}

/// The objects that were kept as text last, and how deep each stood.
///
/// The manager of one object of a list manages others, and then their `fieldsV1`, a third of the list, is the same text.
/// To find it again is to compare it, which takes neither a walk through it nor memory.
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

    /// The known object that `rest` begins with: no other value does, since an object ends with its last bracket.
    ///
    /// Where it stands deeper than it did, it may be nested too deep.
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
