use std::fmt;
use std::str::FromStr;

use crate::Str;
use crate::json::{DecodeError, Reader, Value, Writer};

/// A whole number of any width or a string, as custom resources use them; it is written exactly as it was read.
///
/// ```
/// use kubernetes_core::{IntOrText, json};
///
/// let size: IntOrText = json::from_str("4294967296")?;
/// assert_eq!(size.as_i64(), Some(4_294_967_296));
/// assert_eq!(json::to_string(&size)?, "4294967296");
/// let share: IntOrText = json::from_str(r#""25%""#)?;
/// assert_eq!(share.as_text(), Some("25%"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// `x-kubernetes-int-or-string` does not define a width, and API servers accept 64 bits;
/// [`IntOrString`](crate::IntOrString), which built-in types use, has 32.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct IntOrText(Form);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Form {
    /// A number, as JSON text.
    Int(Str),
    Text(Str),
}

impl IntOrText {
    /// The number, if it fits 64 bits.
    pub fn as_i64(&self) -> Option<i64> {
        match &self.0 {
            Form::Int(number) => number.parse().ok(),
            Form::Text(_) => None,
        }
    }

    /// The text, if it is a string.
    pub fn as_text(&self) -> Option<&str> {
        match &self.0 {
            Form::Int(_) => None,
            Form::Text(text) => Some(text),
        }
    }
}

impl Default for IntOrText {
    /// 0
    fn default() -> Self {
        Self(Form::Int(Str::from_static("0")))
    }
}

impl fmt::Display for IntOrText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Form::Int(text) | Form::Text(text) => fmt::Display::fmt(text, f),
        }
    }
}

impl From<i64> for IntOrText {
    fn from(number: i64) -> Self {
        Self(Form::Int(number.to_string().into()))
    }
}

impl From<i32> for IntOrText {
    fn from(number: i32) -> Self {
        i64::from(number).into()
    }
}

impl From<&str> for IntOrText {
    /// Always the string variant, even for digits; [`str::parse`] turns these into a number.
    fn from(text: &str) -> Self {
        Self(Form::Text(text.into()))
    }
}

impl From<String> for IntOrText {
    fn from(text: String) -> Self {
        Self(Form::Text(text.into()))
    }
}

impl FromStr for IntOrText {
    type Err = std::convert::Infallible;

    /// A number if the text is one that fits 64 bits, as kubectl parses ports.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(text.parse::<i64>().map_or_else(|_| Self::from(text), Self::from))
    }
}

impl Value for IntOrText {
    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        self.0 = match reader.token() {
            Some(b'"') => Form::Text(reader.string()?.into()),
            Some(b'-' | b'0'..=b'9') => Form::Int(reader.raw()?.into()),
            Some(b'n') if reader.null()? => Self::default().0,
            _ => return Err(reader.expected("an integer or a string")),
        };
        Ok(())
    }

    fn write(&self, writer: &mut Writer) {
        match &self.0 {
            Form::Int(number) => writer.raw(number),
            Form::Text(text) => writer.string(text),
        }
    }
}
crate::serde_by_json!(IntOrText);
