//! Texts that objects of a list have in common.

use super::{Reader, Result};
use crate::Str;

impl Reader<'_> {
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
const LONG: usize = 16 << 10;
const MOST: usize = 8;

/// The objects that were kept as text last, and how deep each stood.
///
/// What manages one object of a list manages others, and then their `fieldsV1`, a third of the list, is the same text.
/// To find it again is to compare it, which takes neither a walk through it nor memory.
#[derive(Clone, Default)]
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
