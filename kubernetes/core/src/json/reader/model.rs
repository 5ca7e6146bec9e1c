//! Models: objects whose fields are known by name.

use super::{Reader, Result};
use crate::json::AnyValue;

impl Reader<'_> {
    /// Reads an object into a model that has these fields; unknown ones are skipped, and a null changes nothing.
    pub fn fields(&mut self, names: &'static [&'static str], fields: &mut [&mut dyn AnyValue]) -> Result<()> {
        if self.null()? {
            return Ok(());
        }
        self.begin_object()?;
        let order = Orders::slot(names);
        let (mut first, mut last) = (true, START);
        while self.next_in(b'}', &mut first)? {
            let expected = self.orders.after(order, last);
            match names.get(expected).zip(fields.get_mut(expected)) {
                Some((name, field)) if self.take_key(name) => {
                    last = expected;
                    field.read_any(self).map_err(|error| error.in_field(name))?;
                }
                _ => last = self.unexpected_field(names, fields, last)?,
            }
        }
        Ok(())
    }

    /// Consumes a key with its colon, if it is `name` and stands right here.
    #[inline]
    fn take_key(&mut self, name: &str) -> bool {
        let Some(rest) = self.bytes().get(self.position..) else { return false };
        let found = rest.strip_prefix(b"\"").and_then(|rest| rest.strip_prefix(name.as_bytes()));
        let found = found.is_some_and(|rest| rest.starts_with(b"\":"));
        if found {
            self.position += name.len() + 3;
        }
        found
    }

    /// Reads a field that is not the one expected after `last`, and returns the last known one.
    fn unexpected_field(
        &mut self,
        names: &'static [&'static str],
        fields: &mut [&mut dyn AnyValue],
        last: usize,
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
                self.orders.learn(Orders::slot(names), last, index);
                field.read_any(self).map_err(|error| error.in_field(&key))?;
                Ok(index)
            }
            None => {
                self.skip().map_err(|error| error.in_field(&key))?;
                Ok(last)
            }
        }
    }
}

/// The predecessor of an object's first field, and what is expected after a field that nothing has followed yet.
const START: usize = MOST_FIELDS - 1;
/// A model with more fields is read without expectations for those beyond.
const MOST_FIELDS: usize = 64;
const SLOTS: usize = 128;
/// In a shorter document too few objects repeat.
const LONG: usize = 16 << 10;

/// Which field followed which, in the objects of each type that were read last.
///
/// A server writes the fields of a type in the same order every time, so that the next key is nearly always the one
/// that came next in the object before: comparing it is a quarter of the work of finding its end and looking it up.
/// It is no more than a guess: types may share a slot.
#[derive(Clone)]
pub(super) struct Orders(Vec<[u8; MOST_FIELDS]>);

impl Orders {
    pub(super) fn for_text(text: &str) -> Self {
        Self(if text.len() < LONG { Vec::new() } else { vec![[START as u8; MOST_FIELDS]; SLOTS] })
    }

    #[inline]
    fn slot(names: &'static [&'static str]) -> usize {
        let address = names.as_ptr() as usize;
        ((address >> 4) ^ (address >> 11)) % SLOTS
    }

    #[inline]
    fn after(&self, slot: usize, field: usize) -> usize {
        self.0.get(slot).map_or(START, |next| usize::from(next[field % MOST_FIELDS]))
    }

    fn learn(&mut self, slot: usize, field: usize, next: usize) {
        if let (Some(order), Ok(next)) = (self.0.get_mut(slot), u8::try_from(next)) {
            order[field % MOST_FIELDS] = next;
        }
    }
}
