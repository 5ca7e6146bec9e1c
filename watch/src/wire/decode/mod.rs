use std::borrow::Cow;

use kubernetes_core::json::{Caches, DecodeError, Reader, Value};
use kubernetes_core::{Object, Status, Str, TableRow};

/// The annotation of the bookmark that ends the initial events of a streaming list (KEP-3157).
const INITIAL_EVENTS_END: &str = "k8s.io/initial-events-end";

/// The maximum number of characters kept of an error that is not a `Status`.
const MAX_MESSAGE: usize = 200;

/// An event as the server sends it.
#[derive(Debug)]
pub(crate) enum WatchEvent {
    /// An event with an object, which was read into the slot, and its version.
    Object(EventKind, Str),
    Bookmark {
        version: Str,
        ends_initial_events: bool,
    },
    Error(Status),
}

/// The change of an object.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum EventKind {
    Added,
    Modified,
    Deleted,
}

/// The place for the next object. The code that reads it does not depend on its type, so it is compiled just once
/// instead of once for each watched type.
pub(crate) trait Slot {
    /// Reads an object, and returns its version.
    fn read_object(&mut self, reader: &mut Reader<'_>) -> Result<Str, DecodeError>;
}

impl<K: Object> Slot for Option<K> {
    fn read_object(&mut self, reader: &mut Reader<'_>) -> Result<Str, DecodeError> {
        K::decode_into(self, reader)?;
        match self.as_ref().and_then(|object| object.metadata().resource_version.as_ref()) {
            Some(version) if !version.is_empty() => Ok(version.clone()),
            _ => Err(without_version(reader)),
        }
    }
}

/// Decodes `{"type": …, "object": …}`: the object is read in place if `type` precedes it (otherwise its text is scanned
/// twice).
///
/// Invalid UTF-8 becomes U+FFFD, as in logs: it can only occur in strings, and must not affect other events.
///
/// A bare `Status`, as some gateways send it in place of an event, is treated as an `ERROR` event.
///
/// The objects of a watch have as much in common as those of a list, so what is learned from one event helps with the
/// next.
///
/// # Errors
/// Returns an error if the line is not such a document, or the object has no resourceVersion.
pub(crate) fn decode(line: &[u8], slot: &mut dyn Slot, caches: &mut Caches) -> Result<WatchEvent, DecodeError> {
    let text = std::str::from_utf8(line).map_or_else(|_| String::from_utf8_lossy(line), Cow::Borrowed);
    let mut reader = Reader::with_caches(&text, std::mem::take(caches));
    let event = read(&text, &mut reader, slot);
    *caches = reader.into_caches();
    event
}

fn read(line: &str, reader: &mut Reader<'_>, slot: &mut dyn Slot) -> Result<WatchEvent, DecodeError> {
    let mut event_type = None;
    let mut event = None;
    let mut later = None;
    let mut bare_status = false;
    reader.begin_object()?;
    let mut first = true;
    while let Some(key) = reader.next_key(&mut first)? {
        match (&*key, event_type) {
            ("type", _) => event_type = Some(EventType::read(reader).map_err(|error| error.in_field("type"))?),
            ("object", Some(event_type)) => event = Some(read_object(event_type, reader, slot)?),
            ("object", None) => later = Some(reader.raw()?),
            ("kind", None) => bare_status = reader.token() == Some(b'"') && reader.string()? == "Status",
            _ => reader.skip()?,
        }
    }
    reader.end()?;
    match (event_type, event, later) {
        (Some(_), Some(event), _) => Ok(event),
        (Some(event_type), None, Some(text)) => read_object(event_type, &mut Reader::new(text), slot),
        (Some(_), None, None) => Err(reader.error("the event has no `object`")),
        (None, ..) if bare_status => kubernetes_core::json::from_str(line).map(WatchEvent::Error),
        (None, ..) => Err(reader.error("the event has no `type`")),
    }
}

#[derive(Clone, Copy)]
enum EventType {
    Object(EventKind),
    Bookmark,
    Error,
}

impl EventType {
    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let text = reader.string()?;
        Ok(match &*text {
            "ADDED" => Self::Object(EventKind::Added),
            "MODIFIED" => Self::Object(EventKind::Modified),
            "DELETED" => Self::Object(EventKind::Deleted),
            "BOOKMARK" => Self::Bookmark,
            "ERROR" => Self::Error,
            _ => {
                let text: String = text.chars().take(40).collect();
                return Err(reader.error(format!("unknown type of event {text:?}")));
            }
        })
    }
}

fn read_object(event_type: EventType, reader: &mut Reader<'_>, slot: &mut dyn Slot) -> Result<WatchEvent, DecodeError> {
    let received = match event_type {
        EventType::Object(kind) => slot.read_object(reader).map(|version| WatchEvent::Object(kind, version)),
        EventType::Bookmark => read_bookmark(reader),
        EventType::Error => reader.raw().map(|text| WatchEvent::Error(read_status(text))),
    };
    received.map_err(|error| error.in_field("object"))
}

/// Reads the object of an error, which is a `Status`; for anything else, the text becomes the message.
fn read_status(text: &str) -> Status {
    kubernetes_core::json::from_str(text).unwrap_or_else(|_| {
        let message = kubernetes_core::json::from_str(text).unwrap_or_else(|_| text.to_owned());
        Status { message: Some(message.chars().take(MAX_MESSAGE).collect::<String>().into()), ..Status::default() }
    })
}

/// Reads only the fields of a bookmark, whose object is of the watched type with hardly any field set.
fn read_bookmark(reader: &mut Reader<'_>) -> Result<WatchEvent, DecodeError> {
    let mut version = Str::default();
    let mut ends_initial_events = false;
    reader.begin_object()?;
    let mut first = true;
    while let Some(key) = reader.next_key(&mut first)? {
        match &*key {
            "metadata" => {
                let mut metadata = kubernetes_core::ObjectMeta::default();
                metadata.read(reader).map_err(|error| error.in_field("metadata"))?;
                ends_initial_events |= ends_initial(&metadata);
                version = metadata.resource_version.unwrap_or_default();
            }
            // A table, whose own metadata has no annotations.
            "rows" => {
                let mut rows = Vec::<TableRow>::new();
                rows.read(reader).map_err(|error| error.in_field("rows"))?;
                let mut metadata = rows.iter().filter_map(|row| row.object_metadata().ok().flatten());
                ends_initial_events |= metadata.any(|metadata| ends_initial(&metadata));
            }
            _ => reader.skip()?,
        }
    }
    if version.is_empty() {
        return Err(without_version(reader));
    }
    Ok(WatchEvent::Bookmark { version, ends_initial_events })
}

fn ends_initial(metadata: &kubernetes_core::ObjectMeta) -> bool {
    metadata.annotations.get(INITIAL_EVENTS_END).is_some_and(|value| *value == "true")
}

/// Such an object must not be skipped, as the watch would not know where to resume.
fn without_version(reader: &Reader<'_>) -> DecodeError {
    reader.error("no resourceVersion").in_field("metadata")
}

#[cfg(test)]
mod tests;
