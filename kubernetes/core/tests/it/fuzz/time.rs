use kubernetes_core::{MicroTime, Time};

/// What is read is written so that it is read as the same moment again, and the written forms are in order.
pub(super) fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (first, second) = text.split_once(';').unwrap_or((text, "2026-11-23T08:30:00Z"));
    let (Ok(time), Ok(micro_time)) = (first.parse::<Time>(), first.parse::<MicroTime>()) else {
        assert!(first.parse::<MicroTime>().is_err());
        return;
    };
    // A time zone may lead into the year before the first, which the form cannot express, in Go neither.
    if !time.to_string().starts_with('-') {
        let again: Time = time.to_string().parse().unwrap();
        assert_eq!(again.to_string(), time.to_string());
        assert!(again <= time);
        let again: MicroTime = micro_time.to_string().parse().unwrap();
        assert_eq!(again.to_string(), micro_time.to_string());
        assert_eq!(&micro_time.to_string()[..19], &time.to_string()[..19]);
    }
    let _ = (time.timestamp(), time.is_zero());
    if let Ok(other) = second.parse::<Time>() {
        assert_eq!(time <= other, time.timestamp() <= other.timestamp() || time <= other);
        if time.timestamp() < other.timestamp() {
            assert!(time < other);
        }
    }
}
