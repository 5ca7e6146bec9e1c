//! The arithmetic of [`Quantity`](super::Quantity): converts a text into an exact number of nano units, and back.

use super::Quantity;
use crate::Str;

/// The suffixes that a canonical form uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    DecimalSi,
    BinarySi,
    DecimalExponent,
}

/// An amount in nano units, and its format. An amount that does not fit is `i128::MAX` or its negative.
#[derive(Clone, Copy, Debug)]
pub(super) struct Amount {
    pub(super) nano: i128,
    pub(super) format: Format,
}

pub(super) const NANO: i128 = 1_000_000_000;

/// The limit at which Go caps amounts with a binary suffix, and only those.
const MAX_BINARY: i128 = i64::MAX as i128 * NANO;

impl Amount {
    pub(super) const ZERO: Self = Self { nano: 0, format: Format::DecimalSi };

    /// Accepts the same texts as Go's `ParseQuantity`, including a number without digits, which is zero.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (negative, unsigned) = match text.as_bytes().first()? {
            b'-' => (true, &text[1..]),
            b'+' => (false, &text[1..]),
            _ => (false, text),
        };
        let digits_end = |text: &str| text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (whole, rest) = unsigned.split_at(digits_end(unsigned));
        let (fraction, suffix) = match rest.strip_prefix('.') {
            Some(rest) => rest.split_at(digits_end(rest)),
            None => ("", rest),
        };
        let (mut format, scale) = suffix_scale(suffix)?;
        // Go accepts these only on its fast path, which has limits.
        let no_digits = whole.is_empty() && fraction.is_empty();
        let nano = match scale {
            Scale::Kibi(power) if no_digits && power > 4 => return None,
            Scale::Ten(exponent) if no_digits && exponent < -9 => return None,
            Scale::Kibi(power) => binary(whole, fraction, 1 << (10 * power)).min(MAX_BINARY),
            Scale::Ten(exponent) => decimal(whole, fraction, exponent),
        };
        if format == Format::BinarySi && (1..NANO).contains(&nano) {
            format = Format::DecimalSi;
        }
        Some(Self { nano: if negative { -nano } else { nano }, format })
    }

    /// Whether the text may have been a larger amount.
    pub(super) fn is_saturated(self) -> bool {
        self.nano.unsigned_abs() >= i128::MAX.unsigned_abs()
    }

    /// The amount in units of `unit` nano, rounded away from zero.
    pub(super) fn in_units(self, unit: i128) -> i128 {
        self.nano / unit + self.nano.signum() * i128::from(self.nano % unit != 0)
    }

    pub(super) fn to_quantity(self) -> Quantity {
        let magnitude = self.nano.unsigned_abs();
        // The last condition is not in Go, which writes a sum above the cap of binary suffixes in a form that changes
        // when it is read again.
        let no_binary =
            magnitude < 1024 * NANO.unsigned_abs() || self.nano % NANO != 0 || magnitude > MAX_BINARY.unsigned_abs();
        let format = if self.format == Format::BinarySi && no_binary { Format::DecimalSi } else { self.format };
        if self.nano == 0 {
            return Quantity(Str::from_static("0"));
        }
        if format == Format::BinarySi {
            let (mantissa, power) = without_factor(self.nano / NANO, 1024, 6);
            let suffix = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"][power];
            return Quantity(format!("{mantissa}{suffix}").into());
        }
        if format == Format::DecimalExponent {
            let (mantissa, power) = without_factor(self.nano, 1000, 12);
            let exponent = 3 * power as i32 - 9;
            let text = if exponent == 0 { mantissa.to_string() } else { format!("{mantissa}e{exponent}") };
            return Quantity(text.into());
        }
        let (mantissa, power) = without_factor(self.nano, 1000, 9);
        let suffix = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"][power];
        Quantity(format!("{mantissa}{suffix}").into())
    }
}

/// The scale of a suffix: a power of ten or of 1024.
#[derive(Clone, Copy)]
enum Scale {
    Ten(i64),
    Kibi(u32),
}

fn suffix_scale(suffix: &str) -> Option<(Format, Scale)> {
    let decimal = |exponent| Some((Format::DecimalSi, Scale::Ten(exponent)));
    let binary = |power| Some((Format::BinarySi, Scale::Kibi(power)));
    match suffix {
        "" => decimal(0),
        "n" => decimal(-9),
        "u" => decimal(-6),
        "m" => decimal(-3),
        "k" => decimal(3),
        "M" => decimal(6),
        "G" => decimal(9),
        "T" => decimal(12),
        "P" => decimal(15),
        "E" => decimal(18),
        "Ki" => binary(1),
        "Mi" => binary(2),
        "Gi" => binary(3),
        "Ti" => binary(4),
        "Pi" => binary(5),
        "Ei" => binary(6),
        // Rust parses integers like Go: an optional sign and digits.
        _ => Some((Format::DecimalExponent, Scale::Ten(suffix.strip_prefix(['e', 'E'])?.parse().ok()?))),
    }
}

/// The digits as a number, or `i128::MAX` if it is larger.
fn number(digits: impl Iterator<Item = u8>) -> i128 {
    digits.fold(0i128, |number, digit| number.saturating_mul(10).saturating_add(i128::from(digit - b'0')))
}

/// `whole.fraction` times 10 to the power of `exponent`, in nano units, rounded up.
fn decimal(whole: &str, fraction: &str, exponent: i64) -> i128 {
    let digits = whole.bytes().chain(fraction.bytes());
    let count = whole.len() + fraction.len();
    let mut shift = exponent.saturating_add(9).saturating_sub(fraction.len() as i64);
    if shift < 0 {
        let kept = count.saturating_sub(usize::try_from(shift.unsigned_abs()).unwrap_or(usize::MAX));
        let inexact = digits.clone().skip(kept).any(|digit| digit != b'0');
        return number(digits.take(kept)).saturating_add(i128::from(inexact));
    }
    let mut nano = number(digits);
    while shift > 0 && nano != 0 && nano != i128::MAX {
        nano = nano.saturating_mul(10);
        shift -= 1;
    }
    nano
}

/// `whole.fraction` times `factor` (at most 2⁶⁰), in nano units, rounded up.
fn binary(whole: &str, fraction: &str, factor: i128) -> i128 {
    let unit = factor * NANO;
    // Long multiplication from the last digit: the carry stays below `unit`, so ten times the carry fits.
    let mut carried = 0i128;
    let mut inexact = false;
    for digit in fraction.bytes().rev() {
        let product = i128::from(digit - b'0') * unit + carried;
        inexact |= product % 10 != 0;
        carried = product / 10;
    }
    number(whole.bytes()).saturating_mul(unit).saturating_add(carried + i128::from(inexact))
}

/// Divides by `factor` as long as there is no remainder, at most `most` times.
fn without_factor(mut number: i128, factor: i128, most: usize) -> (i128, usize) {
    let mut power = 0;
    while power < most && number % factor == 0 {
        number /= factor;
        power += 1;
    }
    (number, power)
}
