//! Shares the text of objects that are not parsed, such as `fieldsV1`.

use std::ops::Range;

use super::{Reader, Result};
use crate::Str;
use crate::json::scan;

impl Reader<'_> {
    /// Like [`raw`](Self::raw); returns a text that shares its memory with those read before that differ from it in no
    /// more than one string.
    pub(crate) fn shared_raw(&mut self) -> Result<SharedText> {
        self.skip_whitespace();
        if let Some((text, length)) = self.caches.texts.find(&self.text[self.position..], self.depth) {
            self.position += length;
            return Ok(text);
        }
        let text = Str::from(self.raw()?);
        Ok(self.caches.texts.note(text, self.depth))
    }
}

/// A text, or its difference from another.
#[derive(Clone)]
pub(crate) struct SharedText {
    /// The text, or the one that it shares.
    text: Str,
    /// The content of a part of the shared text.
    part: Option<Box<Part>>,
}

#[derive(Clone)]
struct Part {
    range: Range<u32>,
    content: Str,
}

impl SharedText {
    pub(crate) fn new(text: Str) -> Self {
        Self { text, part: None }
    }

    /// The text by itself.
    pub(crate) fn into_str(self) -> Str {
        if self.part.is_none() { self.text } else { self.pieces().concat().into() }
    }

    /// The three pieces of the text.
    pub(crate) fn pieces(&self) -> [&str; 3] {
        match self.part.as_deref() {
            Some(Part { range, content }) => {
                let (before, after) = around(&self.text, range);
                [before, content, after]
            }
            None => [&self.text, "", ""],
        }
    }
}

/// The number of texts that are remembered.
const MOST: usize = 8;
/// The lengths of texts that are remembered: sharing a shorter one gains nothing, and a longer one is not to be kept in
/// memory for later documents.
const LENGTHS: Range<usize> = 64..64 << 10;

/// The objects that were last kept as text.
///
/// A manager of one object in a list manages others too, whose `fieldsV1`, a third of the list, is then the same text,
/// or differs in one string: an owner's UID or an address, which is the key of a list's item. Comparing it takes neither
/// parsing nor memory.
#[derive(Default)]
pub(super) struct Texts {
    known: Vec<Known>,
    oldest: usize,
    enabled: bool,
}

struct Known {
    text: Str,
    depth: u32,
    /// The part in which another text differed: plain content of a string.
    part: Option<Range<u32>>,
}

impl Texts {
    pub(super) fn enable(&mut self) {
        self.enabled = true;
    }

    /// The text of the object that `rest` begins with, if it is known, and its length.
    ///
    /// If it is at a greater depth than before, it may be nested too deeply.
    fn find(&self, rest: &str, depth: u32) -> Option<(SharedText, usize)> {
        self.known.iter().filter(|known| depth <= known.depth).find_map(|known| known.matches(rest))
    }

    /// Remembers a text, or that it differs from a known one in one part.
    fn note(&mut self, text: Str, depth: u32) -> SharedText {
        if !self.enabled || !text.starts_with('{') || !LENGTHS.contains(&text.len()) {
            return SharedText::new(text);
        }
        if let Some((shared, _)) = self.known.iter_mut().find_map(|known| known.learn(&text, depth)) {
            return shared;
        }
        let known = Known { text: text.clone(), depth, part: None };
        match self.known.get_mut(self.oldest) {
            Some(oldest) => *oldest = known,
            None => self.known.push(known),
        }
        self.oldest = (self.oldest + 1) % MOST;
        SharedText::new(text)
    }
}

impl Known {
    /// The text that `rest` begins with if it is this one, except for the part.
    ///
    /// It is JSON: other plain content of a string makes no difference, and an object ends with its last bracket.
    fn matches(&self, rest: &str) -> Option<(SharedText, usize)> {
        let Some(part) = &self.part else {
            return rest.starts_with(&*self.text).then(|| (SharedText::new(self.text.clone()), self.text.len()));
        };
        let (before, after) = around(&self.text, part);
        let rest = rest.strip_prefix(before)?;
        let content = &rest[..scan::string_end(rest.as_bytes(), 0)];
        if !rest[content.len()..].starts_with(after) {
            return None;
        }
        let length = before.len() + content.len() + after.len();
        let part = Box::new(Part { range: part.clone(), content: content.into() });
        Some((SharedText { text: self.text.clone(), part: Some(part) }, length))
    }

    /// Finds the part in which a text differs from this one, if no other has differed before.
    fn learn(&mut self, text: &str, depth: u32) -> Option<(SharedText, usize)> {
        if self.part.is_some() || depth > self.depth {
            return None;
        }
        self.part = plain_content_around(&self.text, common_start(self.text.as_bytes(), text.as_bytes()));
        let found =
            self.part.is_some().then(|| self.matches(text)).flatten().filter(|(_, length)| *length == text.len());
        if found.is_none() {
            self.part = None;
        }
        found
    }
}

/// The text before and after a part.
fn around<'t>(text: &'t str, part: &Range<u32>) -> (&'t str, &'t str) {
    (&text[..part.start as usize], &text[part.end as usize..])
}

/// The length of what two texts begin with.
fn common_start(a: &[u8], b: &[u8]) -> usize {
    let equal_blocks = a.as_chunks::<32>().0.iter().zip(b.as_chunks::<32>().0).take_while(|(a, b)| a == b).count();
    let start = equal_blocks * 32;
    start + a[start..].iter().zip(&b[start..]).take_while(|(a, b)| a == b).count()
}

/// The run of characters around `at` that stands in a string of `json` behind a quote, which may be escaped.
fn plain_content_around(json: &str, at: usize) -> Option<Range<u32>> {
    let bytes = json.as_bytes();
    let start = at - bytes[..at].iter().rev().take_while(|byte| !matches!(byte, b'"' | b'\\')).count();
    let end = scan::string_end(bytes, start);
    // After an escape other than that of a quote, the first character would belong to it.
    let is_content = bytes[..start].last() == Some(&b'"') && end >= at && is_in_string(&bytes[..start]);
    // Remembered texts are short.
    is_content.then(|| Some(start.try_into().ok()?..end.try_into().ok()?)).flatten()
}

/// Whether the end of `json`, which begins outside of strings, is inside one.
fn is_in_string(json: &[u8]) -> bool {
    let mut rest = json.iter();
    let mut inside = false;
    while let Some(byte) = rest.next() {
        match byte {
            b'"' => inside = !inside,
            // The escaped character does not end the string; a backslash occurs in strings only.
            b'\\' => drop(rest.next()),
            _ => {}
        }
    }
    inside
}

#[cfg(test)]
mod tests {
    use super::{SharedText, Texts};
    use crate::Str;

    /// Reads texts in turn as a reader does, and says for each whether it was found.
    fn found(texts: &[&str]) -> Vec<bool> {
        let mut known = Texts::default();
        known.enable();
        let mut read = |text: &str| {
            let rest = format!("{text},null]");
            let (shared, is_found) = match known.find(&rest, 3) {
                Some((shared, length)) => {
                    assert_eq!(length, text.len(), "{text}");
                    (shared, true)
                }
                None => (known.note(Str::from(text), 3), false),
            };
            assert_eq!(shared.pieces().concat(), text);
            is_found
        };
        texts.iter().map(|text| read(text)).collect()
    }

    fn owned_by(uid: &str) -> String {
        format!(r#"{{"f:metadata":{{"f:ownerReferences":{{".":{{}},"k:{{\"uid\":\"{uid}\"}}":{{}}}}}},"f:spec":{{}}}}"#)
    }

    #[test]
    fn texts_that_differ_in_one_string_share_the_rest() {
        let texts: Vec<String> = ["a1", "a2", "a", "", "another", "ünicode", "a1"].map(owned_by).into();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        assert_eq!(found(&texts), [false, false, true, true, true, true, true]);
    }

    #[test]
    fn texts_that_differ_otherwise_are_told_apart() {
        let base = owned_by("a1");
        for (from, to) in [
            ("a1", r"a\n1"),
            ("a1", r#"a\"1"#),
            ("a1", r#"a","b"#),
            (r#"a1\""#, r#"a1\\""#),
            ("f:spec", "f:status"),
            (":{}}", ":[]}"),
            ("\".\":{}", "\".\":{},\"x\":{}"),
        ] {
            let other = base.replace(from, to);
            assert_ne!(other, base);
            found(&[&base, &other, &base, &other, &owned_by("a2"), &other, &owned_by("a3")]);
        }
        // The start of a shared text with another end.
        let longer = base.replace(r#""f:spec":{}}"#, r#""f:spec":{},"f:status":{}}"#);
        assert_eq!(found(&[&base, &owned_by("a2"), &longer, &base, &longer]), [false, false, false, true, true]);
    }

    #[test]
    fn escapes_are_no_part_of_what_may_differ() {
        let with = |escape: &str| format!(r#"{{"f:{escape}":{{}},"padding":"{}"}}"#, "x".repeat(80));
        let texts = [r"\n", r"\t", r"\u0041", r"\u0042", r"\\", r"\/"].map(with);
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        assert_eq!(found(&texts), [false; 6]);
        // The closing quote of one string and the opening quote of the next.
        let between = |text: &str| format!(r#"{{"a":"b"{text}"c":"{}"}}"#, "x".repeat(80));
        assert_eq!(found(&[&between(","), &between(", "), &between(" ,")]), [false; 3]);
        assert!(matches!(SharedText::new("x".into()).pieces(), ["x", "", ""]));
    }
}
