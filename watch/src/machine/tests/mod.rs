//! Decisions of a machine whose backoff has no jitter: the waits are those of the constants.

mod attempts;
mod lists;
mod pictures;
mod relisting;

use super::*;

pub(super) const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

/// Longer than at once, and shorter than healthy.
const BRIEF: Duration = Duration::from_secs(3);
const AT_ONCE: Duration = Duration::from_millis(100);

const UNAVAILABLE: Loss = Loss::Unavailable { retry_after: None };
const BROKEN: Loss = Loss::Broken { retry_after: None };
const UNEXPLAINED: Loss = Loss::Unexplained { retry_after: None };
const AHEAD: Loss = Loss::Ahead { retry_after: None };

/// Something that happens to a machine.
#[derive(Clone, Copy, Debug)]
enum Input {
    /// The next request is made, and answered with success.
    Open,
    Change(&'static str),
    Bookmark(&'static str),
    /// The bookmark that ends the initial events.
    End(&'static str),
    /// A page with an object, and the token of the next one.
    Page(&'static str, Option<&'static str>),
    Lost(Loss, Duration),
}

use Input::{Bookmark, Change, End, Lost, Open, Page};

fn machine(version: Option<&str>, lost_version: LostVersion, streaming_lists: StreamingLists) -> Machine {
    let backoff = Backoff::new(Duration::from_millis(800), 30 * SECOND);
    Machine::new(version.map(Str::from), lost_version, streaming_lists, 5 * MINUTE, backoff)
}

/// A stream from version 5.
fn watching() -> Machine {
    after(machine(Some("5"), LostVersion::Fail, StreamingLists::Use), &[Open])
}

/// A stream that begins with a streaming list.
fn streaming() -> Machine {
    after(machine(None, LostVersion::Fail, StreamingLists::Use), &[Open])
}

/// A stream that begins with pages.
fn listing() -> Machine {
    machine(None, LostVersion::Fail, StreamingLists::Avoid)
}

/// A reflector that begins with a streaming list.
fn reflecting() -> Machine {
    after(machine(None, LostVersion::Relist, StreamingLists::Use), &[Open])
}

/// A reflector whose list is complete, at version 5.
fn listed() -> Machine {
    after(reflecting(), &[End("5")])
}

fn after(mut machine: Machine, inputs: &[Input]) -> Machine {
    for input in inputs {
        decide(&mut machine, *input);
    }
    machine
}

/// The decision, as text.
fn decide(machine: &mut Machine, input: Input) -> String {
    match input {
        Open => {
            machine.opened();
            String::new()
        }
        Change(version) => format!("{:?}", machine.changed(version)),
        Bookmark(version) => format!("{:?}", machine.bookmark(version, false)),
        End(version) => format!("{:?}", machine.bookmark(version, true)),
        Page(version, next) => format!("{:?}", machine.page(version, next, false)),
        Lost(loss, lived) => match machine.lost(loss, lived) {
            Recovery::Retry { wait } => format!("retry after {wait:?}"),
            Recovery::ListInstead => "list instead".to_owned(),
            Recovery::Fail => "fail".to_owned(),
        },
    }
}

fn goal(machine: &Machine) -> String {
    match machine.next_request() {
        NextRequest::Watch { from } => format!("watch from {from}"),
        NextRequest::StreamingList => "streaming list".to_owned(),
        NextRequest::Page { token: None, size } => format!("first page, {size:?}"),
        NextRequest::Page { token: Some(token), size } => format!("page {token}, {size:?}"),
    }
}

/// Each row begins with the state; it says what is decided, and the next request if that is another one.
fn check(state: impl Fn() -> Machine, rows: &[(Input, &str)]) {
    for (input, expected) in rows {
        let mut machine = state();
        let before = goal(&machine);
        let mut actual = decide(&mut machine, *input);
        if goal(&machine) != before {
            actual = format!("{actual}: {}", goal(&machine));
        }
        assert_eq!(actual, *expected, "{input:?}");
    }
}

#[test]
fn a_watch_hands_over_what_it_brings() {
    check(
        watching,
        &[
            (Change("7"), "Changed: watch from 7"),
            (Bookmark("8"), "Deliver: watch from 8"),
            (End("8"), "Deliver: watch from 8"),
        ],
    );
}

#[test]
fn a_watch_that_is_lost_is_opened_again() {
    check(
        watching,
        &[
            (Lost(Loss::Ended, BRIEF), "retry after 800ms"),
            (Lost(Loss::Ended, MINUTE), "retry after 0ns"),
            (Lost(Loss::Empty, AT_ONCE), "retry after 800ms"),
            (Lost(Loss::Silent, 90 * SECOND), "retry after 0ns"),
            (Lost(Loss::Overdue, 10 * MINUTE), "retry after 0ns"),
            (Lost(UNAVAILABLE, BRIEF), "retry after 800ms"),
            (Lost(BROKEN, BRIEF), "retry after 800ms"),
            (Lost(BROKEN, MINUTE), "retry after 800ms"),
            (Lost(UNEXPLAINED, BRIEF), "retry after 800ms"),
            (Lost(Loss::Gone, BRIEF), "retry after 800ms"),
            (Lost(AHEAD, BRIEF), "retry after 800ms"),
            (Lost(Loss::Refused, BRIEF), "fail"),
            (Lost(Loss::Final, BRIEF), "fail"),
        ],
    );
}

#[test]
fn a_watch_that_has_brought_something_is_opened_again_a_second_after_the_last() {
    let state = || after(watching(), &[Change("6")]);
    check(
        state,
        &[
            (Lost(Loss::Ended, AT_ONCE), "retry after 900ms"),
            (Lost(Loss::Ended, BRIEF), "retry after 0ns"),
            (Lost(BROKEN, BRIEF), "retry after 800ms"),
        ],
    );
}

#[test]
fn a_server_may_ask_for_a_wait_but_not_for_any() {
    let after = |seconds| Some(Duration::from_secs(seconds));
    check(
        watching,
        &[
            (Lost(Loss::Unavailable { retry_after: after(5) }, BRIEF), "retry after 5.8s"),
            (Lost(Loss::Broken { retry_after: after(5) }, BRIEF), "retry after 5.8s"),
            (Lost(Loss::Ahead { retry_after: after(1) }, BRIEF), "retry after 1.8s"),
            (Lost(Loss::Unexplained { retry_after: after(86_400) }, BRIEF), "retry after 60.8s"),
            (Lost(Loss::Unavailable { retry_after: after(u64::MAX) }, BRIEF), "retry after 60.8s"),
        ],
    );
}

#[test]
fn a_watch_has_ended_at_once_if_it_has_brought_nothing_within_a_second() {
    let ended_at_once = |machine: Machine, millis| machine.has_ended_at_once(Duration::from_millis(millis));
    assert!(ended_at_once(watching(), 999));
    assert!(!ended_at_once(watching(), 1000));
    assert!(!ended_at_once(after(watching(), &[Bookmark("5")]), 1));
    assert!(!ended_at_once(after(watching(), &[Change("6")]), 1));
    assert!(!ended_at_once(machine(Some("5"), LostVersion::Fail, StreamingLists::Use), 1), "it was never open");
    assert!(!ended_at_once(streaming(), 1), "it is a list");
    assert!(!ended_at_once(listed(), 1), "it has just listed");
    assert!(ended_at_once(after(listed(), &[Lost(Loss::Ended, BRIEF), Open]), 1));
}

#[test]
fn a_life_as_long_as_was_asked_for_is_healthy() {
    let backoff = Backoff::new(Duration::from_millis(800), 30 * SECOND);
    let state = || {
        let machine = Machine::new(Some("5".into()), LostVersion::Fail, StreamingLists::Use, 2 * SECOND, backoff);
        after(machine, &[Open])
    };
    check(
        state,
        &[
            (Lost(Loss::Ended, 2 * SECOND), "retry after 0ns"),
            (Lost(Loss::Ended, Duration::from_millis(1990)), "retry after 0ns"),
            (Lost(Loss::Ended, SECOND), "retry after 800ms"),
        ],
    );
}
