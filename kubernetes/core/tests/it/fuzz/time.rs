use jiff::Timestamp;
use kubernetes_core::{MicroTime, Time};

/// A text, or two with a `;` between them, is read as the rules say that are written out here, and written accordingly.
pub(super) fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (first, second) = text.split_once(';').unwrap_or((text, "2026-11-23T08:30:00Z"));
    let (Some((a, nano_a)), Some((b, nano_b))) = (read(first), read(second)) else { return };
    assert_eq!(a.cmp(&b), nano_a.cmp(&nano_b), "{first} {second}");
    assert_eq!(a.is_zero(), nano_a == FIRST);
}

/// The first moment of the year 1, in nanoseconds since 1970.
const FIRST: i128 = -62_135_596_800 * SECOND;
const SECOND: i128 = 1_000_000_000;

/// A time, and the nanoseconds since 1970 that it must be.
fn read(text: &str) -> Option<(Time, i128)> {
    let expected = nanoseconds(text);
    // What is later than the year 9999 in UTC can't be written.
    let last = days(10_000, 1, 1) * 86_400 * SECOND;
    let expected = expected.filter(|nano| *nano < last);
    let (time, micro_time) = (text.parse::<Time>(), text.parse::<MicroTime>());
    assert_eq!((time.is_ok(), micro_time.is_ok()), (expected.is_some(), expected.is_some()), "{text:?}");
    let (time, micro_time, nano) = (time.ok()?, micro_time.ok()?, expected?);
    let timestamp = time.timestamp().as_nanosecond();
    assert_eq!(timestamp, nano.clamp(Timestamp::MIN.as_nanosecond(), Timestamp::MAX.as_nanosecond()), "{text:?}");
    // A time zone may lead into the year before the first, which the form cannot express, in Go neither.
    if nano >= days(0, 1, 1) * 86_400 * SECOND {
        let (written, precise) = (time.to_string(), micro_time.to_string());
        assert_eq!((written.len(), precise.len()), (20, 27), "{written} {precise}");
        assert_eq!(nanoseconds(&written), Some(nano.div_euclid(SECOND) * SECOND), "{text:?} {written}");
        assert_eq!(nanoseconds(&precise), Some(nano.div_euclid(1000) * 1000), "{text:?} {precise}");
    }
    Some((time, nano))
}

/// Reads as Go's `time.Parse(time.RFC3339, …)` does.
fn nanoseconds(text: &str) -> Option<i128> {
    let (date, rest) = text.split_once('T')?;
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    let zone_at = rest.find(['Z', '+', '-'])?;
    let (clock, zone) = rest.split_at(zone_at);
    let (clock, fraction) = match clock.find(['.', ',']) {
        Some(at) => (&clock[..at], Some(&clock[at + 1..])),
        None => (clock, None),
    };
    let hour_digits = clock.find(':').filter(|digits| *digits == 1).unwrap_or(2);
    let [hour, minute, second] = numbers(clock, ':', [hour_digits, 2, 2])?;
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days_in_month = [31, if is_leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let month_length = *days_in_month.get(usize::try_from(month).ok()?.checked_sub(1)?)?;
    if !(1..=month_length).contains(&day) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let nano = match fraction {
        None => 0,
        Some(digits) if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) => return None,
        Some(digits) => format!("{digits}000000000")[..9].parse().ok()?,
    };
    let offset = match zone.split_at(1) {
        ("Z", "") => 0,
        ("Z", _) => return None,
        (sign, zone) => {
            let [hours, minutes] = numbers(zone, ':', [2, 2])?;
            if hours > 24 || minutes > 60 {
                return None;
            }
            (hours * 60 + minutes) * if sign == "-" { -60 } else { 60 }
        }
    };
    let seconds = days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset;
    Some(seconds * SECOND + nano)
}

/// Numbers with a separator between them, each of just so many digits.
fn numbers<const N: usize>(text: &str, separator: char, lengths: [usize; N]) -> Option<[i128; N]> {
    let parts: Vec<&str> = text.split(separator).collect();
    let fit = parts.len() == N
        && parts
            .iter()
            .zip(lengths)
            .all(|(part, length)| part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit()));
    let numbers: Vec<i128> = if fit { parts.iter().filter_map(|part| part.parse().ok()).collect() } else { Vec::new() };
    numbers.try_into().ok()
}

/// The days from 1970 to a date of the Gregorian calendar.
fn days(year: i128, month: i128, day: i128) -> i128 {
    // Years that begin in March end with the leap day.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    let before_month = (153 * month + 2) / 5;
    365 * year + leap_days + before_month + day - 1 - 719_468
}
