//! The same thing again and again: the waits grow, and none of it goes on forever.

use super::*;

/// The waits between connections that all come to the same end, until the watch is over or lists.
fn waits(mut machine: Machine, loss: Loss, lived: Duration, most: usize) -> (Vec<f64>, &'static str) {
    let is_listing = machine.is_listing();
    let mut waits = Vec::new();
    while waits.len() < most {
        machine.opened();
        match machine.lost(loss, lived) {
            Recovery::Retry { wait } => waits.push(wait.as_secs_f64()),
            Recovery::ListInstead => return (waits, "lists"),
            Recovery::Fail => return (waits, "fails"),
        }
        if machine.is_listing() != is_listing {
            return (waits, "lists");
        }
    }
    (waits, "goes on")
}

#[test]
fn waits_double_from_800_ms_to_30_s() {
    let steps = [0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30.0, 30.0];
    for loss in [Loss::Ended, UNAVAILABLE, BROKEN] {
        assert_eq!(waits(watching(), loss, BRIEF, 8), (steps.into(), "goes on"), "{loss:?}");
    }
    // Connections that were healthy do not count.
    assert_eq!(waits(watching(), Loss::Ended, MINUTE, 3), (vec![0.0; 3], "goes on"));
    assert_eq!(waits(watching(), BROKEN, MINUTE, 3), (vec![0.8; 3], "goes on"));
}

#[test]
fn jitter_takes_half_of_a_wait_at_most() {
    let mut delays = BACKOFF.delays();
    for step in [0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30.0] {
        let wait = delays.next_delay().as_secs_f64();
        assert!((step / 2.0..=step).contains(&wait), "{wait} of {step}");
    }
}

/// A loss, and after how many tries a stream from a version is over, and a reflector lists.
#[test]
fn the_number_of_tries_depends_on_what_is_wrong() {
    let cases = [
        (Loss::Gone, 1, "fails", 1, "lists"),
        (Loss::Empty, 10, "fails", 2, "lists"),
        (AHEAD, 10, "fails", 2, "lists"),
        (UNEXPLAINED, 10, "fails", 2, "lists"),
        (Loss::Refused, 0, "fails", 1, "lists"),
        (Loss::Final, 0, "fails", 0, "fails"),
        (Loss::Ended, 100, "goes on", 10, "lists"),
        (BROKEN, 100, "goes on", 10, "lists"),
        (Loss::Silent, 100, "goes on", 10, "lists"),
        (Loss::Overdue, 100, "goes on", 10, "lists"),
        // It says nothing about the request, and many clients that list when the server is back would be too much.
        (UNAVAILABLE, 100, "goes on", 100, "goes on"),
    ];
    for (loss, stream_tries, stream_end, reflector_tries, reflector_end) in cases {
        let lived = if matches!(loss, Loss::Silent | Loss::Overdue) { 90 * SECOND } else { BRIEF };
        let tries = |machine| {
            let (waits, end) = waits(machine, loss, lived, 100);
            (waits.len(), end)
        };
        assert_eq!(tries(watching()), (stream_tries, stream_end), "{loss:?}, of a stream");
        assert_eq!(tries(listed()), (reflector_tries, reflector_end), "{loss:?}, of a reflector");
    }
}

/// How many tries a loss has, when this happens before each.
fn tries_with(inputs: &[Input], machine: fn() -> Machine, loss: Loss) -> usize {
    let mut machine = machine();
    for tries in 0..100 {
        machine.opened();
        if machine.lost(loss, BRIEF) == Recovery::Fail || machine.is_listing() {
            return tries;
        }
        for input in inputs {
            decide(&mut machine, *input);
        }
    }
    100
}

#[test]
fn progress_and_health_give_new_tries() {
    let quiet = [Open, Lost(Loss::Ended, MINUTE)];
    for loss in [Loss::Gone, AHEAD, Loss::Empty, UNEXPLAINED] {
        assert_eq!(tries_with(&quiet, watching, loss), 100, "{loss:?} after a healthy connection");
    }
    // The same version again is not progress, and a connection that breaks soon is not healthy.
    for inputs in [&[Open, Bookmark("5"), Lost(BROKEN, BRIEF)], &[Open, Lost(BROKEN, BRIEF), Open]] {
        assert_eq!(tries_with(inputs, watching, Loss::Gone), 1);
        assert_eq!(tries_with(inputs, watching, AHEAD), 10);
    }
    // An error that takes its time does not count as health.
    for (loss, tries) in [(Loss::Gone, 1), (AHEAD, 10), (UNEXPLAINED, 10)] {
        assert_eq!(waits(watching(), loss, MINUTE, 100), (vec![0.8; tries], "fails"), "{loss:?}");
    }
    let mut machine = watching();
    for version in ["6", "7", "8", "9"] {
        assert_eq!(decide(&mut machine, Lost(Loss::Gone, BRIEF)), "retry after 800ms");
        machine.opened();
        machine.changed(version);
    }
}

/// Many short silences count like few long ones.
#[test]
fn silence_is_measured_by_its_length() {
    for (lived, tries) in [(15 * SECOND, 60), (90 * SECOND, 10), (10 * MINUTE, 2)] {
        for loss in [Loss::Silent, Loss::Overdue] {
            assert_eq!(waits(listed(), loss, lived, 100).0.len(), tries, "{loss:?} after {lived:?}");
        }
    }
    // Connections that were never answered are counted.
    let mut machine = after(listed(), &[Lost(Loss::Ended, MINUTE)]);
    for _ in 0..9 {
        machine.lost(Loss::Silent, 90 * SECOND);
        assert!(!machine.is_listing());
    }
    machine.lost(Loss::Silent, 90 * SECOND);
    assert!(machine.is_listing());
}

#[test]
fn a_bookmark_shows_that_a_watch_is_not_fruitless() {
    assert_eq!(tries_with(&[Open, Bookmark("5"), Lost(Loss::Ended, BRIEF)], listed, BROKEN), 100);
    assert_eq!(tries_with(&[Open, Lost(Loss::Ended, MINUTE)], listed, BROKEN), 100);
    assert_eq!(tries_with(&[Open, Lost(Loss::Ended, BRIEF)], listed, BROKEN), 5);
    assert_eq!(tries_with(&[Lost(UNAVAILABLE, BRIEF)], listed, BROKEN), 9);
}
