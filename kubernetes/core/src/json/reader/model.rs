//! Models: objects whose fields are known by name.

use super::shared::LONG;
use super::{Reader, Result};
use crate::json::AnyValue;

impl Reader<'_> {
    /// Reads an object into the fields of a model, which must have their default values. `names` has the name of each
    /// field, in the same order.
    ///
    /// Unknown fields are skipped, and a null changes nothing.
    ///
    /// # Errors
    /// Returns an error if a value does not fit its field.
    pub fn fields(&mut self, names: &'static [&'static str], fields: &mut [&mut dyn AnyValue]) -> Result<()> {
        self.fields_or(names, fields, &mut |reader, _| reader.skip())
    }

    /// Like [`fields`](Self::fields); but reads the value of an unknown field with `unknown`.
    pub(crate) fn fields_or(
        &mut self,
        names: &'static [&'static str],
        fields: &mut [&mut dyn AnyValue],
        unknown: &mut dyn FnMut(&mut Self, &str) -> Result<()>,
    ) -> Result<()> {
        debug_assert_eq!(names.len(), fields.len(), "a field without a name, or a name without a field: {names:?}");
        if self.null()? {
            return Ok(());
        }
        self.begin_object()?;
        let order = self.orders.slot(names);
        let (mut first, mut last) = (true, START);
        while self.next_in(b'}', &mut first)? {
            let expected = self.orders.after(order, last);
            match names.get(expected).zip(fields.get_mut(expected)) {
                Some((name, field)) if self.take_key(name) => {
                    last = expected;
                    self.orders.enter(order, expected);
                    field.read_any(self).map_err(|error| error.in_field(name))?;
                }
                _ => last = self.unexpected_field(names, order, fields, last, unknown)?,
            }
        }
        Ok(())
    }

    /// Notes the field whose value is about to be read, to record its length there.
    #[inline]
    pub(crate) fn place(&self) -> usize {
        self.orders.place
    }

    /// The number of elements of the last list or map in this place; 0 if there was none.
    pub(crate) fn last_length(&self, place: usize) -> usize {
        self.orders.lengths.get(place).map_or(0, |length| usize::from(*length))
    }

    pub(crate) fn note_length(&mut self, place: usize, length: usize) {
        if let Some(noted) = self.orders.lengths.get_mut(place) {
            *noted = length.try_into().unwrap_or(0);
        }
    }

    /// Consumes a key with its colon, if `name` is the very next text.
    #[inline]
    fn take_key(&mut self, name: &str) -> bool {
        let Some(rest) = self.bytes().get(self.position..) else { return false };
        let found = rest.strip_prefix(b"\"").and_then(|rest| rest.split_at_checked(name.len()));
        let found = found.is_some_and(|(key, rest)| rest.starts_with(b"\":") && same_text(key, name.as_bytes()));
        if found {
            self.position += name.len() + 3;
        }
        found
    }

    /// Reads a field that is not the one expected after `last`, and returns the last known one.
    fn unexpected_field(
        &mut self,
        names: &'static [&'static str],
        order: usize,
        fields: &mut [&mut dyn AnyValue],
        last: usize,
        unknown: &mut dyn FnMut(&mut Self, &str) -> Result<()>,
    ) -> Result<usize> {
        let key = match self.plain_string() {
            Some(key) => {
                self.colon()?;
                key.into()
            }
            // An escape, white space, or no key at all.
            None => self.key()?,
        };
        let found = names.iter().position(|name| *name == key);
        match found.and_then(|index| Some((index, fields.get_mut(index)?))) {
            Some((index, field)) => {
                self.orders.learn(order, last, index);
                self.orders.enter(order, index);
                field.read_any(self).map_err(|error| error.in_field(&key))?;
                Ok(index)
            }
            None => {
                unknown(self, &key).map_err(|error| error.in_field(&key))?;
                Ok(last)
            }
        }
    }
}

/// Whether two texts of the same length are equal.
///
/// Names are short, so this is faster than calling the C library's comparison.
#[inline]
fn same_text(a: &[u8], b: &[u8]) -> bool {
    match (a.first_chunk::<8>(), b.first_chunk::<8>(), a.last_chunk::<8>(), b.last_chunk::<8>()) {
        (Some(a_first), Some(b_first), Some(a_last), Some(b_last)) => {
            a_first == b_first && a_last == b_last && (a.len() <= 16 || a == b)
        }
        _ => match (a.first_chunk::<4>(), b.first_chunk::<4>(), a.last_chunk::<4>(), b.last_chunk::<4>()) {
            (Some(a_first), Some(b_first), Some(a_last), Some(b_last)) => a_first == b_first && a_last == b_last,
            _ => a.iter().eq(b),
        },
    }
}

/// The predecessor of an object's first field, and the expectation after a field that nothing has followed yet.
const START: usize = MOST_FIELDS - 1;
/// Fields beyond this number are read without expectations.
const MOST_FIELDS: usize = 64;
const SLOTS: usize = 128;

/// The order of fields in the most recent objects of each type.
///
/// A server always writes the fields of a type in the same order, so the next key is nearly always the one that
/// followed in the previous object. Comparing it is a quarter of the work of finding its end and looking it up.
#[derive(Default)]
pub(super) struct Orders {
    /// The address of the names of the type at the same index.
    types: Vec<usize>,
    next: Vec<[u8; MOST_FIELDS]>,
    /// The last number of elements of each field that is a list or map.
    lengths: Vec<u8>,
    place: usize,
}

impl Orders {
    pub(super) fn for_text(text: &str) -> Self {
        let slots = if text.len() < LONG { 0 } else { SLOTS };
        Self {
            types: vec![0; slots],
            next: vec![[START as u8; MOST_FIELDS]; slots],
            lengths: vec![0; slots * MOST_FIELDS],
            place: 0,
        }
    }

    /// The index at which the order of a type's fields is kept. It is only a guess: with very many types, some share an
    /// index.
    #[inline]
    fn slot(&mut self, names: &'static [&'static str]) -> usize {
        let address = names.as_ptr() as usize;
        let first = ((address >> 4) ^ (address >> 11)) % SLOTS;
        match self.types.get(first) {
            Some(known) if *known != address => self.other_slot(first, address),
            _ => first,
        }
    }

    #[cold]
    fn other_slot(&mut self, first: usize, address: usize) -> usize {
        let candidates = (first..first + 8).map(|slot| slot % SLOTS);
        let free = candidates.clone().find(|slot| [0, address].contains(&self.types[*slot]));
        let slot = free.unwrap_or(first);
        self.types[slot] = address;
        slot
    }

    #[inline]
    fn after(&self, slot: usize, field: usize) -> usize {
        self.next.get(slot).map_or(START, |next| usize::from(next[field % MOST_FIELDS]))
    }

    #[inline]
    fn enter(&mut self, slot: usize, field: usize) {
        self.place = slot * MOST_FIELDS + field % MOST_FIELDS;
    }

    #[cfg(test)]
    pub(super) fn memory(&self) -> usize {
        self.types.capacity() + self.next.capacity() + self.lengths.capacity()
    }

    fn learn(&mut self, slot: usize, field: usize, next: usize) {
        if let (Some(order), Ok(next)) = (self.next.get_mut(slot), u8::try_from(next)) {
            order[field % MOST_FIELDS] = next;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::same_text;

    #[test]
    fn texts_of_any_length_that_differ_in_one_byte_are_told_apart() {
        for length in 0..40 {
            let text: Vec<u8> = (0..length).collect();
            assert!(same_text(&text, &text.clone()), "of {length} bytes");
            for at in 0..text.len() {
                let mut other = text.clone();
                other[at] ^= 0x20;
                assert!(!same_text(&text, &other), "byte {at} of {length}");
            }
        }
    }
}
