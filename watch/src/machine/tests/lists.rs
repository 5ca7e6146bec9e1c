//! The existing objects, as a streaming list and page by page.

use super::*;

#[test]
fn a_streaming_list_ends_with_a_bookmark() {
    check(
        streaming,
        &[
            // They are in no order, so that their versions say nothing.
            (Change("7"), "Listed"),
            (End("8"), "Complete { version: \"8\" }: watch from 8"),
            // The server does not know the option.
            (Bookmark("8"), "ListInstead: first page, Limited"),
        ],
    );
}

#[test]
fn a_streaming_list_that_is_lost_begins_again() {
    check(
        streaming,
        &[
            (Lost(Loss::Ended, BRIEF), "retry after 800ms"),
            (Lost(UNAVAILABLE, BRIEF), "retry after 800ms"),
            (Lost(BROKEN, BRIEF), "retry after 800ms"),
            (Lost(UNEXPLAINED, BRIEF), "retry after 800ms"),
            (Lost(Loss::Gone, BRIEF), "retry after 800ms"),
            (Lost(AHEAD, BRIEF), "retry after 800ms"),
            (Lost(Loss::Silent, BRIEF), "list instead: first page, Limited"),
            (Lost(Loss::Overdue, BRIEF), "list instead: first page, Limited"),
            (Lost(Loss::Refused, BRIEF), "list instead: first page, Limited"),
            (Lost(Loss::Final, BRIEF), "fail"),
        ],
    );
}

#[test]
fn a_streaming_list_that_breaks_again_is_given_up() {
    check(
        || after(streaming(), &[Lost(BROKEN, BRIEF), Open]),
        &[
            (Lost(Loss::Ended, BRIEF), "retry after 1.6s: first page, Limited"),
            (Lost(BROKEN, BRIEF), "retry after 1.6s: first page, Limited"),
            (Lost(UNEXPLAINED, BRIEF), "retry after 1.6s: first page, Limited"),
            (Lost(AHEAD, BRIEF), "retry after 1.6s: first page, Limited"),
            (Lost(UNAVAILABLE, BRIEF), "retry after 1.6s"),
            (Lost(Loss::Gone, BRIEF), "retry after 1.6s"),
        ],
    );
    check(|| after(streaming(), &[Lost(Loss::Gone, BRIEF), Open]), &[(Lost(Loss::Gone, BRIEF), "fail")]);
}

#[test]
fn a_list_ends_with_its_last_page() {
    check(
        listing,
        &[
            (Page("9", Some("a")), "Next: page a, Limited"),
            (Page("9", None), "Complete { version: \"9\" }: watch from 9"),
            (Page("", None), "WithoutVersion"),
        ],
    );
    // Should the pages not agree, the first version loses nothing.
    check(
        || after(listing(), &[Page("9", Some("a"))]),
        &[
            (Page("12", None), "Complete { version: \"9\" }: watch from 9"),
            (Page("", None), "Complete { version: \"9\" }: watch from 9"),
        ],
    );
}

#[test]
fn a_page_that_can_not_be_had_is_asked_for_again() {
    let second = || after(listing(), &[Page("9", Some("a"))]);
    for (state, first) in [(&listing as &dyn Fn() -> Machine, true), (&second, false)] {
        check(
            state,
            &[
                (Lost(Loss::Silent, BRIEF), "retry after 800ms"),
                (Lost(UNAVAILABLE, BRIEF), "retry after 800ms"),
                (Lost(BROKEN, BRIEF), "retry after 800ms"),
                (Lost(AHEAD, BRIEF), "retry after 800ms"),
                // It has expired: the list begins again, whole.
                (
                    Lost(Loss::Gone, BRIEF),
                    if first { "retry after 800ms" } else { "retry after 800ms: first page, Unlimited" },
                ),
                (Lost(Loss::Refused, BRIEF), "fail"),
                (Lost(Loss::Final, BRIEF), "fail"),
            ],
        );
    }
    let mut machine = after(second(), &[Lost(BROKEN, BRIEF); 9]);
    assert_eq!(goal(&machine), "page a, Limited");
    machine.lost(BROKEN, BRIEF);
    assert_eq!(goal(&machine), "first page, Limited", "it may be the token");
}

#[test]
fn a_list_that_expires_again_is_over() {
    let whole = || after(listing(), &[Page("9", Some("a")), Lost(Loss::Gone, BRIEF)]);
    check(
        whole,
        &[
            (Page("12", None), "Complete { version: \"12\" }: watch from 12"),
            (Page("12", Some("a")), "Next: page a, Unlimited"),
        ],
    );
    let paged_all_the_same = || after(whole(), &[Page("12", Some("a")), Lost(Loss::Gone, BRIEF)]);
    check(paged_all_the_same, &[(Lost(Loss::Gone, BRIEF), "fail")]);
}

#[test]
fn tokens_that_come_again_end_the_list() {
    let a = Page("9", Some("a"));
    let b = Page("9", Some("b"));
    for circle in [&[a, a][..], &[a, b, a], &[Page("9", Some("c")), a, b, a, b]] {
        let (last, before) = circle.split_last().expect("some pages");
        check(|| after(listing(), before), &[(*last, "Restart { wait: 800ms }: first page, Unlimited")]);
        let whole = || after(after(listing(), circle), before);
        check(whole, &[(*last, "Endless")]);
    }
    let mut machine = listing();
    let steps: Vec<_> = (0..100).map(|index: u32| machine.page("9", Some(&index.to_string()), true)).collect();
    assert_eq!(steps.iter().position(|step| *step != PageStep::Next), Some(99), "so many pages without an object");
}
