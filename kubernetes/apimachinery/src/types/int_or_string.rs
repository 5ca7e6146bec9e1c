use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use crate::Str;
use crate::json::{DecodeError, Reader, Value, Writer};

/// A number or a string: a port number or name, an amount or a percentage.
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
    pub fn percentage(&self) -> Option<i64> {
        match self {
            Self::Int(_) => None,
            Self::String(text) => text.strip_suffix('%')?.parse().ok(),
        }
    }

    /// The number, or the percentage of `total` rounded up, as for `maxSurge`.
    ///
    /// ```
    /// # use kubernetes_core::IntOrString;
    /// assert_eq!(IntOrString::from("25%").scaled_up(10)?, 3);
    /// assert_eq!(IntOrString::from("25%").scaled_down(10)?, 2);
    /// assert_eq!(IntOrString::from(4).scaled_up(10)?, 4);
    /// # Ok::<(), kubernetes_core::ParsePercentageError>(())
    /// ```
    ///
    /// Like Go's `GetScaledValueFromIntOrPercent`, which computes with doubles:
    /// <https://github.com/kubernetes/apimachinery/blob/v0.37.2/pkg/util/intstr/intstr.go>
    ///
    /// # Errors
    /// Returns an error if it is a string other than an integer followed by `%`.
    pub fn scaled_up(&self, total: i64) -> Result<i64, ParsePercentageError> {
        self.scaled(total, f64::ceil)
    }

    /// The number, or the percentage of `total` rounded down, as for `maxUnavailable`.
    ///
    /// # Errors
    /// Returns an error if it is a string other than an integer followed by `%`.
    pub fn scaled_down(&self, total: i64) -> Result<i64, ParsePercentageError> {
        self.scaled(total, f64::floor)
    }

    fn scaled(&self, total: i64, round: fn(f64) -> f64) -> Result<i64, ParsePercentageError> {
        match (self, self.percentage()) {
            (Self::Int(number), _) => Ok(i64::from(*number)),
            (_, Some(percentage)) => Ok(round(percentage as f64 * total as f64 / 100.0) as i64),
            (Self::String(text), None) => Err(ParsePercentageError(text.chars().take(80).collect())),
        }
    }
}

/// The error for a text that is not a percentage.
#[derive(Clone, PartialEq, Eq)]
pub struct ParsePercentageError(Str);

crate::error_text!(ParsePercentageError);

impl ParsePercentageError {
    fn write_message(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is neither a number nor a percentage such as \"25%\"", self.0.as_str())
    }
}

impl std::error::Error for ParsePercentageError {}

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
    /// Always the string variant, even for digits; [`str::parse`] turns these into a number.
    fn from(text: &str) -> Self {
        Self::String(text.into())
    }
}

impl From<String> for IntOrString {
    fn from(text: String) -> Self {
        Self::String(text.into())
    }
}

impl FromStr for IntOrString {
    type Err = Infallible;

    /// A number if the text is one, as kubectl parses ports.
    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(text.parse().map_or_else(|_| Self::from(text), Self::Int))
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
            Self::Int(number) => writer.integer((*number).into()),
            Self::String(text) => writer.string(text),
        }
    }
}
crate::serde_by_json!(IntOrString);
