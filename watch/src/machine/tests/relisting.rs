//! The machine of a reflector: where a stream would be over, it lists again.

use super::*;

#[test]
fn a_version_that_is_of_no_use_makes_it_list_again() {
    check(
        listed,
        &[
            (Lost(Loss::Gone, BRIEF), "retry after 800ms: streaming list"),
            (Lost(Loss::Refused, BRIEF), "retry after 800ms: streaming list"),
            (Lost(Loss::Empty, AT_ONCE), "retry after 800ms"),
            (Lost(AHEAD, BRIEF), "retry after 800ms"),
            (Lost(UNEXPLAINED, BRIEF), "retry after 800ms"),
            (Lost(Loss::Final, BRIEF), "fail"),
        ],
    );
    // The wait before a list is one of its own.
    for first in [AHEAD, Loss::Empty, UNEXPLAINED] {
        check(
            || after(listed(), &[Lost(first, BRIEF), Open]),
            &[
                (Lost(Loss::Empty, AT_ONCE), "retry after 800ms: streaming list"),
                (Lost(AHEAD, BRIEF), "retry after 800ms: streaming list"),
                (Lost(UNEXPLAINED, BRIEF), "retry after 800ms: streaming list"),
                (Lost(BROKEN, BRIEF), "retry after 1.6s"),
            ],
        );
    }
}

#[test]
fn a_list_that_expires_begins_again() {
    check(reflecting, &[(Lost(Loss::Gone, BRIEF), "retry after 800ms")]);
    let pages = || machine(None, LostVersion::Relist, StreamingLists::Avoid);
    check(pages, &[(Lost(Loss::Gone, BRIEF), "retry after 800ms")]);
    let whole = || after(pages(), &[Page("9", Some("a")), Lost(Loss::Gone, BRIEF), Page("9", Some("a"))]);
    check(whole, &[(Lost(Loss::Gone, BRIEF), "retry after 800ms: first page, Limited")]);
}

/// A list costs the server more than all else.
#[test]
fn lists_are_made_ever_less_often_whatever_comes_between() {
    let changes = |count: u32| {
        move |machine: &mut Machine| {
            for version in 0..count {
                machine.changed(&version.to_string());
            }
        }
    };
    let quiet = |minutes| {
        move |machine: &mut Machine| {
            for _ in 0..minutes {
                machine.lost(Loss::Ended, MINUTE);
                machine.opened();
            }
        }
    };
    let lists = |between: &dyn Fn(&mut Machine)| -> Vec<f64> {
        let mut machine = listed();
        let list = |_| {
            between(&mut machine);
            let Recovery::Retry { wait } = machine.lost(Loss::Gone, AT_ONCE) else { panic!("it lists again") };
            machine.opened();
            machine.bookmark("5", true);
            wait.as_secs_f64()
        };
        (0..8).map(list).collect()
    };
    let steps = [0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30.0, 30.0];
    assert_eq!(lists(&changes(0)), steps);
    assert_eq!(lists(&changes(1)), steps);
    assert_eq!(lists(&changes(1000)), steps);
    assert_eq!(lists(&quiet(1)), steps);
    assert_eq!(lists(&quiet(2)), [0.8; 8], "two healthy minutes are enough");
}

#[test]
fn pages_are_made_ever_less_often() {
    let mut machine = machine(None, LostVersion::Relist, StreamingLists::Avoid);
    let mut waits = Vec::new();
    for _ in 0..8 {
        after_all(&mut machine, &[Page("5", Some("a")), Page("5", None), Open, Change("6")]);
        waits.push(decide(&mut machine, Lost(Loss::Gone, AT_ONCE)));
    }
    assert_eq!(waits[..2], ["retry after 800ms", "retry after 1.6s"]);
    assert_eq!(waits[7], "retry after 30s");
}

/// The version of a new list is not to blame: once is enough, until the watch has brought something.
#[test]
fn a_watch_that_is_always_refused_is_an_error() {
    let mut machine = listed();
    for _ in 0..2 {
        assert_ne!(decide(&mut machine, Lost(Loss::Refused, AT_ONCE)), "fail");
        after_all(&mut machine, &[Open, End("5"), Bookmark("5")]);
    }
    assert_ne!(decide(&mut machine, Lost(Loss::Refused, AT_ONCE)), "fail");
    after_all(&mut machine, &[Open, End("5")]);
    assert_eq!(decide(&mut machine, Lost(Loss::Refused, AT_ONCE)), "fail");
}

#[test]
fn a_server_without_streaming_lists_is_asked_for_none_again() {
    for unknown in [Lost(Loss::Refused, BRIEF), Bookmark("5")] {
        let machine = after(reflecting(), &[unknown, Page("9", None), Open, Lost(Loss::Gone, BRIEF)]);
        assert_eq!(goal(&machine), "first page, Limited");
    }
    // One that only broke is tried again later.
    let broken = [Lost(BROKEN, BRIEF), Open, Lost(BROKEN, BRIEF)];
    let machine = after(after(reflecting(), &broken), &[Page("9", None), Open, Lost(Loss::Gone, BRIEF)]);
    assert_eq!(goal(&machine), "streaming list");
}

fn after_all(machine: &mut Machine, inputs: &[Input]) {
    for input in inputs {
        decide(machine, *input);
    }
}
