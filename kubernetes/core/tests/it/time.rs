//! Times are written as Go writes them, and read as it reads them.

use kubernetes_core::json;
use kubernetes_core::{MicroTime, Time};

#[test]
fn times_are_written_in_gos_formats() {
    let cases = [
        ("2026-11-23T08:30:00Z", "2026-11-23T08:30:00Z", "2026-11-23T08:30:00.000000Z"),
        ("2026-11-23T09:30:00+01:00", "2026-11-23T08:30:00Z", "2026-11-23T08:30:00.000000Z"),
        ("2026-11-23T08:30:00.123456789Z", "2026-11-23T08:30:00Z", "2026-11-23T08:30:00.123456Z"),
        ("1969-12-31T23:59:59.9Z", "1969-12-31T23:59:59Z", "1969-12-31T23:59:59.900000Z"),
        ("0000-01-01T00:00:00Z", "0000-01-01T00:00:00Z", "0000-01-01T00:00:00.000000Z"),
        ("2026-01-02T03:04:05.000001999Z", "2026-01-02T03:04:05Z", "2026-01-02T03:04:05.000001Z"),
        ("2026-01-02T03:04:05.999999Z", "2026-01-02T03:04:05Z", "2026-01-02T03:04:05.999999Z"),
        // A year before the first, which no server writes.
        ("0000-01-01T00:00:00+01:00", "-000001-12-31T23:00:00Z", "-000001-12-31T23:00:00.000000Z"),
        ("9999-12-30T22:00:00Z", "9999-12-30T22:00:00Z", "9999-12-30T22:00:00.000000Z"),
    ];
    for (text, time, micro_time) in cases {
        let quoted = format!("\"{text}\"");
        assert_eq!(json::to_string(&json::from_str::<Time>(&quoted).unwrap()).unwrap(), format!("\"{time}\""));
        assert_eq!(
            json::to_string(&json::from_str::<MicroTime>(&quoted).unwrap()).unwrap(),
            format!("\"{micro_time}\"")
        );
    }
}

#[test]
fn the_zero_time_is_null() {
    assert_eq!(json::to_string(&Time::default()).unwrap(), "null");
    assert!(json::from_str::<Time>("null").unwrap().is_zero());
    assert!(json::from_str::<Time>("\"0001-01-01T00:00:00Z\"").unwrap().is_zero());
    assert_eq!(json::to_string(&MicroTime::default()).unwrap(), "null");
}

#[test]
fn what_is_no_time_is_refused() {
    for text in [
        "\"\"",
        "\"yesterday\"",
        "\"2026-11-23\"",
        "\"2026-11-23T08:30:00\"",
        "\"2026-13-01T00:00:00Z\"",
        "5",
        "\"2026-11-23T08:30:00Z[UTC]\"",
    ] {
        assert!(json::from_str::<Time>(text).is_err(), "{text}");
    }
}
