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
            /// The current time.
            pub fn now() -> Self {
                Timestamp::now().into()
            }

            /// Whether this is Go's zero time, the first second of the year 1, which is written as `null`.
            pub fn is_zero(&self) -> bool {
                *self == Self::default()
            }

            /// Converts to a timestamp for calculations. Times in the last 26 hours of the year 9999, which are beyond
            /// a timestamp's range, become its maximum.
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
                if let Some(text) = usual_text(self.0, $precision, &mut { USUAL }) {
                    return f.pad(text);
                }
                static PRINTER: DateTimePrinter = DateTimePrinter::new().precision(Some($precision));
                let mut text = String::new();
                PRINTER.print_datetime(&self.0, StdFmtWrite(&mut text)).map_err(|_| fmt::Error)?;
                f.pad(&(text + "Z"))
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

            /// Parses an RFC 3339 time like Go's `time.Parse`.
            fn from_str(text: &str) -> Result<Self, ParseTimeError> {
                match parse_usual(text.as_bytes()).or_else(|| parse(text.as_bytes())) {
                    Some(time) => Ok(Self(time)),
                    None => Err(ParseTimeError(text.chars().take(80).collect::<String>().into())),
                }
            }
        }

        impl Value for $name {
            fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
                *self = if let Some(time) = reader.string_by(parse_usual) {
                    Self(time)
                } else if reader.null()? {
                    Self::default()
                } else {
                    reader.string()?.parse().map_err(|error: ParseTimeError| reader.error(error.to_string()))?
                };
                Ok(())
            }

            fn write(&self, writer: &mut Writer) {
                if self.is_zero() {
                    return writer.raw("null");
                }
                match usual_text(self.0, $precision, &mut { USUAL }) {
                    Some(text) => writer.plain_string(|json| json.push_str(text)),
                    None => writer.display(format_args!("\"{self}\"")),
                }
            }
        }
        crate::serde_by_json!($name);
    };
}

time! {
    /// A time, written to the second as in Go: `2026-11-23T08:30:00Z`.
    ///
    /// ```
    /// use kubernetes_core::Time;
    ///
    /// let time: Time = "2026-11-23T09:30:00.5+01:00".parse()?;
    /// assert_eq!(time.to_string(), "2026-11-23T08:30:00Z");
    /// assert_eq!(time.timestamp().as_second(), 1795422600);
    /// let later: Time = "2026-11-23T10:30:00Z".parse()?;
    /// assert_eq!(later.timestamp().duration_since(time.timestamp()).as_mins(), 119);
    /// # Ok::<(), kubernetes_core::ParseTimeError>(())
    /// ```
    ///
    /// As in Go, the fraction is kept and compared down to a nanosecond, but not written. It accepts what Go's
    /// `time.Parse(time.RFC3339, …)` does, up to the year 9999 in UTC: `T` and `Z` are upper case, the hour may have
    /// one digit, a comma may start the fraction, and there are no leap seconds.
    Time, 0
}

time! {
    /// A time, written to the microsecond as in Go: `2026-11-23T08:30:00.000000Z`.
    ///
    /// ```
    /// use kubernetes_core::MicroTime;
    ///
    /// let renewed: MicroTime = "2026-11-23T09:30:00.5+01:00".parse()?;
    /// assert_eq!(renewed.to_string(), "2026-11-23T08:30:00.500000Z");
    /// assert!(renewed > "2026-11-23T08:30:00Z".parse()?);
    /// # Ok::<(), kubernetes_core::ParseTimeError>(())
    /// ```
    ///
    /// It accepts the same texts as [`Time`], whereas Go requires six digits of the fraction here.
    MicroTime, 6
}

/// The error for a text that is not a time.
#[derive(Clone, PartialEq, Eq)]
pub struct ParseTimeError(Box<str>);

crate::error_text!(ParseTimeError);

impl ParseTimeError {
    fn write_message(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is not an RFC 3339 time such as 2006-01-02T15:04:05Z", self.0)
    }
}

impl std::error::Error for ParseTimeError {}

/// The format of nearly all times: to the second or, for more precision, to the microsecond.
const USUAL: [u8; 27] = *b"0000-00-00T00:00:00.000000Z";

/// Parses a time to the second in UTC, `2006-01-02T15:04:05Z`, the only form that servers write in most fields.
fn parse_usual(text: &[u8]) -> Option<DateTime> {
    const FORM: [u8; 20] = *b"0000-00-00T00:00:00Z";
    let mut digits: [u8; 20] = text.try_into().ok()?;
    let mut fits = true;
    for (digit, form) in digits.iter_mut().zip(FORM) {
        *digit = digit.wrapping_sub(form);
        fits &= *digit <= if form == b'0' { 9 } else { 0 };
    }
    if !fits {
        return None;
    }
    let two = |at: usize| (digits[at] * 10 + digits[at + 1]) as i8;
    let year = i16::from(two(0)) * 100 + i16::from(two(2));
    DateTime::new(year, two(5), two(8), two(11), two(14), two(17), 0).ok()
}

/// Formats a time whose year has four digits, with this number of digits of the fraction: none or six.
fn usual_text(time: DateTime, precision: u8, text: &mut [u8; 27]) -> Option<&str> {
    let year = u32::try_from(time.year()).ok()?;
    let mut put = |at: usize, value: u32| {
        text[at] = b'0' + (value / 10 % 10) as u8;
        text[at + 1] = b'0' + (value % 10) as u8;
    };
    put(0, year / 100);
    put(2, year % 100);
    for (at, value) in [(5, time.month()), (8, time.day()), (11, time.hour()), (14, time.minute()), (17, time.second())]
    {
        put(at, value.unsigned_abs().into());
    }
    if precision == 0 {
        text[19] = b'Z';
        return std::str::from_utf8(&text[..20]).ok();
    }
    let micros = time.subsec_nanosecond().unsigned_abs() / 1000;
    for (at, value) in [(20, micros / 10_000), (22, micros / 100), (24, micros)] {
        put(at, value % 100);
    }
    std::str::from_utf8(text).ok()
}

/// Parses like Go; jiff's parser accepts other forms, and not the last day, which is beyond a timestamp's range.
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

/// Splits off an optional fraction, and returns its nanoseconds (ignoring digits after the ninth) and the rest.
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

#[cfg(test)]
mod tests {
    use super::{parse, parse_usual};

    #[test]
    fn the_usual_form_is_read_as_any_other() {
        let usual = "2026-11-23T08:30:59Z";
        assert!(parse_usual(usual.as_bytes()).is_some());
        for at in 0..usual.len() {
            for byte in 0..=255u8 {
                let mut text = usual.as_bytes().to_vec();
                text[at] = byte;
                if let Some(time) = parse_usual(&text) {
                    assert_eq!(Some(time), parse(&text), "{byte} at {at}");
                } else if let Some(time) = parse(&text) {
                    panic!("{time} has the usual form");
                }
            }
        }
    }

    #[test]
    fn the_edges_of_every_part_of_the_usual_form_are_those_of_any_other() {
        for year in ["0000", "0001", "1900", "2000", "2023", "2024", "9999"] {
            for month in ["00", "01", "02", "04", "12", "13"] {
                for day in ["00", "01", "28", "29", "30", "31", "32", "99"] {
                    for time in ["00:00:00", "23:59:59", "24:00:00", "00:60:00", "00:00:60", "00:00:61"] {
                        let text = format!("{year}-{month}-{day}T{time}Z");
                        assert_eq!(parse_usual(text.as_bytes()), parse(text.as_bytes()), "{text}");
                    }
                }
            }
        }
    }

    #[test]
    fn forms_near_the_usual_one_are_left_to_the_general_parser() {
        for text in [
            "",
            "2026-11-23T08:30:59",
            "2026-11-23T8:30:59Z",
            "2026-11-23T08:30:59ZZ",
            "2026-11-23T08:30:59z",
            "2026-11-23T08:30:59.5Z",
            "2026-11-23T08:30:59,123456789Z",
            "2026-11-23T08:30:59+00:00",
            " 026-11-23T08:30:59Z",
            "+026-11-23T08:30:59Z",
        ] {
            assert_eq!(parse_usual(text.as_bytes()), None, "{text}");
        }
    }
}
