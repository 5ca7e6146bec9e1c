use std::fmt;
use std::str::FromStr;
use std::time::Duration as StdDuration;

use crate::json::{DecodeError, Reader, Value, Writer};

/// A duration in the form of Kubernetes' API types: `1h30m`, `15s`, `-250ms`.
///
/// ```
/// use kubernetes_core::Duration;
///
/// let period: Duration = "1h30m".parse()?;
/// assert_eq!(period.to_std(), Some(std::time::Duration::from_secs(5400)));
/// assert_eq!(period.to_string(), "1h30m0s");
/// # Ok::<(), kubernetes_core::ParseDurationError>(())
/// ```
///
/// Equivalent to Go's `time.Duration`: whole nanoseconds in 64 bits, read and written as by its `ParseDuration` and
/// `String`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration(i64);

/// The error for a text that is not a duration.
#[derive(Clone, PartialEq, Eq)]
pub struct ParseDurationError(Box<str>);

crate::error_text!(ParseDurationError);

impl ParseDurationError {
    fn write_message(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is not a duration such as 1h30m or 250ms", self.0)
    }
}

impl std::error::Error for ParseDurationError {}

/// The units, the largest first.
const UNITS: &[(&str, u64)] = &[
    ("ns", 1),
    ("us", 1_000),
    ("\u{b5}s", 1_000),
    ("\u{3bc}s", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

impl Duration {
    /// Creates a duration from nanoseconds.
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// The duration in nanoseconds.
    pub const fn as_nanos(self) -> i64 {
        self.0
    }

    /// Converts to the standard library's duration; `None` if this is negative.
    pub fn to_std(self) -> Option<StdDuration> {
        u64::try_from(self.0).ok().map(StdDuration::from_nanos)
    }
}

impl From<StdDuration> for Duration {
    /// Converts the duration, or uses the longest possible one if it is too long (292 years).
    fn from(duration: StdDuration) -> Self {
        Self(i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX))
    }
}

impl FromStr for Duration {
    type Err = ParseDurationError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text).map(Self).ok_or_else(|| ParseDurationError(text.chars().take(80).collect()))
    }
}

fn parse(text: &str) -> Option<i64> {
    let is_negative = text.starts_with('-');
    let mut rest = text.strip_prefix(['-', '+']).unwrap_or(text);
    if rest == "0" {
        return Some(0);
    }
    let mut total: u64 = 0;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let whole = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (digits, after) = rest.split_at(whole);
        let fraction = after.strip_prefix('.').unwrap_or_default();
        let fraction = &fraction[..fraction.bytes().take_while(u8::is_ascii_digit).count()];
        if digits.is_empty() && fraction.is_empty() {
            return None;
        }
        let after = after.strip_prefix('.').map_or(after, |after| &after[fraction.len()..]);
        let name_length = after.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(after.len());
        let (name, after) = after.split_at(name_length);
        let (_, unit) = UNITS.iter().find(|(unit, _)| *unit == name)?;
        let number: u64 = if digits.is_empty() { 0 } else { digits.parse().ok()? };
        total = total.checked_add(number.checked_mul(*unit)?)?.checked_add(part(fraction, *unit))?;
        rest = after;
    }
    match is_negative {
        true if total == 1 << 63 => Some(i64::MIN),
        true => i64::try_from(total).ok().map(|total| -total),
        false => i64::try_from(total).ok(),
    }
}

/// The fraction of a unit given by decimals, rounded down.
fn part(decimals: &str, unit: u64) -> u64 {
    let (mut value, mut scale) = (0u64, u128::from(unit));
    for digit in decimals.bytes().take(15) {
        value = value * 10 + u64::from(digit - b'0');
        scale *= 10;
    }
    let scale = scale / u128::from(unit);
    u64::try_from(u128::from(value) * u128::from(unit) / scale).unwrap_or(0)
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.0.unsigned_abs();
        if self.0 < 0 {
            f.write_str("-")?;
        }
        match nanos {
            0 => f.write_str("0s"),
            1..1_000 => write!(f, "{nanos}ns"),
            1_000..1_000_000 => decimal(f, nanos, 1_000, "\u{b5}s"),
            1_000_000..1_000_000_000 => decimal(f, nanos, 1_000_000, "ms"),
            _ => {
                let (minutes, rest) = (nanos / 60_000_000_000, nanos % 60_000_000_000);
                if minutes >= 60 {
                    write!(f, "{}h", minutes / 60)?;
                }
                if minutes > 0 {
                    write!(f, "{}m", minutes % 60)?;
                }
                decimal(f, rest, 1_000_000_000, "s")
            }
        }
    }
}

/// Writes a number of units with as many decimals as needed.
fn decimal(f: &mut fmt::Formatter<'_>, nanos: u64, unit: u64, name: &str) -> fmt::Result {
    write!(f, "{}", nanos / unit)?;
    let rest = nanos % unit;
    if rest > 0 {
        let width = unit.ilog10() as usize;
        write!(f, ".{}", format!("{rest:0width$}").trim_end_matches('0'))?;
    }
    f.write_str(name)
}

impl Value for Duration {
    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        *self = if reader.null()? {
            Self::default()
        } else {
            let text = reader.string()?;
            text.parse().map_err(|error: ParseDurationError| reader.error(error.to_string()))?
        };
        Ok(())
    }

    fn write(&self, writer: &mut Writer) {
        writer.string(&self.to_string());
    }
}
crate::serde_by_json!(Duration);

#[cfg(test)]
mod tests {
    use super::Duration;

    /// From Go's `time_test.go`.
    #[test]
    fn texts_are_those_of_go() {
        for (text, nanos) in [
            ("0s", 0),
            ("1ns", 1),
            ("1.1\u{b5}s", 1_100),
            ("2.2ms", 2_200_000),
            ("3.3s", 3_300_000_000),
            ("4m5s", 245_000_000_000),
            ("4m5.001s", 245_001_000_000),
            ("5h6m7.001s", 18_367_001_000_000),
            ("8m0.000000001s", 480_000_000_001),
            ("2562047h47m16.854775807s", i64::MAX),
            ("-2562047h47m16.854775808s", i64::MIN),
        ] {
            assert_eq!(text.parse(), Ok(Duration(nanos)), "{text}");
            assert_eq!(Duration(nanos).to_string(), text);
        }
        for (text, nanos) in
            [("+5s", 5_000_000_000), ("0", 0), (".5s", 500_000_000), ("1h30m", 5_400_000_000_000), ("12us", 12_000)]
        {
            assert_eq!(text.parse(), Ok(Duration(nanos)), "{text}");
        }
        for text in ["", "3", "-", "s", ".", "-.", ".s", "3000000h", "1d", "1 s", "9223372036854775808ns"] {
            assert!(text.parse::<Duration>().is_err(), "{text}");
        }
    }
}
