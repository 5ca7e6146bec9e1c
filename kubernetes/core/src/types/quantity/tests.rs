use super::{Amount, Quantity};

fn canonical(text: &str) -> String {
    Quantity::from(text).canonical().to_string()
}

/// Pairs as Go's resource.MustParse(…).String() prints them once its cached text is dropped.
#[test]
fn canonical_forms_are_those_of_go() {
    let pairs = [
        ("0", "0"),
        ("0n", "0"),
        ("-0", "0"),
        ("1000m", "1"),
        ("1500m", "1500m"),
        ("0.5", "500m"),
        (".5", "500m"),
        ("5.", "5"),
        ("+12", "12"),
        ("-1.5", "-1500m"),
        ("12000", "12k"),
        ("1024", "1024"),
        ("1024Ki", "1Mi"),
        ("1.5Gi", "1536Mi"),
        ("512Ki", "512Ki"),
        ("0.5Ki", "512"),
        ("1023Mi", "1023Mi"),
        ("0.5Mi", "512Ki"),
        ("1e3", "1e3"),
        ("12e5", "1200e3"),
        ("1E3", "1e3"),
        ("1e-3", "1e-3"),
        ("1E", "1E"),
        ("100E", "9223372036854775807"),
        ("0.0000000001", "1n"),
        ("1.0000000001n", "2n"),
        ("9223372036854775808", "9223372036854775807"),
        ("99999999999999999999999999999999999999999999", "9223372036854775807"),
        ("8Ei", "9223372036854775807"),
    ];
    for (text, expected) in pairs {
        assert_eq!(canonical(text), expected, "of {text}");
    }
}

#[test]
fn what_is_no_quantity_is_refused() {
    for text in [
        "", "-", "+", ".", "1.1.1", "1ki", "1kb", "1 Gi", " 1", "1e", "1e+", "1e1.5", "m", "Mi", "--1", "1i", "1KI",
        "١",
    ] {
        assert!(text.parse::<Quantity>().is_err(), "{text:?}");
        assert!(Amount::parse(text).is_none(), "{text:?}");
    }
}

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
fn conversions_round_up() {
    assert_eq!(Quantity::from("1.2").to_i64(), Some(2));
    assert_eq!(Quantity::from("-1.2").to_i64(), Some(-1));
    assert_eq!(Quantity::from("0.0001").to_milli(), Some(1));
    assert_eq!(Quantity::from("8E").to_milli(), None);
    assert_eq!(Quantity::from("250m").to_f64(), Some(0.25));
    assert_eq!(Quantity::from("x").to_i64(), None);
}
