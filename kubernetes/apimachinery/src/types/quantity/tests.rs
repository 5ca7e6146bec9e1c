//! Cases that the comparison with Go (tests/it/go_tables.rs) does not cover.

use super::Quantity;

#[test]
fn sums_are_exact_and_keep_the_format_of_the_first() {
    let sum = |a: &str, b: &str| (Quantity::from(a) + Quantity::from(b)).to_string();
    assert_eq!(sum("0.1", "0.2"), "300m");
    assert_eq!(sum("1Gi", "1"), "1073741825");
    assert_eq!(sum("0", "1Gi"), "1Gi");
    assert_eq!(sum("1e3", "1"), "1001");
    assert_eq!((Quantity::from("1") - Quantity::from("1100m")).to_string(), "-100m");
    assert_eq!((-Quantity::from("5k")).to_string(), "-5k");
}

#[test]
fn order_is_by_value() {
    let mut quantities = ["1Gi", "nonsense", "1G", "-5", "1000000001", "100m"].map(Quantity::from);
    quantities.sort();
    assert_eq!(quantities.map(|q| q.to_string()), ["nonsense", "-5", "100m", "1G", "1000000001", "1Gi"]);
}

#[test]
fn conversions_round_away_from_zero() {
    assert_eq!(Quantity::from("1.2").to_i64(), Some(2));
    assert_eq!(Quantity::from("-1.2").to_i64(), Some(-2));
    assert_eq!(Quantity::from("-1.23456789012345678901234").to_i64(), Some(-2));
    assert_eq!(Quantity::from("0.0001").to_milli(), Some(1));
    assert_eq!(Quantity::from("8E").to_milli(), None);
    assert_eq!(Quantity::from("250m").to_f64(), Some(0.25));
    assert_eq!(Quantity::from("x").to_i64(), None);
}

/// Go has no limit here, but amounts beyond 2¹²⁷ nano do not occur in practice.
#[test]
fn amounts_beyond_the_limit_are_accepted_and_count_as_the_limit() {
    let large = Quantity::from("1e30");
    assert_eq!((large.to_nano(), large.to_i64(), large.to_f64()), (None, None, None));
    assert_eq!(large.canonical().as_str(), "1e30");
    assert!(large > Quantity::from("170000000000E") && large == Quantity::from("2e30"));
    assert!(-large.clone() < Quantity::from("-170000000000E"));
    let _ = (large.clone() + large.clone(), -large.clone() - large.clone(), large * i64::MIN);
    for text in ["1e999999999999", "1e-999999999999", "1e9223372036854775807", "-1e-9223372036854775808"] {
        let quantity: Quantity = text.parse().unwrap();
        let _ = (quantity.canonical(), quantity.clone() + quantity);
    }
    assert_eq!(Quantity::from("1e-999999999999").canonical().as_str(), "1e-9");
    let digits = format!("0.{}1Ki", "0".repeat(100_000));
    assert_eq!(Quantity::from(digits.as_str()).canonical().as_str(), "1n");
}

#[test]
fn amounts_are_made_and_changed() {
    assert_eq!(Quantity::from_milli(i64::MIN).canonical().to_milli(), Some(i64::MIN));
    assert_eq!((Quantity::from("1.5Gi") * 2).as_str(), "3Gi");
    let mut total = Quantity::default();
    total += Quantity::from("100Mi");
    total -= &Quantity::from("36Mi");
    assert_eq!((total.as_str(), total.is_zero()), ("64Mi", false));
    assert_eq!(["1", "500m", "nonsense"].map(Quantity::from).into_iter().sum::<Quantity>().as_str(), "1500m");
    let (limit, request) = (Quantity::from("1Gi".to_owned()), Quantity::from(crate::Str::from("512Mi")));
    assert_eq!(
        [&limit - &request, &limit + &request, limit.clone() - &request].map(|q| q.to_string()),
        ["512Mi", "1536Mi", "512Mi"]
    );
    assert_eq!([&limit, &request].into_iter().sum::<Quantity>().as_str(), "1536Mi");
    assert_eq!(
        [0, -1 << 20, i64::MAX].map(|n| Quantity::with_binary_suffix(n).to_string()),
        ["0", "-1Mi", "9223372036854775807"]
    );
    assert!(Quantity::from("0Mi").is_zero() && !Quantity::from("nonsense").is_zero());
}

/// Go drops the suffix of these, and so writes `1`.
#[test]
fn amounts_above_the_largest_suffix_keep_it() {
    assert_eq!(Quantity::from("1000E").canonical().as_str(), "1000E");
    assert_eq!(Quantity::from("1000000000000000000000").canonical().as_str(), "1000E");
    assert_eq!(Quantity::from("1e21").canonical().as_str(), "1e21");
}

/// Found by fuzzing: Go writes this sum as `8Ei`, which is one less when it is parsed again.
#[test]
fn a_sum_beyond_the_cap_of_binary_suffixes_is_not_written_with_one() {
    let sum = Quantity::from("8Ei") + Quantity::from("1");
    assert_eq!(sum.as_str(), "9223372036854775808");
    assert_eq!(sum, Quantity::from("1") + Quantity::from("8Ei"));
}
