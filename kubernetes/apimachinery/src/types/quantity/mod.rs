mod amount;

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::{Add, AddAssign, Mul, Neg, Sub, SubAssign};
use std::str::FromStr;

use self::amount::{Amount, Format, NANO};
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
/// Operators also take references, so the quantities of a map can be added up:
///
/// ```
/// # use kubernetes_core::{Map, Quantity};
/// let requests: Map<Quantity> = [("cpu", "250m"), ("ephemeral-storage", "1.5Gi")].into();
/// let mut total = Quantity::from("1");
/// total += &requests["cpu"];
/// assert_eq!(total.as_str(), "1250m");
/// assert_eq!([&total, &total].into_iter().sum::<Quantity>().as_str(), "2500m");
/// ```
///
/// The text is kept as received and parsed when needed, so decoding costs nothing and objects are sent back unchanged.
/// Amounts compare by value. As in Go, an amount is rounded away from zero to a multiple of 10⁻⁹, and an amount with a
/// binary suffix is at most 2⁶³−1. Other amounts have no limit in Go; here the limit is 2¹²⁷×10⁻⁹ (1.7×10²⁹), and a
/// larger amount counts as the limit. A sum above 2⁶³−1 is written without a binary suffix, so that it does not change
/// when it is read again. A text that is not a quantity (which no server accepts) compares as smaller than every
/// amount, and counts as zero.
///
/// Every operation was compared with the rules:
/// <https://github.com/kubernetes/apimachinery/blob/v0.37.2/pkg/api/resource/quantity.go>
#[derive(Clone)]
pub struct Quantity(Str);

/// The error for a text that is not a quantity.
#[derive(Clone, PartialEq, Eq)]
pub struct ParseQuantityError(Box<str>);

crate::error_text!(ParseQuantityError);

impl ParseQuantityError {
    fn write_message(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is not a quantity: expected a number with an optional suffix such as m, k, Mi or e3", self.0)
    }
}

impl std::error::Error for ParseQuantityError {}

impl Quantity {
    /// The text as received.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Creates an amount in thousandths, the unit for CPUs.
    ///
    /// ```
    /// # use kubernetes_core::Quantity;
    /// assert_eq!(Quantity::from_milli(1500).as_str(), "1500m");
    /// assert_eq!(Quantity::from_milli(2000).as_str(), "2");
    /// ```
    pub fn from_milli(milli: i64) -> Self {
        Amount { nano: i128::from(milli) * (NANO / 1000), format: Format::DecimalSi }.to_quantity()
    }

    /// Creates an integer with a binary suffix if possible, the format for memory: Go's `NewQuantity(n, BinarySI)`.
    ///
    /// ```
    /// # use kubernetes_core::Quantity;
    /// assert_eq!(Quantity::with_binary_suffix(3 << 29).as_str(), "1536Mi");
    /// assert_eq!(Quantity::with_binary_suffix(1500).as_str(), "1500");
    /// ```
    pub fn with_binary_suffix(number: i64) -> Self {
        Amount { nano: i128::from(number) * NANO, format: Format::BinarySi }.to_quantity()
    }

    /// The amount in its canonical form: no fraction, no superfluous zeros, and the largest possible suffix.
    ///
    /// A text that is not a quantity, or exceeds the limit of this type, is returned unchanged.
    pub fn canonical(&self) -> Self {
        match Amount::parse(&self.0) {
            Some(amount) if !amount.is_saturated() => amount.to_quantity(),
            _ => self.clone(),
        }
    }

    /// Whether the amount is zero; false for a text that is not a quantity.
    pub fn is_zero(&self) -> bool {
        Amount::parse(&self.0).is_some_and(|amount| amount.nano == 0)
    }

    /// The amount as an integer, rounded away from zero; `None` if the text is not a quantity or the result does not
    /// fit.
    ///
    /// ```
    /// # use kubernetes_core::Quantity;
    /// assert_eq!(Quantity::from("1.2").to_i64(), Some(2));
    /// assert_eq!(Quantity::from("-1.2").to_i64(), Some(-2));
    /// assert_eq!(Quantity::from("10E").to_i64(), None);
    /// ```
    pub fn to_i64(&self) -> Option<i64> {
        Amount::parse(&self.0)?.in_units(NANO).try_into().ok()
    }

    /// The amount in thousandths, rounded away from zero; `None` if the text is not a quantity or the result does not
    /// fit.
    pub fn to_milli(&self) -> Option<i64> {
        Amount::parse(&self.0)?.in_units(NANO / 1000).try_into().ok()
    }

    /// The exact amount in units of 10⁻⁹, the smallest unit; `None` if the text is not a quantity or exceeds the limit
    /// of this type.
    pub fn to_nano(&self) -> Option<i128> {
        Amount::parse(&self.0).filter(|amount| !amount.is_saturated()).map(|amount| amount.nano)
    }

    /// The double nearest to the amount, ties to even; `None` as for [`to_nano`](Self::to_nano).
    pub fn to_f64(&self) -> Option<f64> {
        // The standard library rounds correctly when it parses a decimal number; a division would round twice.
        format!("{}e-9", self.to_nano()?).parse().ok()
    }

    fn combine(&self, other: &Self, operation: fn(i128, i128) -> i128) -> Self {
        let ours = Amount::parse(&self.0).unwrap_or(Amount::ZERO);
        let theirs = Amount::parse(&other.0).unwrap_or(Amount::ZERO);
        // As in Go, zero takes the other operand's format.
        let format = if ours.nano == 0 { theirs.format } else { ours.format };
        Amount { nano: operation(ours.nano, theirs.nano), format }.to_quantity()
    }
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

/// Implements an operator for quantities and references to them.
macro_rules! operator {
    ($operator:ident $method:ident, $assign_operator:ident $assign_method:ident, $operation:expr) => {
        impl $operator<&Quantity> for &Quantity {
            type Output = Quantity;

            fn $method(self, other: &Quantity) -> Quantity {
                self.combine(other, $operation)
            }
        }

        impl $operator<&Quantity> for Quantity {
            type Output = Self;

            fn $method(self, other: &Quantity) -> Self {
                self.combine(other, $operation)
            }
        }

        impl $operator for Quantity {
            type Output = Self;

            fn $method(self, other: Self) -> Self {
                self.combine(&other, $operation)
            }
        }

        impl $assign_operator<&Quantity> for Quantity {
            fn $assign_method(&mut self, other: &Quantity) {
                *self = self.combine(other, $operation);
            }
        }

        impl $assign_operator for Quantity {
            fn $assign_method(&mut self, other: Self) {
                *self = self.combine(&other, $operation);
            }
        }
    };
}
operator!(Add add, AddAssign add_assign, i128::saturating_add);
operator!(Sub sub, SubAssign sub_assign, i128::saturating_sub);

impl Neg for Quantity {
    type Output = Self;

    fn neg(self) -> Self {
        match Amount::parse(&self.0) {
            Some(amount) => Amount { nano: amount.nano.saturating_neg(), ..amount }.to_quantity(),
            None => self,
        }
    }
}

impl Mul<i64> for Quantity {
    type Output = Self;

    fn mul(self, factor: i64) -> Self {
        match Amount::parse(&self.0) {
            Some(amount) => Amount { nano: amount.nano.saturating_mul(factor.into()), ..amount }.to_quantity(),
            None => self,
        }
    }
}

impl std::iter::Sum for Quantity {
    fn sum<I: Iterator<Item = Self>>(quantities: I) -> Self {
        quantities.fold(Self::default(), Add::add)
    }
}

impl<'a> std::iter::Sum<&'a Self> for Quantity {
    fn sum<I: Iterator<Item = &'a Self>>(quantities: I) -> Self {
        quantities.fold(Self::default(), Add::add)
    }
}

impl From<&str> for Quantity {
    /// Takes the text unchecked; use [`str::parse`] to check it.
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl From<String> for Quantity {
    /// Takes the text unchecked; use [`str::parse`] to check it.
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl From<Str> for Quantity {
    /// Takes the text unchecked; use [`str::parse`] to check it.
    fn from(text: Str) -> Self {
        Self(text)
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
    /// As in Go, a number is read as its text, and surrounding white space is ignored.
    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        *self = match reader.token() {
            Some(b'"') => Self(reader.string()?.trim().into()),
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
