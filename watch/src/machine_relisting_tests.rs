//! The machine of a reflector: where a watch would be over, it lists again.

use super::*;

fn relisting() -> Machine {
    machine(None, true).relisting()
}

fn listed() -> Machine {
    let end = Input::Bookmark { version: "5", initial_events_end: true };
    after(relisting(), [Input::Ready, Input::Opened, end])
}

fn proven() -> Machine {
    after(listed(), [Input::Change { version: "6" }])
}

const STATES: [Row; 8] = [
    ("asked, stream", || after(relisting(), [Input::Ready])),
    ("open, stream", || after(relisting(), [Input::Ready, Input::Opened])),
    ("open, watch, just listed", listed),
    ("open, watch, new version", proven),
    ("open, watch, ahead before", || after(proven(), [AHEAD, Input::Ready, Input::Opened])),
    ("asked, stream, gone before", || after(proven(), [GONE, Input::Ready])),
    ("asked, first page", || after(relisting(), [Input::Ready, lost(Loss::Refused), Input::Ready])),
    ("open, watch, listed in pages", || {
        let pages = after(relisting(), [Input::Ready, lost(Loss::Refused), Input::Ready]);
        after(pages, [Input::Page { version: "9", next: None }, Input::Ready, Input::Opened])
    }),
];

#[test]
fn decisions() {
    let expected: Expect = expect![[r#"
        asked, stream
          Opened                       Continue                           Open, stream, broken 0, from none
          Ended                        wait 0.7 s                         Waiting, stream, broken 1, from none
          Ended after long             wait 0.7 s                         Waiting, stream, broken 1, from none
          Silent after long            wait 0.0 s                         Waiting, list first, paged true, from none
          unavailable                  wait 0.7 s                         Waiting, stream, broken 0, from none
          unavailable for 1s           wait 1.7 s                         Waiting, stream, broken 0, from none
          broken                       wait 0.7 s                         Waiting, stream, broken 1, from none
          Gone                         wait 0.7 s                         Waiting, stream, broken 0, from none
          ahead                        wait 0.7 s                         Waiting, stream, broken 1, from none
          Refused                      wait 0.0 s                         Waiting, list first, paged true, from none
          Final                        Fail                               Over, stream, broken 0, from none
        open, stream
          change 7                     Hold                               Open, stream, broken 0, from none
          bookmark 8                   wait 0.0 s                         Waiting, list first, paged true, from none
          end bookmark 8               release 8                          Open, watch, from 8
          Ended                        wait 0.7 s                         Waiting, stream, broken 1, from none
          Ended after long             wait 0.7 s                         Waiting, stream, broken 1, from none
          Silent after long            wait 0.0 s                         Waiting, list first, paged true, from none
          unavailable                  wait 0.7 s                         Waiting, stream, broken 0, from none
          unavailable for 1s           wait 1.7 s                         Waiting, stream, broken 0, from none
          broken                       wait 0.7 s                         Waiting, stream, broken 1, from none
          Gone                         wait 0.7 s                         Waiting, stream, broken 0, from none
          ahead                        wait 0.7 s                         Waiting, stream, broken 1, from none
          Refused                      wait 0.0 s                         Waiting, list first, paged true, from none
          Final                        Fail                               Over, stream, broken 0, from none
        open, watch, just listed
          change 7                     Yield                              Open, watch, from 7
          bookmark 8                   Yield                              Open, watch, from 8
          end bookmark 8               Yield                              Open, watch, from 8
          Ended                        wait 0.7 s                         Waiting, watch, from 5
          Ended after long             wait 0.7 s                         Waiting, watch, from 5
          Silent after long            wait 0.7 s                         Waiting, watch, from 5
          unavailable                  wait 0.7 s                         Waiting, watch, from 5
          unavailable for 1s           wait 1.7 s                         Waiting, watch, from 5
          broken                       wait 0.7 s                         Waiting, watch, from 5
          Gone                         wait 0.7 s                         Waiting, stream, broken 0, from 5
          ahead                        wait 0.7 s                         Waiting, watch, from 5
          Refused                      wait 0.7 s                         Waiting, stream, broken 0, from 5
          Final                        Fail                               Over, watch, from 5
        open, watch, new version
          change 7                     Yield                              Open, watch, from 7
          bookmark 8                   Yield                              Open, watch, from 8
          end bookmark 8               Yield                              Open, watch, from 8
          Ended                        wait 0.9 s                         Waiting, watch, from 6
          Ended after long             wait 0.0 s                         Waiting, watch, from 6
          Silent after long            wait 0.0 s                         Waiting, watch, from 6
          unavailable                  wait 0.7 s                         Waiting, watch, from 6
          unavailable for 1s           wait 1.7 s                         Waiting, watch, from 6
          broken                       wait 0.7 s                         Waiting, watch, from 6
          Gone                         wait 0.7 s                         Waiting, stream, broken 0, from 6
          ahead                        wait 0.7 s                         Waiting, watch, from 6
          Refused                      wait 0.7 s                         Waiting, stream, broken 0, from 6
          Final                        Fail                               Over, watch, from 6
        open, watch, ahead before
          change 7                     Yield                              Open, watch, from 7
          bookmark 8                   Yield                              Open, watch, from 8
          end bookmark 8               Yield                              Open, watch, from 8
          Ended                        wait 1.0 s                         Waiting, watch, from 6
          Ended after long             wait 0.0 s                         Waiting, watch, from 6
          Silent after long            wait 0.0 s                         Waiting, watch, from 6
          unavailable                  wait 1.0 s                         Waiting, watch, from 6
          unavailable for 1s           wait 2.0 s                         Waiting, watch, from 6
          broken                       wait 1.0 s                         Waiting, watch, from 6
          Gone                         wait 1.0 s                         Waiting, stream, broken 0, from 6
          ahead                        wait 1.0 s                         Waiting, stream, broken 0, from 6
          Refused                      wait 1.0 s                         Waiting, stream, broken 0, from 6
          Final                        Fail                               Over, watch, from 6
        asked, stream, gone before
          Opened                       Continue                           Open, stream, broken 0, from 6
          Ended                        wait 1.0 s                         Waiting, stream, broken 1, from 6
          Ended after long             wait 1.0 s                         Waiting, stream, broken 1, from 6
          Silent after long            wait 0.0 s                         Waiting, list first, paged true, from 6
          unavailable                  wait 1.0 s                         Waiting, stream, broken 0, from 6
          unavailable for 1s           wait 2.0 s                         Waiting, stream, broken 0, from 6
          broken                       wait 1.0 s                         Waiting, stream, broken 1, from 6
          Gone                         wait 1.0 s                         Waiting, stream, broken 0, from 6
          ahead                        wait 1.0 s                         Waiting, stream, broken 1, from 6
          Refused                      wait 0.0 s                         Waiting, list first, paged true, from 6
          Final                        Fail                               Over, stream, broken 0, from 6
        asked, first page
          page before a                list, next a, paged true           Requested, list a, paged true, from none
          page before b                list, next b, paged true           Requested, list b, paged true, from none
          last page, version "9"       release 9                          Waiting, watch, from 9
          last page, version ""        FailWithoutVersion                 Over, list first, paged true, from none
          Ended                        wait 0.7 s                         Waiting, list first, paged true, from none
          Ended after long             wait 0.7 s                         Waiting, list first, paged true, from none
          Silent after long            wait 0.7 s                         Waiting, list first, paged true, from none
          unavailable                  wait 0.7 s                         Waiting, list first, paged true, from none
          unavailable for 1s           wait 1.7 s                         Waiting, list first, paged true, from none
          broken                       wait 0.7 s                         Waiting, list first, paged true, from none
          Gone                         wait 0.7 s                         Waiting, list first, paged true, from none
          ahead                        wait 0.7 s                         Waiting, list first, paged true, from none
          Refused                      Fail                               Over, list first, paged true, from none
          Final                        Fail                               Over, list first, paged true, from none
        open, watch, listed in pages
          change 7                     Yield                              Open, watch, from 7
          bookmark 8                   Yield                              Open, watch, from 8
          end bookmark 8               Yield                              Open, watch, from 8
          Ended                        wait 0.7 s                         Waiting, watch, from 9
          Ended after long             wait 0.0 s                         Waiting, watch, from 9
          Silent after long            wait 0.0 s                         Waiting, watch, from 9
          unavailable                  wait 0.7 s                         Waiting, watch, from 9
          unavailable for 1s           wait 1.7 s                         Waiting, watch, from 9
          broken                       wait 0.7 s                         Waiting, watch, from 9
          Gone                         wait 0.7 s                         Waiting, list first, paged true, from 9
          ahead                        wait 0.7 s                         Waiting, watch, from 9
          Refused                      wait 0.7 s                         Waiting, list first, paged true, from 9
          Final                        Fail                               Over, watch, from 9
    "#]];
    expected.assert_eq(&table(&STATES));
}

fn wait(step: Step) -> Duration {
    match step {
        Step::Wait(wait) => wait,
        other => panic!("{other:?} is no wait"),
    }
}

/// A list that goes well proves nothing, however long it takes, if its version is always forgotten.
#[test]
fn lists_without_a_watch_are_made_ever_less_often() {
    let mut machine = relisting();
    let mut waits = Vec::new();
    for _ in 0..8 {
        after_all(
            &mut machine,
            [Input::Ready, Input::Opened, Input::Bookmark { version: "5", initial_events_end: true }],
        );
        waits.push(wait(machine.on(Input::Lost { loss: Loss::Gone, lived: 60 * SECOND })));
    }
    assert!(waits[0] < SECOND && waits[7] >= 15 * SECOND, "{waits:?}");

    after_all(&mut machine, [Input::Ready, Input::Opened, Input::Bookmark { version: "5", initial_events_end: true }]);
    machine.on(Input::Bookmark { version: "6", initial_events_end: false });
    assert!(wait(machine.on(GONE)) < SECOND, "the watch has brought something");
}

/// The version of a new list is not to blame: once is enough, until the watch has brought something.
#[test]
fn a_watch_that_is_always_refused_is_an_error() {
    let end = || Input::Bookmark { version: "5", initial_events_end: true };
    let mut machine = listed();
    for _ in 0..2 {
        wait(machine.on(lost(Loss::Refused)));
        after_all(&mut machine, [Input::Ready, Input::Opened, end()]);
        machine.on(Input::Bookmark { version: "5", initial_events_end: false });
    }
    wait(machine.on(lost(Loss::Refused)));
    after_all(&mut machine, [Input::Ready, Input::Opened, end()]);
    assert_eq!(machine.on(lost(Loss::Refused)), Step::Fail);
}

/// Pages are no progress either, though each is one while the first list is being made.
#[test]
fn pages_without_a_watch_are_made_ever_less_often() {
    let mut machine = Machine::new(None, false, 300 * SECOND, fastrand::Rng::with_seed(7)).relisting();
    let mut waits = Vec::new();
    for _ in 0..8 {
        let pages = [Input::Page { version: "5", next: Some("a") }, Input::Page { version: "5", next: None }];
        after_all(&mut machine, [Input::Ready]);
        after_all(&mut machine, pages);
        after_all(&mut machine, [Input::Ready]);
        waits.push(wait(machine.on(GONE)));
    }
    assert!(waits[0] < SECOND && waits[7] >= 15 * SECOND, "{waits:?}");
}

#[test]
fn a_server_without_streaming_lists_is_asked_for_none_again() {
    let mut machine = after(relisting(), [Input::Ready, lost(Loss::Refused), Input::Ready]);
    after_all(&mut machine, [Input::Page { version: "9", next: None }, Input::Ready, Input::Opened, GONE]);
    assert_eq!(machine.on(Input::Ready), Step::List { next: None, paged: true });
}

#[test]
fn a_streaming_list_that_only_broke_is_tried_again_later() {
    let mut machine = after(relisting(), [Input::Ready, BROKEN, Input::Ready, BROKEN]);
    assert_eq!(machine.on(Input::Ready), Step::List { next: None, paged: true });
    after_all(&mut machine, [Input::Page { version: "9", next: None }, Input::Ready, Input::Opened, GONE]);
    assert_eq!(machine.on(Input::Ready), Step::StreamingList);
}

fn after_all<const N: usize>(machine: &mut Machine, inputs: [Input<'_>; N]) {
    for input in inputs {
        machine.on(input);
    }
}
