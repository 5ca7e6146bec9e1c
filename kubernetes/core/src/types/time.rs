use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::fmt::temporal::DateTimeParser;

use crate::json::{DecodeError, Reader, Value, Writer};

static PARSER: DateTimeParser = DateTimeParser::new();

macro_rules! time {
    ($(#[$attribute:meta])* $name:ident, $precision:literal) => {
        $(#[$attribute])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub Timestamp);

        impl $name {
            /// The present moment.
            pub fn now() -> Self {
                Self(Timestamp::now())
            }

            /// Whether this is Go's zero time, the first second of the year 1, which is written as `null`.
            pub fn is_zero(&self) -> bool {
                *self == Self::default()
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self(Timestamp::from_second(ZERO_SECOND).unwrap_or(Timestamp::MIN))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!("{:.", $precision, "}"), self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl From<Timestamp> for $name {
            fn from(timestamp: Timestamp) -> Self {
                Self(timestamp)
            }
        }

        impl FromStr for $name {
            type Err = jiff::Error;

            /// Reads a time of RFC 3339.
            fn from_str(text: &str) -> Result<Self, jiff::Error> {
                if !has_shape_of_rfc3339(text) {
                    return Err(jiff::Error::from_args(format_args!("expected a form such as 2006-01-02T15:04:05Z")));
                }
                PARSER.parse_timestamp(text).map(Self)
            }
        }

        impl Value for $name {
            fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
                *self = if reader.null()? {
                    Self::default()
                } else {
                    let text = reader.string()?;
                    text.parse().map_err(|error| reader.error(format!("not a time of RFC 3339: {error}")))?
                };
                Ok(())
            }

            fn write(&self, writer: &mut Writer) {
                if self.is_zero() {
                    return writer.raw("null");
                }
                writer.raw("\"");
                writer.display(self);
                writer.raw("\"");
            }
        }
        crate::serde_by_json!($name);
    };
}

/// The parser takes more than RFC 3339 has: other separators, a time zone in brackets.
fn has_shape_of_rfc3339(text: &str) -> bool {
    let at = |index: usize, wanted: &[u8]| text.as_bytes().get(index).is_some_and(|byte| wanted.contains(byte));
    at(4, b"-") && at(7, b"-") && at(10, b"Tt") && at(13, b":") && at(16, b":") && !text.ends_with(']')
}

/// 0001-01-01T00:00:00Z
const ZERO_SECOND: i64 = -62_135_596_800;

time! {
    /// A moment, written to the second as Go does: `2026-11-23T08:30:00Z`.
    ///
    /// ```
    /// use kubernetes_core::Time;
    ///
    /// let time: Time = "2026-11-23T09:30:00.5+01:00".parse()?;
    /// assert_eq!(time.to_string(), "2026-11-23T08:30:00Z");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    Time, "0"
}

time! {
    /// A moment, written to the microsecond as Go does: `2026-11-23T08:30:00.000000Z`.
    MicroTime, "6"
}
