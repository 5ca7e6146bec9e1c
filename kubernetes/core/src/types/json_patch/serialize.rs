//! Serializes a patch with serde without losing digits of numbers.

use serde::ser::{Error as _, SerializeMap as _};
use serde::{Serialize, Serializer};

use super::{JsonPatch, Operation};
use crate::json::{self, Tree};

impl Serialize for JsonPatch {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.failure {
            Some(failure) => Err(S::Error::custom(failure)),
            None => self.operations.serialize(serializer),
        }
    }
}

impl Serialize for Operation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("op", self.op)?;
        if let Some(from) = &self.from {
            map.serialize_entry("from", from)?;
        }
        map.serialize_entry("path", &self.path)?;
        if let Some(value) = &self.value {
            let value: Tree = json::from_str(value.as_str()).map_err(S::Error::custom)?;
            map.serialize_entry("value", &Exact(&value))?;
        }
        map.end()
    }
}

/// A document whose numbers keep their exact value.
struct Exact<'a>(&'a Tree);

impl Serialize for Exact<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Tree::Null => serializer.serialize_unit(),
            Tree::Bool(value) => serializer.serialize_bool(*value),
            Tree::Number(text) => number(text, serializer),
            Tree::String(text) => serializer.serialize_str(text),
            Tree::List(items) => serializer.collect_seq(items.iter().map(Exact)),
            Tree::Object(fields) => {
                serializer.collect_map(fields.iter().map(|(key, value)| (key.as_str(), Exact(value))))
            }
        }
    }
}

fn number<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    if let Ok(integer) = text.parse::<i64>() {
        return serializer.serialize_i64(integer);
    }
    if let Ok(integer) = text.parse::<u64>() {
        return serializer.serialize_u64(integer);
    }
    if let Ok(integer) = text.parse::<i128>() {
        return serializer.serialize_i128(integer);
    }
    if let Ok(integer) = text.parse::<u128>() {
        return serializer.serialize_u128(integer);
    }
    match text.parse::<f64>() {
        Ok(float) if Decimal::of(text) == Decimal::of(&format!("{float:e}")) => serializer.serialize_f64(float),
        _ => Err(S::Error::custom(format_args!(
            "serde can't represent all digits of the number {}; send the patch with Patch::json",
            text.chars().take(80).collect::<String>()
        ))),
    }
}

/// The normalized value of a number: its significant digits, and the power of ten of the last one.
#[derive(PartialEq)]
struct Decimal {
    digits: String,
    exponent: i64,
}

impl Decimal {
    /// `None` if the exponent is out of range, or the text is not a number.
    fn of(text: &str) -> Option<Self> {
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = [whole.trim_start_matches('-'), fraction].concat();
        let significant = digits.trim_end_matches('0');
        let exponent = exponent.parse::<i64>().ok()?.checked_sub(fraction.len().try_into().ok()?)?;
        let exponent = exponent.checked_add((digits.len() - significant.len()).try_into().ok()?)?;
        let digits = significant.trim_start_matches('0').to_owned();
        let exponent = if digits.is_empty() { 0 } else { exponent };
        Some(Self { digits, exponent })
    }
}
