use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use kubernetes_core::json::{DecodeError, Reader, Value, Writer};
use kubernetes_core::text::printable;

/// A duration in the format of custom resources, such as `1h30m` (GEP-2257).
///
/// ```
/// use std::time::Duration;
///
/// use kubernetes_utils::KubernetesDuration;
///
/// let limit: KubernetesDuration = "90m".parse()?;
/// assert_eq!(Duration::from(limit), Duration::from_secs(5400));
/// assert_eq!(limit.to_string(), "1h30m");
/// assert!("1d".parse::<KubernetesDuration>().is_err());
/// # Ok::<(), kubernetes_utils::InvalidDuration>(())
/// ```
///
/// The format is one to four numbers of at most five digits, each with a unit: `h`, `m`, `s` or `ms`. `Display` writes
/// the largest units first and omits those that are zero; the longest duration is `99999h59m59s999ms`.
///
/// Source: <https://gateway-api.sigs.k8s.io/geps/gep-2257/>
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KubernetesDuration(Duration);

/// The error for a text or duration that GEP-2257 does not allow.
#[derive(Clone, PartialEq, Eq)]
pub struct InvalidDuration(Box<str>);

const MOST: Duration = Duration::from_millis(99_999 * 3_600_000 + 59 * 60_000 + 59_999);

impl FromStr for KubernetesDuration {
    type Err = InvalidDuration;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidDuration(format!("{:?} is not a duration such as `1h30m`", printable(text, 80)).into());
        let mut rest = text;
        let mut total = Duration::ZERO;
        for _ in 0..4 {
            let digits = rest.len() - rest.trim_start_matches(|it: char| it.is_ascii_digit()).len();
            if !(1..=5).contains(&digits) {
                return Err(invalid());
            }
            let number: u64 = rest[..digits].parse().map_err(|_| invalid())?;
            let units = [("ms", 1), ("h", 3_600_000), ("m", 60_000), ("s", 1000)];
            let unit = units.into_iter().find(|(unit, _)| rest[digits..].starts_with(unit));
            let (unit, milliseconds) = unit.ok_or_else(invalid)?;
            total += Duration::from_millis(number * milliseconds);
            rest = &rest[digits + unit.len()..];
            if rest.is_empty() {
                return Self::try_from(total);
            }
        }
        Err(invalid())
    }
}

impl TryFrom<Duration> for KubernetesDuration {
    type Error = InvalidDuration;

    /// Whole milliseconds, up to 99,999 hours.
    fn try_from(duration: Duration) -> Result<Self, Self::Error> {
        if duration > MOST || !duration.subsec_nanos().is_multiple_of(1_000_000) {
            let message = format!("{duration:?} is not a whole number of milliseconds up to 99999h59m59s999ms");
            return Err(InvalidDuration(message.into()));
        }
        Ok(Self(duration))
    }
}

impl From<KubernetesDuration> for Duration {
    fn from(duration: KubernetesDuration) -> Self {
        duration.0
    }
}

impl fmt::Display for KubernetesDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_zero() {
            return f.write_str("0s");
        }
        let seconds = self.0.as_secs();
        let parts = [(seconds / 3600, "h"), (seconds / 60 % 60, "m"), (seconds % 60, "s")];
        for (number, unit) in parts.into_iter().chain([(u64::from(self.0.subsec_millis()), "ms")]) {
            if number > 0 {
                write!(f, "{number}{unit}")?;
            }
        }
        Ok(())
    }
}

impl Value for KubernetesDuration {
    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        let text = reader.string()?;
        *self = text.parse().map_err(|error: InvalidDuration| reader.error(error.to_string()))?;
        Ok(())
    }

    fn write(&self, writer: &mut Writer) {
        writer.string(&self.to_string());
    }
}

kubernetes_core::serde_by_json!(KubernetesDuration);

kubernetes_core::error_text!(InvalidDuration);

impl InvalidDuration {
    fn write_message(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for InvalidDuration {}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of GEP-2257.
    #[test]
    fn durations_are_those_of_the_gep() {
        for (text, milliseconds, written) in [
            ("0h", 0, "0s"),
            ("0s", 0, "0s"),
            ("0h0m0s", 0, "0s"),
            ("1h", 3_600_000, "1h"),
            ("30m", 1_800_000, "30m"),
            ("10s", 10_000, "10s"),
            ("500ms", 500, "500ms"),
            ("2h30m", 9_000_000, "2h30m"),
            ("150m", 9_000_000, "2h30m"),
            ("7230s", 7_230_000, "2h30s"),
            ("1h30m10s", 5_410_000, "1h30m10s"),
            ("10s30m1h", 5_410_000, "1h30m10s"),
            ("100ms200ms300ms", 600, "600ms"),
            ("99999h59m59s999ms", 359_999_999_999, "99999h59m59s999ms"),
        ] {
            let duration: KubernetesDuration = text.parse().unwrap();
            assert_eq!(Duration::from(duration), Duration::from_millis(milliseconds), "{text}");
            assert_eq!(duration.to_string(), written);
        }
    }

    #[test]
    fn other_texts_and_times_are_refused() {
        for text in [
            "",
            "1",
            "1m1",
            "1h30m10s20ms50h",
            "999999h",
            "1.5h",
            "-15m",
            "1d",
            "1us",
            "h",
            "1 h",
            "٣h",
            "99999h99999h",
        ] {
            let error = text.parse::<KubernetesDuration>().unwrap_err().to_string();
            assert!(error.contains("is not a "), "{text}: {error}");
        }
        for duration in [Duration::from_micros(1), Duration::MAX] {
            assert!(KubernetesDuration::try_from(duration).is_err(), "{duration:?}");
        }
    }
}
