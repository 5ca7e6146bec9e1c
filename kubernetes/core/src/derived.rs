//! Functions that the code of derives calls: parts of reading and writing that are the same for all types.
//!
//! Not for others, and without a promise to stay as it is.

use crate::json::{self, DecodeError, Reader, Value, Writer};
use crate::schema::Schema;
use crate::{Json, Map, Rest, Str};

/// The value of an object's field `name`, which says what the object is; the reader stays where it is.
///
/// # Errors
/// If there is none.
pub fn tag(reader: &mut Reader<'_>, name: &str) -> Result<Str, DecodeError> {
    let found = reader.lookahead(|reader| {
        let mut first = true;
        reader.begin_object()?;
        let mut found = None;
        while let Some(key) = reader.next_key(&mut first)? {
            match key == name && !reader.null()? {
                true => found = Some(Str::from(reader.string().map_err(|error| error.in_field(name))?)),
                false if key == name => {}
                false => reader.skip()?,
            }
        }
        Ok(found)
    })?;
    reader.required(name, found)
}

/// The value of a field that was absent: its default value, which is JSON.
///
/// # Errors
/// If the default value does not fit the type.
pub fn default_value<V: Value>(name: &str, value: &str) -> Result<V, DecodeError> {
    json::from_str(value).map_err(|error| error.in_field(name))
}

/// An error of a value that is none of the texts or variants of its type.
pub fn no_variant(reader: &Reader<'_>, names: &[&str]) -> DecodeError {
    reader.error(format!("expected one of {}", names.join(", ")))
}

/// A value whose fields are among those that an object has beside its own.
///
/// # Errors
/// If they do not fit the type.
pub fn flattened<V: Value>(rest: &Map<Json>) -> Result<V, DecodeError> {
    let mut writer = Writer::new();
    rest.write(&mut writer);
    // JSON that was read is written without errors.
    json::from_str(&writer.finish().unwrap_or_default())
}

/// As [`flattened`]; `None` if the object has none of the value's fields.
///
/// # Errors
/// If they do not fit the type.
pub fn flattened_optional<V: Value + Schema>(rest: &Map<Json>) -> Result<Option<V>, DecodeError> {
    match rest.keys().any(|key| is_field_of::<V>(key)) {
        true => flattened(rest).map(Some),
        false => Ok(None),
    }
}

/// Removes the fields of a flattened value from those that no type knows.
pub fn remove_fields_of<V: Value + Schema>(rest: &mut Rest) {
    let known: Vec<Str> = rest.keys().filter(|key| is_field_of::<V>(key)).cloned().collect();
    for key in known {
        rest.remove(&key);
    }
}

fn is_field_of<V: Value + Schema>(name: &str) -> bool {
    V::FIELDS.contains(&name) || V::SCHEMA.has_member(name)
}
