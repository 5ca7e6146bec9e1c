use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::{Add, Neg, Sub};
use std::str::FromStr;

use crate::Str;
use crate::json::{DecodeError, Reader, Value, Writer};

/// An exact amount of a resource: `500m`, `1.5Gi`, `2e3`.
///
/// ```
/// use kubernetes_core::Quantity;
///
/// let limit = Quantity::from("1Gi");
/// assert!(limit > Quantity::from("1000M"));
/// assert_eq!((limit + Quantity::from("512Mi")).to_string(), "1536Mi");
/// assert_eq!(Quantity::from("0.5"), Quantity::from("500m"));
/// assert_eq!("2e3".parse::<Quantity>()?.to_i64(), Some(2000));
/// # Ok::<(), kubernetes_core::ParseQuantityError>(())
/// ```
///
/// The text is kept as it came and read when it is needed, so decoding costs nothing and objects go back unchanged.
/// Amounts compare by value. As in Go, an amount is at most 2⁶³−1, and a fraction is rounded up to whole nano (10⁻⁹).
/// A text that is no quantity (which no server accepts) compares as smaller than every amount, and counts as zero.
///
/// The rules: <https://github.com/kubernetes/apimachinery/blob/v0.37.2/pkg/api/resource/quantity.go>
#[derive(Clone)]
pub struct Quantity(Str);

/// A text that is no quantity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseQuantityError(Box<str>);

impl fmt::Display for ParseQuantityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is no quantity: expected a number with an optional suffix such as m, k, Mi or e3", self.0)
    }
}

impl std::error::Error for ParseQuantityError {}

/// The suffixes that a canonical form uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    DecimalSi,
    BinarySi,
    DecimalExponent,
}

/// An amount in nano, and how it is written.
#[derive(Clone, Copy, Debug)]
struct Amount {
    nano: i128,
    format: Format,
}

const NANO: i128 = 1_000_000_000;
const MAX: i128 = i64::MAX as i128 * NANO;

impl Quantity {
    /// The text as it came.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The amount in its canonical form: no fraction, no superfluous zero, the largest suffix that allows it.
    pub fn canonical(&self) -> Self {
        match Amount::parse(&self.0) {
            Some(amount) => amount.to_quantity(),
            None => self.clone(),
        }
    }

    /// The amount as an integer, rounded up; `None` if the text is no quantity.
    pub fn to_i64(&self) -> Option<i64> {
        div_ceil(Amount::parse(&self.0)?.nano, NANO).try_into().ok()
    }

    /// The amount in thousandths, rounded up; `None` if the text is no quantity or the result does not fit.
    pub fn to_milli(&self) -> Option<i64> {
        div_ceil(Amount::parse(&self.0)?.nano, NANO / 1000).try_into().ok()
    }

    /// The double next to the amount; `None` if the text is no quantity.
    pub fn to_f64(&self) -> Option<f64> {
        let nano = Amount::parse(&self.0)?.nano;
        Some((nano / NANO) as f64 + (nano % NANO) as f64 / NANO as f64)
    }

    fn combine(&self, other: &Self, operation: fn(i128, i128) -> i128) -> Self {
        let zero = Amount { nano: 0, format: Format::DecimalSi };
        let ours = Amount::parse(&self.0).unwrap_or(zero);
        let theirs = Amount::parse(&other.0).unwrap_or(zero);
        // As in Go: a zero takes the other's format.
        let format = if ours.nano == 0 { theirs.format } else { ours.format };
        Amount { nano: operation(ours.nano, theirs.nano).clamp(-MAX, MAX), format }.to_quantity()
    }
}

impl Amount {
    fn parse(text: &str) -> Option<Self> {
        let (negative, unsigned) = match text.as_bytes().first()? {
            b'-' => (true, &text[1..]),
            b'+' => (false, &text[1..]),
            _ => (false, text),
        };
        let end = unsigned.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(unsigned.len());
        let (number, suffix) = unsigned.split_at(end);
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') {
            return None;
        }
        let (format, scale) = suffix_scale(suffix)?;
        let nano = scaled(whole, fraction, scale);
        Some(Self { nano: if negative { -nano } else { nano }, format })
    }

    fn to_quantity(self) -> Quantity {
        let small = self.nano.abs() < 1024 * NANO || self.nano % NANO != 0;
        let format = if self.format == Format::BinarySi && small { Format::DecimalSi } else { self.format };
        if self.nano == 0 {
            return Quantity(Str::from_static("0"));
        }
        if format == Format::BinarySi {
            let (mantissa, power) = without_factor(self.nano / NANO, 1024, 6);
            let suffix = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"][power];
            return Quantity(format!("{mantissa}{suffix}").into());
        }
        let (mantissa, power) = without_factor(self.nano, 1000, 9);
        let exponent = 3 * power as i32 - 9;
        let text = match (format, exponent) {
            (_, 0) => mantissa.to_string(),
            (Format::DecimalExponent, _) => format!("{mantissa}e{exponent}"),
            _ => {
                let power = power.min(9);
                format!("{mantissa}{}", ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"][power])
            }
        };
        Quantity(text.into())
    }
}

/// How a suffix scales: a power of ten, or a number of times 1024.
#[derive(Clone, Copy)]
enum Scale {
    Ten(i32),
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
        _ => {
            let exponent = suffix.strip_prefix(['e', 'E'])?;
            let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
                return None;
            }
            Some((Format::DecimalExponent, Scale::Ten(exponent.parse().ok()?)))
        }
    }
}

/// The number `whole.fraction` times its scale, in nano, rounded up, at most [`MAX`].
fn scaled(whole: &str, fraction: &str, scale: Scale) -> i128 {
    let (factor, shift) = match scale {
        Scale::Ten(exponent) => (1, i64::from(exponent) + 9),
        Scale::Kibi(power) => (1i128 << (10 * power), 9),
    };
    let digits = whole.bytes().chain(fraction.bytes()).map(|digit| i128::from(digit - b'0'));
    let mut mantissa = 0i128;
    let mut dropped = 0i64;
    let mut inexact = false;
    for digit in digits {
        // 25 digits times 2⁶⁰ times 10 fit 128 bits only just not; 18 digits are all that MAX has, 20 leave room.
        if mantissa < 10i128.pow(19) {
            mantissa = mantissa * 10 + digit;
        } else {
            dropped += 1;
            inexact |= digit != 0;
        }
    }
    if mantissa == 0 {
        return 0;
    }
    let mut nano = mantissa.saturating_mul(factor);
    let mut shift = shift + dropped - fraction.len() as i64;
    while shift > 0 && nano < MAX {
        nano = nano.saturating_mul(10);
        shift -= 1;
    }
    while shift < 0 && nano > 0 {
        inexact |= nano % 10 != 0;
        nano /= 10;
        shift += 1;
    }
    (nano + i128::from(inexact)).min(MAX)
}

/// Divides by `factor` as long as nothing is lost, at most `most` times.
fn without_factor(mut number: i128, factor: i128, most: usize) -> (i128, usize) {
    let mut power = 0;
    while power < most && number % factor == 0 {
        number /= factor;
        power += 1;
    }
    (number, power)
}

fn div_ceil(number: i128, divisor: i128) -> i128 {
    number.div_euclid(divisor) + i128::from(number.rem_euclid(divisor) != 0)
}

impl Default for Quantity {
    fn default() -> Self {
        Self(Str::from_static("0"))
    }
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Quantity {}

impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Quantity {
    fn cmp(&self, other: &Self) -> Ordering {
        match (Amount::parse(&self.0), Amount::parse(&other.0)) {
            (Some(ours), Some(theirs)) => ours.nano.cmp(&theirs.nano),
            (None, None) => self.0.cmp(&other.0),
            (ours, theirs) => ours.is_some().cmp(&theirs.is_some()),
        }
    }
}

impl Hash for Quantity {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match Amount::parse(&self.0) {
            Some(amount) => amount.nano.hash(state),
            None => self.0.hash(state),
        }
    }
}

impl Add for Quantity {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        self.combine(&other, |a, b| a + b)
    }
}

impl Sub for Quantity {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        self.combine(&other, |a, b| a - b)
    }
}

impl Neg for Quantity {
    type Output = Self;

    fn neg(self) -> Self {
        match Amount::parse(&self.0) {
            Some(amount) => Amount { nano: -amount.nano, ..amount }.to_quantity(),
            None => self,
        }
    }
}

impl std::iter::Sum for Quantity {
    fn sum<I: Iterator<Item = Self>>(quantities: I) -> Self {
        quantities.fold(Self::default(), Add::add)
    }
}

impl From<&str> for Quantity {
    /// Takes the text as it is; [`str::parse`] checks it.
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl From<i64> for Quantity {
    fn from(number: i64) -> Self {
        Self(number.to_string().into())
    }
}

impl FromStr for Quantity {
    type Err = ParseQuantityError;

    fn from_str(text: &str) -> Result<Self, ParseQuantityError> {
        match Amount::parse(text) {
            Some(_) => Ok(Self(text.into())),
            None => Err(ParseQuantityError(text.chars().take(80).collect::<String>().into())),
        }
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Quantity({})", self.0)
    }
}

impl Value for Quantity {
    /// A number is as good as its text, as in Go.
    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        *self = match reader.token() {
            Some(b'"') => Self(reader.string()?.into()),
            Some(b'-' | b'0'..=b'9') => Self(reader.raw()?.into()),
            Some(b'n') if reader.null()? => Self::default(),
            _ => return Err(reader.expected("a quantity")),
        };
        Ok(())
    }

    fn write(&self, writer: &mut Writer) {
        writer.string(&self.0);
    }
}
crate::serde_by_json!(Quantity);

#[cfg(test)]
mod tests;
