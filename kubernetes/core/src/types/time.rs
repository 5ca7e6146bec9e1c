use std::fmt;
use std::str::FromStr;

use jiff::civil::{self, DateTime};
use jiff::fmt::StdFmtWrite;
use jiff::fmt::temporal::DateTimePrinter;
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};

use crate::json::{DecodeError, Reader, Value, Writer};

macro_rules! time {
    ($(#[$attribute:meta])* $name:ident, $precision:literal) => {
        $(#[$attribute])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(DateTime);

        impl $name {
            /// The present moment.
            pub fn now() -> Self {
                Timestamp::now().into()
            }

            /// Whether this is Go's zero time, the first second of the year 1, which is written as `null`.
            pub fn is_zero(&self) -> bool {
                *self == Self::default()
            }

            /// The moment as a timestamp, to compute with; the last 26 hours of the year 9999, which a timestamp
            /// does not reach, become its last moment.
            pub fn timestamp(&self) -> Timestamp {
                let limit = if self.0.year() > 0 { Timestamp::MAX } else { Timestamp::MIN };
                Offset::UTC.to_timestamp(self.0).unwrap_or(limit)
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self(civil::date(1, 1, 1).at(0, 0, 0, 0))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                static PRINTER: DateTimePrinter = DateTimePrinter::new().precision(Some($precision));
                PRINTER.print_datetime(&self.0, StdFmtWrite(&mut *f)).map_err(|_| fmt::Error)?;
                f.write_str("Z")
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl From<Timestamp> for $name {
            fn from(timestamp: Timestamp) -> Self {
                Self(Offset::UTC.to_datetime(timestamp))
            }
        }

        impl From<$name> for Timestamp {
            fn from(time: $name) -> Self {
                time.timestamp()
            }
        }

        impl FromStr for $name {
            type Err = ParseTimeError;

            /// Reads a time of RFC 3339, as Go's `time.Parse` does.
            fn from_str(text: &str) -> Result<Self, ParseTimeError> {
                match parse(text.as_bytes()) {
                    Some(time) => Ok(Self(time)),
                    None => Err(ParseTimeError(text.chars().take(80).collect::<String>().into())),
                }
            }
        }

        impl Value for $name {
            fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
                *self = if reader.null()? {
                    Self::default()
                } else {
                    let text = reader.string()?;
                    text.parse().map_err(|error: ParseTimeError| reader.error(error.to_string()))?
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

time! {
    /// A moment, written to the second as Go does: `2026-11-23T08:30:00Z`.
    ///
    /// ```
    /// use kubernetes_core::Time;
    ///
    /// let time: Time = "2026-11-23T09:30:00.5+01:00".parse()?;
    /// assert_eq!(time.to_string(), "2026-11-23T08:30:00Z");
    /// assert_eq!(time.timestamp().as_second(), 1795422600);
    /// # Ok::<(), kubernetes_core::ParseTimeError>(())
    /// ```
    ///
    /// What it is written without is kept and compared, as in Go: the fraction down to a nanosecond.
    /// It takes what Go's `time.Parse(time.RFC3339, …)` takes, up to the year 9999 (in UTC): `T` and `Z` are upper
    /// case, the hour may have one digit, a comma may stand before the fraction, there is no leap second.
    Time, 0
}

time! {
    /// A moment, written to the microsecond as Go does: `2026-11-23T08:30:00.000000Z`.
    ///
    /// It reads what [`Time`] does; Go insists on six digits of the fraction here, this type does not.
    MicroTime, 6
}

/// A text that is no time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseTimeError(Box<str>);

impl fmt::Display for ParseTimeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is no time of RFC 3339: expected a form such as 2006-01-02T15:04:05Z", self.0)
    }
}

impl std::error::Error for ParseTimeError {}

/// Reads as Go does; jiff's parser takes other forms, and none of the last day that a timestamp does not reach.
///
/// <https://github.com/golang/go/blob/go1.26.0/src/time/format.go>
fn parse(text: &[u8]) -> Option<DateTime> {
    let (year, rest) = text.split_at_checked(4)?;
    let year = number(year)?;
    let (month, rest) = two_digits(rest.strip_prefix(b"-")?)?;
    let (day, rest) = two_digits(rest.strip_prefix(b"-")?)?;
    let rest = rest.strip_prefix(b"T")?;
    let digits = if rest.get(1) == Some(&b':') { 1 } else { 2 };
    let (hour, rest) = rest.split_at_checked(digits)?;
    let hour = i8::try_from(number(hour)?).ok()?;
    let (minute, rest) = two_digits(rest.strip_prefix(b":")?)?;
    let (second, rest) = two_digits(rest.strip_prefix(b":")?)?;
    let (nanosecond, rest) = fraction(rest);
    let time = DateTime::new(i16::try_from(year).ok()?, month, day, hour, minute, second, nanosecond).ok()?;
    let (sign, rest) = match rest.split_first()? {
        (b'Z', []) => return Some(time),
        (b'+', rest) => (-1, rest),
        (b'-', rest) => (1, rest),
        _ => return None,
    };
    let (hours, rest) = two_digits(rest)?;
    let (minutes, rest) = two_digits(rest.strip_prefix(b":")?)?;
    if hours > 24 || minutes > 60 || !rest.is_empty() {
        return None;
    }
    time.checked_add(SignedDuration::from_mins(sign * (i64::from(hours) * 60 + i64::from(minutes)))).ok()
}

/// The nanoseconds of an optional fraction, of which digits after the ninth do not count, and what follows it.
fn fraction(text: &[u8]) -> (i32, &[u8]) {
    let [b'.' | b',', digits @ ..] = text else { return (0, text) };
    let length = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if length == 0 {
        return (0, text);
    }
    let (digits, rest) = digits.split_at(length);
    let padded = digits.iter().map(|digit| i32::from(digit - b'0')).chain(std::iter::repeat(0));
    (padded.take(9).fold(0, |value, digit| value * 10 + digit), rest)
}

fn two_digits(text: &[u8]) -> Option<(i8, &[u8])> {
    let (digits, rest) = text.split_at_checked(2)?;
    Some((number(digits)?.try_into().ok()?, rest))
}

fn number(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |value, digit| digit.is_ascii_digit().then(|| value * 10 + u32::from(digit - b'0')))
}
