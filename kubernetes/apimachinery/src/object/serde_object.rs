//! Reads and writes users' own types, which have serde derives but no fields for `apiVersion` and `kind`.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::StaticType;
use crate::json::{DecodeError, EncodeError, Reader, Writer};

/// Reads an object by its type's own `Deserialize`, after checking its `apiVersion` and `kind`.
///
/// # Errors
/// Returns an error if the object is of another type, or does not fit.
#[doc(hidden)]
pub fn from_serde_object<T: DeserializeOwned>(
    reader: &mut Reader<'_>,
    of_type: Option<StaticType>,
) -> Result<T, DecodeError> {
    let text = reader.raw()?;
    let start = reader.offset() - text.len();
    if let Some(of_type) = of_type {
        check_type(text, of_type).map_err(|error| error.behind(start))?;
    }
    serde_json::from_str(text).map_err(|error| with_path(text, start, &error))
}

/// Adds the path of the field to an error, for which serde_json gives only the line and column.
#[cold]
fn with_path(text: &str, start: usize, error: &serde_json::Error) -> DecodeError {
    let message = error.to_string();
    let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message);
    let line_start: usize = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
    let offset = line_start + error.column();
    let error = DecodeError::new(message.to_owned(), start + offset);
    in_path(&mut Reader::new(text), offset, error).unwrap_or_else(|error| error)
}

/// Reads a value, and returns the error with the path of the innermost value around an offset; as an error, if the
/// value ends before.
///
/// serde_json's position is the start of an object or list with the wrong type, and the end of any other value.
fn in_path(reader: &mut Reader<'_>, offset: usize, mut error: DecodeError) -> Result<DecodeError, DecodeError> {
    let token = reader.token();
    let read = match token {
        Some(b'{') => reader.begin_object(),
        Some(b'[') => reader.begin_list(),
        _ => reader.skip(),
    };
    let (mut first, mut index) = (true, 0);
    while read.is_ok() && matches!(token, Some(b'{' | b'[')) {
        let key = if token == Some(b'{') {
            reader.next_key(&mut first)
        } else {
            reader.next_element(&mut first).map(|more| more.then(Default::default))
        };
        let Ok(key) = key else { return Ok(error) };
        let Some(key) = key else { break };
        if reader.offset() > offset {
            return Ok(error);
        }
        error = match in_path(reader, offset, error) {
            Ok(error) if token == Some(b'{') => return Ok(error.in_field(&key)),
            Ok(error) => return Ok(error.in_index(index)),
            Err(error) => error,
        };
        index += 1;
    }
    if read.is_err() || reader.offset() >= offset { Ok(error) } else { Err(error) }
}

fn check_type(text: &str, of_type: StaticType) -> Result<(), DecodeError> {
    let mut reader = Reader::new(text);
    let mut first = true;
    reader.begin_object()?;
    while let Some(key) = reader.next_key(&mut first)? {
        let checked = match &*key {
            "apiVersion" => reader.constant(&of_type.api_version()),
            "kind" => reader.constant(of_type.kind),
            _ => reader.skip(),
        };
        checked.map_err(|error| error.in_field(&key))?;
    }
    Ok(())
}

/// Writes an object by its type's own `Serialize`, with its `apiVersion` and `kind` first unless it writes these
/// itself.
#[doc(hidden)]
pub fn to_serde_object<T: Serialize>(value: &T, of_type: Option<StaticType>, writer: &mut Writer) {
    let text = match serde_json::to_string(value) {
        Ok(text) => text,
        Err(error) => {
            writer.raw("null");
            return writer.fail(EncodeError::new(error.to_string()));
        }
    };
    let mut reader = Reader::new(&text);
    let Some(of_type) = of_type.filter(|_| reader.begin_object().is_ok()) else { return writer.raw(&text) };
    let written = fields_named_type(&mut reader).unwrap_or_default();
    writer.begin_object();
    if !written.0 {
        writer.key("apiVersion");
        writer.string(&of_type.api_version());
    }
    if !written.1 {
        writer.key("kind");
        writer.string(of_type.kind);
    }
    let fields = text.trim_start_matches('{');
    if !fields.starts_with('}') && written != (true, true) {
        writer.raw(",");
    }
    writer.raw(fields);
}

/// Whether an object, whose `{` has been read, has an `apiVersion` and a `kind`.
fn fields_named_type(reader: &mut Reader<'_>) -> Result<(bool, bool), DecodeError> {
    let mut found = (false, false);
    let mut first = true;
    while let Some(key) = reader.next_key(&mut first)? {
        found.0 |= key == "apiVersion";
        found.1 |= key == "kind";
        reader.skip()?;
    }
    Ok(found)
}
