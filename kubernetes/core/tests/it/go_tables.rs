//! Special types behave as Go's do.
//!
//! Each line of `tests/data/go/*.jsonl` is a list: the arguments, and what Go answered. They were printed by a Go
//! program that calls `resource.ParseQuantity` (then CanonicalizeBytes, Value, MilliValue, AsFloat64Slow, Cmp, Add and
//! Sub), `metav1.Time.UnmarshalJSON`, `intstr.GetScaledValueFromIntOrPercent`, `labels.Parse` and
//! `fields.ParseSelector` of k8s.io/apimachinery v0.37.2. `null` is what Go refuses, or a number that overflowed there.
//! The texts were chosen by hand for the edges; the same program answered some 100,000 random ones of each kind the
//! same way as this crate, which can't be part of a test.

use kubernetes_core::selector::{FieldSelector, LabelSelector};
use kubernetes_core::{IntOrString, Map, MicroTime, Quantity, Str, Time, json};
use serde_json::{Value, json};

fn table(text: &'static str, at_least: usize) -> Vec<Vec<Value>> {
    let rows: Vec<Vec<Value>> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(rows.len() >= at_least, "{} rows", rows.len());
    rows
}

#[test]
fn quantities() {
    for row in table(include_str!("../data/go/quantities.jsonl"), 160) {
        let text = row[0].as_str().unwrap();
        let Some(canonical) = row[1].as_str() else {
            assert!(text.parse::<Quantity>().is_err(), "{text:?}");
            continue;
        };
        let quantity: Quantity = text.parse().unwrap();
        assert_eq!(quantity.canonical().as_str(), canonical, "{text:?}");
        assert_eq!(json!(quantity.to_i64()), row[2], "{text:?}");
        assert_eq!(json!(quantity.to_milli()), row[3], "{text:?}");
        assert_eq!(quantity.to_f64().unwrap(), row[4].as_f64().unwrap(), "{text:?}");
        assert_eq!(quantity, quantity.canonical(), "{text:?}");
    }
}

#[test]
fn quantity_arithmetic() {
    for row in table(include_str!("../data/go/quantity_pairs.jsonl"), 200) {
        let [a, b] = [0, 1].map(|at| Quantity::from(row[at].as_str().unwrap()));
        assert_eq!(json!(a.cmp(&b) as i8), row[2], "{a} {b}");
        assert_eq!((a.clone() + b.clone()).as_str(), row[3], "{a} + {b}");
        assert_eq!((a.clone() - b.clone()).as_str(), row[4], "{a} - {b}");
    }
}

#[test]
fn times() {
    for row in table(include_str!("../data/go/times.jsonl"), 70) {
        let text = row[0].as_str().unwrap();
        let quoted = row[0].to_string();
        if row[1].is_null() && row.len() == 2 {
            assert!(json::from_str::<Time>(&quoted).is_err(), "{text:?}");
            assert!(json::from_str::<MicroTime>(&quoted).is_err(), "{text:?}");
            continue;
        }
        let (time, micro_time): (Time, MicroTime) = (text.parse().unwrap(), text.parse().unwrap());
        assert_eq!(json::to_string(&time).unwrap(), row[1].to_string(), "{text:?}");
        assert_eq!(json::to_string(&micro_time).unwrap(), row[2].to_string(), "{text:?}");
    }
}

#[test]
fn percentages() {
    for row in table(include_str!("../data/go/percentages.jsonl"), 100) {
        let (value, total) = (IntOrString::from(row[0].as_str().unwrap()), row[1].as_i64().unwrap());
        if row[2].is_null() {
            assert!(value.scaled_up(total).is_err() && value.scaled_down(total).is_err(), "{value:?}");
            continue;
        }
        assert_eq!(json!(value.scaled_up(total).unwrap()), row[2], "{value} of {total}");
        assert_eq!(json!(value.scaled_down(total).unwrap()), row[3], "{value} of {total}");
    }
}

#[test]
fn label_selectors() {
    let labels: [Map<Str>; 6] = [
        Map::new(),
        [("a", "b")].into(),
        [("a", ""), ("in", "5")].into(),
        [("a", "5"), ("x/y", "b")].into(),
        [("b", "-7"), ("a", "+3")].into(),
        [("in", "in"), ("notin", "b"), ("a", "a")].into(),
    ];
    for row in table(include_str!("../data/go/label_selectors.jsonl"), 120) {
        let parsed = row[0].as_str().unwrap().parse::<LabelSelector>();
        if row[1].is_null() {
            assert!(parsed.is_err(), "{parsed:?}");
            continue;
        }
        let selector = parsed.unwrap();
        // Go keeps `==`, which means the same.
        assert_eq!(selector.to_string(), row[1].as_str().unwrap().replace("==", "="));
        assert_eq!(json!(labels.each_ref().map(|labels| selector.matches(labels))), row[2], "{selector}");
        assert_eq!(selector.to_string().parse::<LabelSelector>().unwrap(), selector);
    }
}

#[test]
fn field_selectors() {
    let fields: [Map<Str>; 4] =
        [Map::new(), [("a", "b")].into(), [("a", "b,c"), ("x", "=")].into(), [("a", "\\")].into()];
    for row in table(include_str!("../data/go/field_selectors.jsonl"), 45) {
        let parsed = row[0].as_str().unwrap().parse::<FieldSelector>();
        if row[1].is_null() {
            assert!(parsed.is_err(), "{parsed:?}");
            continue;
        }
        let selector = parsed.unwrap();
        assert_eq!(selector.to_string(), row[1].as_str().unwrap());
        let matches = fields.each_ref().map(|fields| selector.matches(|field| fields.get(field).map(Str::as_str)));
        assert_eq!(json!(matches), row[2], "{selector}");
    }
}
