use bytes::Bytes;
use kubernetes_core::json::{Caches, DecodeError};

use super::EventTooLong;
use super::decode::{Slot, WatchEvent, decode};
use super::lines::Lines;
use super::values::{ValueScan, Values};

/// Reads events from a body that arrives in chunks of any size.
///
/// API servers send one event per line, which is read in place. Like client-go, it also reads any other sequence of
/// JSON values, such as several on a line, without line feeds, or with white space inside, as some proxies send them.
#[derive(Debug)]
pub(crate) struct EventReader {
    framing: Framing,
    caches: Caches,
}

#[derive(Debug)]
enum Framing {
    Lines(Lines),
    /// Lines have turned out not to be events.
    Values(Values),
}

/// The reason why the next event can't be read.
#[derive(Debug)]
pub(crate) enum ReadError {
    Undecodable(DecodeError),
    TooLong(EventTooLong),
    /// The body ended in the middle of an event.
    Truncated,
}

impl From<EventTooLong> for ReadError {
    fn from(error: EventTooLong) -> Self {
        Self::TooLong(error)
    }
}

impl Default for EventReader {
    fn default() -> Self {
        Self { framing: Framing::Lines(Lines::default()), caches: Caches::default() }
    }
}

impl EventReader {
    /// Adds the next chunk; must only be called after [`next`](Self::next) has returned `None`.
    pub(crate) fn push(&mut self, chunk: Bytes) {
        match &mut self.framing {
            Framing::Lines(lines) => lines.push(chunk),
            Framing::Values(values) => values.push(&chunk),
        }
    }

    /// The next event; `None` if more chunks are needed. An object is put into the slot.
    ///
    /// # Errors
    /// Returns an error if the bytes are not an event, or the event is too long.
    pub(crate) fn next(&mut self, slot: &mut dyn Slot) -> Result<Option<WatchEvent>, ReadError> {
        if let Framing::Lines(lines) = &mut self.framing {
            let Some(line) = lines.next()? else { return Ok(None) };
            match decode(line, slot, &mut self.caches) {
                Ok(event) => return Ok(Some(event)),
                Err(error) if is_one_event(line, &error) => return Err(ReadError::Undecodable(error)),
                Err(_) => self.framing = Framing::Values(Values::new(lines.take_with_last())),
            }
        }
        self.next_value(slot)
    }

    /// The next event if no more bytes are available for now: one whose line has not ended.
    ///
    /// # Errors
    /// See [`next`](Self::next).
    pub(crate) fn next_unterminated(&mut self, slot: &mut dyn Slot) -> Result<Option<WatchEvent>, ReadError> {
        if let Framing::Lines(lines) = &mut self.framing {
            if !lines.has_whole_value() {
                return Ok(None);
            }
            self.framing = Framing::Values(Values::new(lines.take()));
        }
        self.next_value(slot)
    }

    /// The next event at the end of the body; `None` if there is none.
    ///
    /// # Errors
    /// See [`next`](Self::next); also fails if the body ends in the middle of an event.
    pub(crate) fn next_at_end(&mut self, slot: &mut dyn Slot) -> Result<Option<WatchEvent>, ReadError> {
        if let Framing::Lines(lines) = &mut self.framing {
            self.framing = Framing::Values(Values::new(lines.take()));
        }
        match self.next_value(slot)? {
            Some(event) => Ok(Some(event)),
            None if matches!(&self.framing, Framing::Values(values) if values.is_blank()) => Ok(None),
            None => Err(ReadError::Truncated),
        }
    }

    fn next_value(&mut self, slot: &mut dyn Slot) -> Result<Option<WatchEvent>, ReadError> {
        let Framing::Values(values) = &mut self.framing else { return Ok(None) };
        match values.next()? {
            Some(value) => decode(value, slot, &mut self.caches).map(Some).map_err(ReadError::Undecodable),
            None => Ok(None),
        }
    }
}

/// Whether a line that can't be decoded is a single event or none, rather than several or the start of one.
fn is_one_event(line: &[u8], error: &DecodeError) -> bool {
    let mut scan = ValueScan::default();
    match scan.value_end(line) {
        Some(end) => line[end..].trim_ascii().is_empty(),
        None => scan.is_in_string() || !scan.has_begun() || error.offset() < line.trim_ascii_end().len(),
    }
}

#[cfg(test)]
mod tests;
