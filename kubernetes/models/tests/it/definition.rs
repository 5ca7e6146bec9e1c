use kubernetes_core::json::{self, DecodeError, Value};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A definition and the type that is made from it.
#[derive(Clone, Copy)]
pub(crate) struct Definition {
    pub(crate) name: &'static str,
    /// Decodes a document and encodes it again.
    pub(crate) round_trip: fn(&[u8]) -> Result<String, DecodeError>,
    /// The same by serde's traits, in a format that is not text.
    pub(crate) round_trip_by_serde: fn(serde_json::Value) -> serde_json::Result<serde_json::Value>,
}

impl Definition {
    pub(crate) const fn of<T: Value + Serialize + DeserializeOwned>(name: &'static str) -> Self {
        Self { name, round_trip: round_trip::<T>, round_trip_by_serde: round_trip_by_serde::<T> }
    }
}

fn round_trip<T: Value>(document: &[u8]) -> Result<String, DecodeError> {
    let value = json::from_slice::<T>(document)?;
    Ok(json::to_string(&value).expect("only types with serde derives fail to encode"))
}

fn round_trip_by_serde<T: Serialize + DeserializeOwned>(
    document: serde_json::Value,
) -> serde_json::Result<serde_json::Value> {
    serde_json::to_value(serde_json::from_value::<T>(document)?)
}
