//! Functions called by derived code: the parts of reading and writing that are the same for all types.
//!
//! Not for direct use: this module may change in any release.

use crate::json::{self, DecodeError, Reader, Value, Writer};
use crate::schema::Schema;
use crate::{Json, Map, Rest, Str};

/// The value of the field `name`, which identifies an object's variant. The reader does not advance.
///
/// # Errors
/// Returns an error if the object has no such field.
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

/// The value of an absent field: its default value, given as JSON.
///
/// # Errors
/// Returns an error if the default value does not fit the type.
pub fn default_value<V: Value>(name: &str, value: &str) -> Result<V, DecodeError> {
    json::from_str(value).map_err(|error| error.in_field(name))
}

/// The error for a value that is not one of the texts or variants of its type.
pub fn no_variant(reader: &Reader<'_>, names: &[&str]) -> DecodeError {
    reader.error(format!("expected one of {}", names.join(", ")))
}

/// Reads a flattened value from the fields of an object that the object's own type does not declare.
///
/// # Errors
/// Returns an error if they do not fit the type.
pub fn flattened<V: Value>(rest: &Map<Json>) -> Result<V, DecodeError> {
    let mut writer = Writer::new();
    rest.write(&mut writer);
    // JSON that was read is written without errors.
    json::from_str(&writer.finish().unwrap_or_default())
}

/// Like [`flattened`]; `None` if the object has none of the value's fields.
///
/// # Errors
/// Returns an error if they do not fit the type.
pub fn flattened_optional<V: Value + Schema>(rest: &Map<Json>) -> Result<Option<V>, DecodeError> {
    match rest.keys().any(|key| is_field_of::<V>(key)) {
        true => flattened(rest).map(Some),
        false => Ok(None),
    }
}

/// Removes the fields of a flattened value from the unknown ones.
pub fn remove_fields_of<V: Value + Schema>(rest: &mut Rest) {
    let known: Vec<Str> = rest.keys().filter(|key| is_field_of::<V>(key)).cloned().collect();
    for key in known {
        rest.remove(&key);
    }
}

fn is_field_of<V: Value + Schema>(name: &str) -> bool {
    V::FIELDS.contains(&name) || V::SCHEMA.has_member(name)
}
