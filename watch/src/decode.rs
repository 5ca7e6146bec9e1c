use kubernetes_core::json::{DecodeError, Reader, Value};
use kubernetes_core::{Object, Status, Str};

/// The annotation of the bookmark that ends the initial events of a streaming list (KEP-3157).
const INITIAL_EVENTS_END: &str = "k8s.io/initial-events-end";

/// A line of a watch.
#[derive(Debug)]
pub(crate) enum Received {
    /// Of the object that was read, with its version.
    Change(Change, Str),
    Bookmark {
        version: Str,
        initial_events_end: bool,
    },
    Error(Status),
}

/// What happened to an object.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Change {
    Added,
    Modified,
    Deleted,
}

/// Where an object goes that is read. What reads it does not know its type, so that it is compiled once, and not again
/// for each type in the crate that watches it.
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

/// Decodes `{"type": …, "object": …}`: the object is read in place, as `type` stands before it (if not, its text is
/// passed over once more).
///
/// What is no UTF-8 becomes U+FFFD, as in a log: it can only stand in texts, and no other event shall be lost for it.
///
/// A `Status` that stands alone, as some gateways send it in place of an event, is taken for an `ERROR` event.
///
/// # Errors
/// If the line is no such document, or the object has no resourceVersion.
pub(crate) fn decode(line: &[u8], slot: &mut dyn Slot) -> Result<Received, DecodeError> {
    match std::str::from_utf8(line) {
        Ok(text) => decode_text(text, slot),
        Err(_) => decode_text(&String::from_utf8_lossy(line), slot),
    }
}

fn decode_text(line: &str, slot: &mut dyn Slot) -> Result<Received, DecodeError> {
    let mut reader = Reader::new(line);
    let mut event_type = None;
    let mut event = None;
    let mut later = None;
    let mut bare_status = false;
    reader.begin_object()?;
    let mut first = true;
    while let Some(key) = reader.next_key(&mut first)? {
        match (&*key, event_type) {
            ("type", _) => event_type = Some(EventType::read(&mut reader).map_err(|error| error.in_field("type"))?),
            ("object", Some(event_type)) => event = Some(read_object(event_type, &mut reader, slot)?),
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
        (None, ..) if bare_status => kubernetes_core::json::from_str(line).map(Received::Error),
        (None, ..) => Err(reader.error("the event has no `type`")),
    }
}

#[derive(Clone, Copy)]
enum EventType {
    Change(Change),
    Bookmark,
    Error,
}

impl EventType {
    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let text = reader.string()?;
        Ok(match &*text {
            "ADDED" => Self::Change(Change::Added),
            "MODIFIED" => Self::Change(Change::Modified),
            "DELETED" => Self::Change(Change::Deleted),
            "BOOKMARK" => Self::Bookmark,
            "ERROR" => Self::Error,
            _ => {
                let text: String = text.chars().take(40).collect();
                return Err(reader.error(format!("unknown type of event {text:?}")));
            }
        })
    }
}

fn read_object(event_type: EventType, reader: &mut Reader<'_>, slot: &mut dyn Slot) -> Result<Received, DecodeError> {
    let received = match event_type {
        EventType::Change(change) => slot.read_object(reader).map(|version| Received::Change(change, version)),
        EventType::Bookmark => read_bookmark(reader),
        EventType::Error => {
            let mut status = Status::default();
            status.read(reader).map(|()| Received::Error(status))
        }
    };
    received.map_err(|error| error.in_field("object"))
}

/// Reads only what a bookmark has: its object is one of the watched type with hardly any field set.
fn read_bookmark(reader: &mut Reader<'_>) -> Result<Received, DecodeError> {
    let mut version = Str::default();
    let mut initial_events_end = false;
    reader.begin_object()?;
    let mut first = true;
    while let Some(key) = reader.next_key(&mut first)? {
        if key != "metadata" {
            reader.skip()?;
            continue;
        }
        let mut metadata = kubernetes_core::ObjectMeta::default();
        metadata.read(reader).map_err(|error| error.in_field("metadata"))?;
        initial_events_end = metadata.annotations.get(INITIAL_EVENTS_END).is_some_and(|value| *value == "true");
        version = metadata.resource_version.unwrap_or_default();
    }
    if version.is_empty() {
        return Err(without_version(reader));
    }
    Ok(Received::Bookmark { version, initial_events_end })
}

/// Such an object must not be passed over: the watch could not tell from where to resume.
fn without_version(reader: &Reader<'_>) -> DecodeError {
    reader.error("no resourceVersion").in_field("metadata")
}

#[cfg(test)]
#[path = "decode_tests.rs"]
mod tests;
