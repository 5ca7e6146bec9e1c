use std::cmp::Ordering;

use kubernetes_core::Quantity;
use num_bigint::{BigInt, BigUint, Sign};

/// The two quantities that a `;` separates, and what is computed with them, agree with numbers of any size.
pub(super) fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (left, right) = text.split_once(';').unwrap_or((text, "1"));
    let (Some((a, exact_a)), Some((b, exact_b))) = (read(left), read(right)) else { return };
    check_alone(&a, &exact_a);
    check_alone(&b, &exact_b);
    // What is beyond the limit counts as the limit.
    let order = limited(&exact_a.nano).cmp(&limited(&exact_b.nano));
    assert_eq!((a.cmp(&b), b.cmp(&a)), (order, order.reverse()), "{a} {b}");
    assert_eq!(a == b, order == Ordering::Equal, "{a} {b}");
    if a.to_nano().is_none() || b.to_nano().is_none() {
        return;
    }
    let sums_format = if exact_a.nano.sign() == Sign::NoSign { exact_b.format } else { exact_a.format };
    for (result, nano, format) in [
        (&a + &b, &exact_a.nano + &exact_b.nano, sums_format),
        (&a - &b, &exact_a.nano - &exact_b.nano, sums_format),
        (a.clone() * -7, &exact_a.nano * -7, exact_a.format),
        (-a.clone(), -&exact_a.nano, exact_a.format),
    ] {
        if nano.magnitude() < limit().magnitude() {
            assert_eq!(exact(result.as_str()).map(|exact| exact.nano).as_ref(), Some(&nano), "{a} {b} {result}");
            assert_eq!(result.as_str(), canonical(&Exact { nano, format }), "{a} {b}");
        }
    }
}

fn check_alone(quantity: &Quantity, exact: &Exact) {
    let fits = exact.nano.magnitude() < limit().magnitude();
    let nano = fits.then(|| exact.nano.clone());
    assert_eq!(quantity.to_nano().map(BigInt::from), nano, "{quantity}");
    assert_eq!(quantity.is_zero(), exact.nano.sign() == Sign::NoSign, "{quantity}");
    assert_eq!(quantity.to_f64().is_some(), fits);
    let in_units = |unit: u32| i64::try_from(rounded_up(&exact.nano, &unit.into())).ok();
    assert_eq!(quantity.to_i64(), in_units(1_000_000_000), "{quantity}");
    assert_eq!(quantity.to_milli(), in_units(1_000_000), "{quantity}");
    if fits {
        assert_eq!(quantity.canonical().as_str(), canonical(exact), "{quantity}");
        let double = quantity.to_f64().unwrap();
        let error = distance(double, &exact.nano);
        assert!(distance(double.next_down(), &exact.nano) >= error, "{quantity} {double}");
        assert!(distance(double.next_up(), &exact.nano) >= error, "{quantity} {double}");
    } else {
        assert_eq!(quantity.canonical().as_str(), quantity.as_str());
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Format {
    Decimal,
    Binary,
    Exponent,
}

/// An amount in units of 10⁻⁹, and the kind of suffix it has.
struct Exact {
    nano: BigInt,
    format: Format,
}

const DECIMAL: [&str; 10] = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];
const BINARY: [&str; 7] = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

/// A text that both take, or `None` if both refuse it or it is not worth to compute.
fn read(text: &str) -> Option<(Quantity, Exact)> {
    let (number, suffix) = split(text);
    let exponent = suffix.strip_prefix(['e', 'E']).map(str::parse::<i64>);
    let no_digits = !number.bytes().any(|byte| byte.is_ascii_digit());
    if no_digits || text.len() > 200 || matches!(exponent, Some(Ok(exponent)) if exponent.unsigned_abs() > 80) {
        let _ = text.parse::<Quantity>().map(|quantity| (quantity.canonical(), quantity.clone() + quantity));
        return None;
    }
    let (ours, theirs) = (text.parse::<Quantity>(), exact(text));
    assert_eq!(ours.is_ok(), theirs.is_some(), "{text:?}");
    Some((ours.ok()?, theirs?))
}

/// The number, and the suffix behind it.
fn split(text: &str) -> (&str, &str) {
    let is_number = |c: char| c.is_ascii_digit() || c == '.';
    let signed = usize::from(text.starts_with(['+', '-']));
    let end = text[signed..].find(|c| !is_number(c)).map_or(text.len(), |at| signed + at);
    text.split_at(end)
}

/// Reads by the grammar of the documentation, and computes with fractions of large numbers.
fn exact(text: &str) -> Option<Exact> {
    let (number, suffix) = split(text);
    let unsigned = number.trim_start_matches(['+', '-']);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    if fraction.contains('.') {
        return None;
    }
    let mut numerator: BigInt = format!("0{whole}{fraction}000000000").parse().ok()?;
    let mut denominator = BigUint::from(10u32).pow(fraction.len().try_into().ok()?);
    let mut format = Format::Decimal;
    if let Some(power) = BINARY.iter().skip(1).position(|known| *known == suffix) {
        format = Format::Binary;
        numerator *= BigInt::from(1024).pow(power as u32 + 1);
    } else {
        let exponent = match DECIMAL.iter().position(|known| *known == suffix) {
            Some(position) => position as i32 * 3 - 9,
            None => {
                format = Format::Exponent;
                suffix.strip_prefix(['e', 'E'])?.parse().ok()?
            }
        };
        let power = exponent.unsigned_abs();
        if exponent < 0 {
            denominator *= BigUint::from(10u32).pow(power);
        } else {
            numerator *= BigInt::from(10).pow(power);
        }
    }
    let mut nano = rounded_up(&numerator, &denominator);
    if format == Format::Binary {
        nano = nano.min(BigInt::from(i64::MAX) * 1_000_000_000);
    }
    // Go takes what is less than one for a decimal amount.
    if format == Format::Binary && nano.magnitude() < &BigUint::from(1_000_000_000u32) && nano.sign() != Sign::NoSign {
        format = Format::Decimal;
    }
    Some(Exact { nano: if number.starts_with('-') { -nano } else { nano }, format })
}

fn rounded_up(numerator: &BigInt, denominator: &BigUint) -> BigInt {
    let magnitude = (numerator.magnitude() + denominator - 1u32) / denominator;
    BigInt::from_biguint(numerator.sign(), magnitude)
}

fn limit() -> BigInt {
    i128::MAX.into()
}

fn limited(nano: &BigInt) -> BigInt {
    nano.clone().clamp(-limit(), limit())
}

/// The largest suffix that leaves a whole number.
fn canonical(exact: &Exact) -> String {
    let billion = BigInt::from(1_000_000_000);
    let is_zero = |number: BigInt| number.sign() == Sign::NoSign;
    if is_zero(exact.nano.clone()) {
        return "0".into();
    }
    // A larger one would be read as the largest there is.
    let has_suffix = BigInt::from(1024) * &billion..=BigInt::from(i64::MAX) * &billion;
    let magnitude = BigInt::from(exact.nano.magnitude().clone());
    let binary = exact.format == Format::Binary && is_zero(&magnitude % &billion) && has_suffix.contains(&magnitude);
    if binary {
        let units = (0..BINARY.len()).rev().map(|power| (power, &billion * BigInt::from(1024).pow(power as u32)));
        let (power, unit) = units.into_iter().find(|(_, unit)| is_zero(&exact.nano % unit)).unwrap();
        return format!("{}{}", &exact.nano / unit, BINARY[power]);
    }
    let largest = if exact.format == Format::Exponent { 12 } else { 9 };
    let units = (0..=largest).rev().map(|power| (power, BigInt::from(1000).pow(power)));
    let (power, unit) = units.into_iter().find(|(_, unit)| is_zero(&exact.nano % unit)).unwrap();
    let mantissa = &exact.nano / unit;
    match exact.format {
        Format::Exponent if power == 3 => mantissa.to_string(),
        Format::Exponent => format!("{mantissa}e{}", power as i32 * 3 - 9),
        _ => format!("{mantissa}{}", DECIMAL[power as usize]),
    }
}

/// How far a double is from an amount, in units that are the same for all doubles.
fn distance(double: f64, nano: &BigInt) -> BigUint {
    const POINT: u64 = 1100;
    let bits = double.to_bits();
    let (exponent, fraction) = (bits >> 52 & 0x7FF, bits & ((1 << 52) - 1));
    let mantissa = if exponent == 0 { fraction } else { fraction | 1 << 52 };
    let magnitude = BigUint::from(mantissa) << (exponent.max(1) + POINT - 1075);
    let sign = if double < 0.0 { Sign::Minus } else { Sign::Plus };
    let (scaled, wanted): (BigInt, BigInt) = (BigInt::from_biguint(sign, magnitude) * 1_000_000_000, nano << POINT);
    BigUint::clone((scaled - wanted).magnitude())
}
