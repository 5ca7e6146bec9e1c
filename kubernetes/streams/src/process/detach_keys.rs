use std::fmt;
use std::str::FromStr;

use crate::error::Error;

/// The keys that detach a terminal from a container, in the notation of Docker and kubectl: keys with commas between
/// them, each a character or `ctrl-` with one of `a` to `z`, `@`, `[`, `\`, `]`, `^` and `_`.
///
/// ```
/// use kubernetes_streams::DetachKeys;
///
/// let keys: DetachKeys = "ctrl-p,ctrl-q".parse()?;
/// assert_eq!(keys, DetachKeys::default());
/// assert!("ctrl-,".parse::<DetachKeys>().is_err());
/// # Ok::<(), kubernetes_streams::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct DetachKeys(Box<[u8]>);

/// More keys than anybody types.
const MAX_KEYS: usize = 32;

impl FromStr for DetachKeys {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let keys: Option<Box<[u8]>> = text.split(',').map(key).collect();
        match keys {
            Some(keys) if keys.len() <= MAX_KEYS => Ok(Self(keys)),
            Some(_) => Err(Error::invalid(format!("there are more than {MAX_KEYS} detach keys"))),
            None => Err(Error::invalid(format!(
                "{text:?} are not detach keys; give keys with commas between them, such as ctrl-p,ctrl-q"
            ))),
        }
    }
}

/// The byte that a terminal sends for a key.
fn key(name: &str) -> Option<u8> {
    match name.as_bytes() {
        [key @ b' '..=b'~'] => Some(*key),
        [b'c', b't', b'r', b'l', b'-', key @ (b'a'..=b'z' | b'@' | b'['..=b'_')] => Some(*key & 0x1f),
        _ => None,
    }
}

impl Default for DetachKeys {
    /// `ctrl-p,ctrl-q`
    fn default() -> Self {
        Self([0x10, 0x11].into())
    }
}

impl fmt::Debug for DetachKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DetachKeys({:?})", String::from_utf8_lossy(&self.0))
    }
}

/// Looks for the keys in what is typed.
///
/// Keys that may be the beginning of the sequence are held back until the next one shows that they are not.
#[derive(Debug)]
pub(super) struct DetachFilter {
    keys: DetachKeys,
    held: Vec<u8>,
}

/// A part of the input without detach keys.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Filtered {
    pub(super) bytes: Vec<u8>,
    /// The keys were typed. The input behind them is ignored.
    pub(super) is_detached: bool,
}

impl DetachFilter {
    pub(super) fn new(keys: DetachKeys) -> Self {
        Self { keys, held: Vec::new() }
    }

    pub(super) fn filter(&mut self, input: &[u8]) -> Filtered {
        let mut bytes = Vec::with_capacity(self.held.len() + input.len());
        for byte in input {
            self.held.push(*byte);
            while !self.keys.0.starts_with(&self.held) {
                bytes.push(self.held.remove(0));
            }
            if self.is_detached() {
                return Filtered { bytes, is_detached: true };
            }
        }
        Filtered { bytes, is_detached: false }
    }

    /// Whether the keys were typed.
    pub(super) fn is_detached(&self) -> bool {
        self.held.len() == self.keys.0.len()
    }

    /// Whether there are keys that are held back.
    pub(super) fn is_holding(&self) -> bool {
        !self.held.is_empty()
    }

    /// Takes the keys that are held back: no more follow.
    pub(super) fn take_held(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.held)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_written_as_for_docker() {
        for (text, keys) in [
            ("ctrl-p,ctrl-q", &[0x10, 0x11][..]),
            ("ctrl-@,ctrl-[,ctrl-\\,ctrl-],ctrl-^,ctrl-_", &[0, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f]),
            ("~,.", b"~."),
            ("ctrl-a", &[1]),
        ] {
            assert_eq!(*text.parse::<DetachKeys>().unwrap().0, *keys, "{text}");
        }
        for text in ["", "a,", "ctrl-", "ctrl-A", "ctrl-pp", "alt-a", "ä", "\u{1}"] {
            assert!(text.parse::<DetachKeys>().unwrap_err().is_invalid(), "{text}");
        }
        assert!(vec!["a"; 33].join(",").parse::<DetachKeys>().is_err());
    }

    fn filter(keys: &str, input: &[&[u8]]) -> (Vec<u8>, bool) {
        let mut filter = DetachFilter::new(keys.parse().unwrap());
        let mut bytes = Vec::new();
        for part in input {
            let filtered = filter.filter(part);
            bytes.extend(filtered.bytes);
            if filtered.is_detached {
                return (bytes, true);
            }
        }
        (bytes, false)
    }

    #[test]
    fn the_sequence_is_found_however_it_is_cut() {
        for (input, expected) in [
            (&[&b"ls\x10\x11more"[..]][..], (&b"ls"[..], true)),
            (&[b"ls\x10", b"\x11"], (b"ls", true)),
            (&[b"\x10\x10\x11"], (b"\x10", true)),
            (&[b"a\x10b\x11"], (b"a\x10b\x11", false)),
            (&[b"a\x10"], (b"a", false)),
            (&[b"a\x10", b"b"], (b"a\x10b", false)),
            (&[], (b"", false)),
        ] {
            assert_eq!(filter("ctrl-p,ctrl-q", input), (expected.0.to_vec(), expected.1), "{input:?}");
        }
        assert_eq!(filter("a,a,b", &[b"aaab"]), (b"a".to_vec(), true));
    }
}
