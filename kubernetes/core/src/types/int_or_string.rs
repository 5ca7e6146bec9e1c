use std::fmt;

use crate::Str;
use crate::json::{DecodeError, Reader, Value, Writer};

/// A number or a text: a port by number or name, an amount or a percentage.
///
/// ```
/// use kubernetes_core::IntOrString;
///
/// assert_eq!(IntOrString::from(80).to_string(), "80");
/// assert_eq!(IntOrString::from("25%").percentage(), Some(25));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum IntOrString {
    /// A number.
    Int(i32),
    /// A text.
    String(Str),
}

impl IntOrString {
    /// The number before the `%` of a percentage.
    pub fn percentage(&self) -> Option<i32> {
        match self {
            Self::Int(_) => None,
            Self::String(text) => text.strip_suffix('%')?.parse().ok(),
        }
    }
}

impl Default for IntOrString {
    fn default() -> Self {
        Self::Int(0)
    }
}

impl fmt::Display for IntOrString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(number) => fmt::Display::fmt(number, f),
            Self::String(text) => fmt::Display::fmt(text, f),
        }
    }
}

impl From<i32> for IntOrString {
    fn from(number: i32) -> Self {
        Self::Int(number)
    }
}

impl From<&str> for IntOrString {
    fn from(text: &str) -> Self {
        Self::String(text.into())
    }
}

impl Value for IntOrString {
    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        *self = match reader.token() {
            Some(b'"') => Self::String(reader.string()?.into()),
            Some(b'n' | b'-' | b'0'..=b'9') => {
                let mut number = 0i32;
                number.read(reader)?;
                Self::Int(number)
            }
            _ => return Err(reader.expected("an integer or a string")),
        };
        Ok(())
    }

    fn write(&self, writer: &mut Writer) {
        match self {
            Self::Int(number) => writer.display(number),
            Self::String(text) => writer.string(text),
        }
    }
}
crate::serde_by_json!(IntOrString);
