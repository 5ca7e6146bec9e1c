use kubernetes_core::json::{DecodeError, Reader, Value};
use kubernetes_core::{Object, Status, Str};

/// The annotation of the bookmark that ends the initial events of a streaming list (KEP-3157).
const INITIAL_EVENTS_END: &str = "k8s.io/initial-events-end";

/// A line of a watch.
#[derive(Debug)]
pub(crate) enum Received<K> {
    Change(Change, K),
    Bookmark { version: Str, initial_events_end: bool },
    Error(Status),
}

/// What happened to an object.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Change {
    Added,
    Modified,
    Deleted,
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
pub(crate) fn decode<K: Object>(line: &[u8]) -> Result<Received<K>, DecodeError> {
    match std::str::from_utf8(line) {
        Ok(text) => decode_text(text),
        Err(_) => decode_text(&String::from_utf8_lossy(line)),
    }
}

fn decode_text<K: Object>(line: &str) -> Result<Received<K>, DecodeError> {
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
            ("object", Some(event_type)) => event = Some(read_object(event_type, &mut reader)?),
            ("object", None) => later = Some(reader.raw()?),
            ("kind", None) => bare_status = reader.token() == Some(b'"') && reader.string()? == "Status",
            _ => reader.skip()?,
        }
    }
    reader.end()?;
    match (event_type, event, later) {
        (Some(_), Some(event), _) => Ok(event),
        (Some(event_type), None, Some(text)) => read_object(event_type, &mut Reader::new(text)),
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

fn read_object<K: Object>(event_type: EventType, reader: &mut Reader<'_>) -> Result<Received<K>, DecodeError> {
    let received = match event_type {
        EventType::Change(change) => read_changed(reader).map(|object| Received::Change(change, object)),
        EventType::Bookmark => read_bookmark(reader),
        EventType::Error => {
            let mut status = Status::default();
            status.read(reader).map(|()| Received::Error(status))
        }
    };
    received.map_err(|error| error.in_field("object"))
}

fn read_changed<K: Object>(reader: &mut Reader<'_>) -> Result<K, DecodeError> {
    let mut object = K::default();
    object.read(reader)?;
    match object.metadata().resource_version.as_deref() {
        None | Some("") => Err(without_version(reader)),
        Some(_) => Ok(object),
    }
}

/// Reads only what a bookmark has: its object is one of the watched type with hardly any field set.
fn read_bookmark<K>(reader: &mut Reader<'_>) -> Result<Received<K>, DecodeError> {
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
