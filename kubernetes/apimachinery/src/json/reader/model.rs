//! Models: objects whose fields are known by name.

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
        match self.token() {
            Some(b'{') => self.enter()?,
            Some(b'n') => return self.literal("null"),
            _ => return Err(self.expected("an object")),
        }
        let order = self.caches.orders.of(names);
        let (mut first, mut place) = (true, order + names.len());
        loop {
            let (expected, key) = self.caches.orders.after(place);
            if let Some(field) = fields.get_mut(expected)
                && self.take_key(key, first)
            {
                (first, place) = (false, order + expected);
                self.caches.orders.place = place;
                field.read_any(self).map_err(|error| error.in_field(names[place - order]))?;
            } else if self.next_in(b'}', &mut first)? {
                place = self.unexpected_field(names, order, fields, place, unknown)?;
            } else {
                return Ok(());
            }
        }
    }

    /// Notes the field whose value is about to be read, to record its length there.
    #[inline]
    pub(crate) fn place(&self) -> usize {
        self.caches.orders.place
    }

    /// How many elements, of `size` bytes each, a list or map in this place is expected to have: as many as the last one,
    /// which may be of another document, if the budget of this one has room for them.
    pub(crate) fn expected_length(&self, place: usize, size: usize) -> usize {
        let last = self.caches.orders.fields.get(place).map_or(0, |field| usize::from(field.length));
        last.min(self.memory / size.max(1)).max(1)
    }

    pub(crate) fn note_length(&mut self, place: usize, length: usize) {
        if let Some(field) = self.caches.orders.fields.get_mut(place) {
            field.length = length.try_into().unwrap_or(0);
        }
    }

    /// Consumes the key with its colon, and the comma before it unless it is the first, if they are the very next text.
    #[inline(always)]
    fn take_key(&mut self, key: Key, first: bool) -> bool {
        let Some(key) = self.caches.orders.text_of(key, first) else { return false };
        let found = self.bytes().get(self.position..).and_then(|rest| rest.get(..key.len()));
        if !found.is_some_and(|found| is_same_key(found, key)) {
            return false;
        }
        self.position += key.len();
        true
    }

    /// Reads a field that is not the one expected after that in `place`, and returns the place of the last known one.
    fn unexpected_field(
        &mut self,
        names: &'static [&'static str],
        order: usize,
        fields: &mut [&mut dyn AnyValue],
        place: usize,
        unknown: &mut dyn FnMut(&mut Self, &str) -> Result<()>,
    ) -> Result<usize> {
        let (other, key) = self.caches.orders.other(order, place);
        if let Some(field) = fields.get_mut(other)
            && self.take_key(key, true)
        {
            self.caches.orders.learn(order, place, other, names);
            return field.read_any(self).map(|()| order + other).map_err(|error| error.in_field(names[other]));
        }
        let key = match self.plain_string() {
            Some(key) => {
                self.colon()?;
                key.into()
            }
            // An escape, white space, or no key at all.
            None => self.key()?,
        };
        match names.iter().position(|name| **name == *key).and_then(|index| Some((index, fields.get_mut(index)?))) {
            Some((index, field)) => {
                self.caches.orders.learn(order, place, index, names);
                field.read_any(self).map_err(|error| error.in_field(&key))?;
                Ok(order + index)
            }
            None => {
                unknown(self, &key).map_err(|error| error.in_field(&key))?;
                Ok(place)
            }
        }
    }
}

/// Whether two texts of the same length are equal, and have at least the four characters of a key.
///
/// Keys are short, so this is faster than calling the C library's comparison.
#[inline(always)]
fn is_same_key(a: &[u8], b: &[u8]) -> bool {
    match (a.first_chunk::<8>(), b.first_chunk::<8>(), a.last_chunk::<8>(), b.last_chunk::<8>()) {
        (Some(a_first), Some(b_first), Some(a_last), Some(b_last)) => {
            let ends = a_first == b_first && a_last == b_last;
            ends && match (a.first_chunk::<16>(), b.first_chunk::<16>(), a.last_chunk::<16>(), b.last_chunk::<16>()) {
                (Some(a_first), Some(b_first), Some(a_last), Some(b_last)) => {
                    a_first == b_first && a_last == b_last && (a.len() <= 32 || is_same_long_key(a, b))
                }
                _ => true,
            }
        }
        _ => match (a.first_chunk::<4>(), b.first_chunk::<4>(), a.last_chunk::<4>(), b.last_chunk::<4>()) {
            (Some(a_first), Some(b_first), Some(a_last), Some(b_last)) => a_first == b_first && a_last == b_last,
            _ => false,
        },
    }
}

#[cold]
fn is_same_long_key(a: &[u8], b: &[u8]) -> bool {
    a == b
}

const SLOTS: usize = 256;
/// The order of fields of a type that has no slot.
const NONE: usize = usize::MAX >> 1;

/// The order of fields in the most recent objects of each type.
///
/// A server always writes the fields of a type in the same order, so the next key is nearly always one of the two that
/// followed in previous objects. Comparing it is a tenth of the work of finding its end and looking it up.
#[derive(Default)]
pub(super) struct Orders {
    /// Each type in a slot that its address determines.
    types: Vec<Type>,
    /// The fields of all types; those of a type are followed by one that stands before its first.
    fields: Vec<Field>,
    /// Keys as they stand in an object, `,"name":`, one after the other.
    keys: Vec<u8>,
    place: usize,
}

#[derive(Clone, Copy, Default)]
struct Type {
    /// The address of the names of its fields, and their number: other names may begin at the same address. 0 in an
    /// empty slot.
    names: (usize, usize),
    /// The index of its first field.
    start: usize,
}

/// The range of a key in the text of all; empty until its field has been seen.
#[derive(Clone, Copy, Default)]
struct Key {
    start: u32,
    end: u32,
}

#[derive(Clone, Copy)]
struct Field {
    key: Key,
    /// The key of the next field.
    next_key: Key,
    /// The fields that followed last, the most recent first.
    next: u8,
    other: u8,
    /// The last number of elements, if the field is a list or map.
    length: u8,
}

impl Field {
    const UNKNOWN: Self = {
        let none = Key { start: 0, end: 0 };
        Self { key: none, next_key: none, next: u8::MAX, other: u8::MAX, length: 0 }
    };
}

impl Orders {
    pub(super) const fn new() -> Self {
        Self { types: Vec::new(), fields: Vec::new(), keys: Vec::new(), place: 0 }
    }

    pub(super) fn enable(&mut self) {
        if self.types.is_empty() {
            self.types = vec![Type::default(); SLOTS];
        }
    }

    /// The index at which the order of a type's fields begins. It is only a guess: with very many types, some have
    /// none.
    #[inline]
    fn of(&mut self, names: &'static [&'static str]) -> usize {
        let address = names.as_ptr() as usize;
        let slot = ((address >> 4) ^ (address >> 12)) % SLOTS;
        match self.types.get(slot) {
            Some(of_type) if of_type.names == (address, names.len()) => of_type.start,
            Some(_) => self.in_other_slot(slot, names),
            None => NONE,
        }
    }

    #[cold]
    fn in_other_slot(&mut self, first: usize, names: &'static [&'static str]) -> usize {
        let identity = (names.as_ptr() as usize, names.len());
        let mut slots = (first..first + 8).map(|slot| slot % SLOTS);
        let Some(slot) = slots.find(|slot| [(0, 0), identity].contains(&self.types[*slot].names)) else { return NONE };
        if self.types[slot].names == (0, 0) {
            let start = self.fields.len();
            self.fields.resize(start + names.len() + 1, Field::UNKNOWN);
            self.types[slot] = Type { names: identity, start };
        }
        self.types[slot].start
    }

    /// The field that is expected after that in `place`, with its key.
    #[inline]
    fn after(&self, place: usize) -> (usize, Key) {
        self.fields.get(place).map_or((NONE, Key::default()), |field| (field.next.into(), field.next_key))
    }

    /// The field that is expected if it is not the most probable one, with its key.
    fn other(&self, order: usize, place: usize) -> (usize, Key) {
        let other = self.fields.get(place).map_or(NONE, |field| field.other.into());
        (other, self.fields.get(order + other).map_or(Key::default(), |other| other.key))
    }

    /// A key with the comma before it unless it is the first of an object.
    #[inline(always)]
    fn text_of(&self, key: Key, first: bool) -> Option<&[u8]> {
        self.keys.get(key.start as usize + usize::from(first)..key.end as usize)
    }

    #[cfg(test)]
    pub(super) fn memory(&self) -> usize {
        self.types.capacity() + self.fields.capacity()
    }

    /// Notes which field has followed that in `place`, and that it is read now.
    fn learn(&mut self, order: usize, place: usize, next: usize, names: &'static [&'static str]) {
        self.place = order + next;
        let Some((Field { key, .. }, name)) = self.fields.get_mut(order + next).zip(names.get(next)) else { return };
        if key.end == 0 {
            let start = self.keys.len() as u32;
            self.keys.extend_from_slice(format!(",\"{name}\":").as_bytes());
            *key = Key { start, end: self.keys.len() as u32 };
        }
        let next_key = *key;
        if let (Some(field), Ok(next)) = (self.fields.get_mut(place), next.try_into()) {
            *field = Field { next_key, next, other: field.next, ..*field };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::is_same_key;

    #[test]
    fn keys_of_any_length_that_differ_in_one_byte_are_told_apart() {
        for length in 0..40 {
            let key: Vec<u8> = (0..length).collect();
            assert_eq!(is_same_key(&key, &key.clone()), length >= 4, "of {length} bytes");
            for at in 0..key.len() {
                let mut other = key.clone();
                other[at] ^= 0x20;
                assert!(!is_same_key(&key, &other), "byte {at} of {length}");
            }
        }
    }
}
