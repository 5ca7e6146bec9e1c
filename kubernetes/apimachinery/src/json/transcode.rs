use serde::{Deserializer, Serializer, de, ser};

use super::Value;

/// Serializes a value into any serde format, by way of its JSON text.
///
/// # Errors
/// Returns an error if the serializer fails.
pub fn serialize<V: Value, S: Serializer>(value: &V, serializer: S) -> Result<S::Ok, S::Error> {
    let text = super::to_string(value).map_err(ser::Error::custom)?;
    let mut source = serde_json::Deserializer::from_str(&text);
    serde_transcode::transcode(&mut source, serializer).map_err(ser::Error::custom)
}

/// Deserializes a value from any serde format, by way of its JSON text.
///
/// It uses no feature specific to serde_json, so it works inside `flatten`, `untagged` and tagged types.
///
/// # Errors
/// Returns an error if the input cannot be read, or does not fit the type.
pub fn deserialize<'de, V: Value, D: Deserializer<'de>>(deserializer: D) -> Result<V, D::Error> {
    let mut text = Vec::new();
    serde_transcode::transcode(deserializer, &mut serde_json::Serializer::new(&mut text)).map_err(de::Error::custom)?;
    super::from_slice(&text).map_err(de::Error::custom)
}
