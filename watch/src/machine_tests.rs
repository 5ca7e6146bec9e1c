use expect_test::{Expect, expect};

use super::*;

#[path = "machine_picture_tests.rs"]
mod picture;
#[path = "machine_relisting_tests.rs"]
mod relisting;

type Row = (&'static str, fn() -> Machine);

fn machine(version: Option<&str>, streaming_list: bool) -> Machine {
    Machine::new(version.map(Str::from), streaming_list, 300 * SECOND, fastrand::Rng::with_seed(7))
}

fn after<const N: usize>(mut machine: Machine, inputs: [Input<'_>; N]) -> Machine {
    for input in inputs {
        machine.on(input);
    }
    machine
}

fn watching() -> Machine {
    after(machine(Some("5"), true), [Input::Ready, Input::Opened])
}

fn streaming() -> Machine {
    after(machine(None, true), [Input::Ready, Input::Opened])
}

fn listing() -> Machine {
    after(machine(None, false), [Input::Ready])
}

const SECOND: Duration = Duration::from_secs(1);
const SHORT: Duration = Duration::from_millis(100);

const fn lost(loss: Loss) -> Input<'static> {
    Input::Lost { loss, lived: SHORT }
}

const GONE: Input<'static> = lost(Loss::Gone);
const AHEAD: Input<'static> = lost(Loss::Ahead { retry_after: None });
const BROKEN: Input<'static> = lost(Loss::Broken { retry_after: None });

const STATES: [Row; 13] = [
    ("wait, watch", || machine(Some("5"), true)),
    ("asked, watch", || after(machine(Some("5"), true), [Input::Ready])),
    ("open, watch", watching),
    ("open, watch, new version", || after(watching(), [Input::Change { version: "6" }])),
    ("open, watch, gone before", || after(watching(), [GONE, Input::Ready, Input::Opened])),
    ("wait, stream", || machine(None, true)),
    ("asked, stream", || after(machine(None, true), [Input::Ready])),
    ("open, stream", streaming),
    ("open, stream, broken before", || after(streaming(), [BROKEN, Input::Ready, Input::Opened])),
    ("asked, first page", listing),
    ("asked, next page", || after(listing(), [Input::Page { version: "9", next: Some("a") }])),
    ("asked, next page in one piece", || {
        let whole = after(listing(), [Input::Page { version: "9", next: Some("a") }, GONE, Input::Ready]);
        after(whole, [Input::Page { version: "9", next: Some("a") }])
    }),
    ("over", || after(watching(), [lost(Loss::Final)])),
];

const INPUTS: [Input<'static>; 19] = [
    Input::Ready,
    Input::Opened,
    Input::Change { version: "7" },
    Input::Bookmark { version: "8", initial_events_end: false },
    Input::Bookmark { version: "8", initial_events_end: true },
    Input::Page { version: "9", next: Some("a") },
    Input::Page { version: "9", next: Some("b") },
    Input::Page { version: "9", next: None },
    Input::Page { version: "", next: None },
    lost(Loss::Ended),
    Input::Lost { loss: Loss::Ended, lived: HEALTHY },
    Input::Lost { loss: Loss::Silent, lived: HEALTHY },
    lost(Loss::Unavailable { retry_after: None }),
    lost(Loss::Unavailable { retry_after: Some(SECOND) }),
    BROKEN,
    GONE,
    AHEAD,
    lost(Loss::Refused),
    lost(Loss::Final),
];

fn table(states: &[Row]) -> String {
    let mut table = String::new();
    for (name, state) in states {
        table.push_str(&format!("{name}\n"));
        for input in INPUTS {
            let mut machine = state();
            let before = format!("{:?}", (&machine.goal, machine.stage, &machine.version));
            let described = describe(&input);
            let step = machine.on(input);
            let after = format!("{:?}", (&machine.goal, machine.stage, &machine.version));
            if step == Step::Continue && before == after {
                continue;
            }
            let next = format!(
                "{:?}, {}, from {}",
                machine.stage,
                goal(&machine.goal),
                machine.version.as_deref().unwrap_or("none")
            );
            table.push_str(&format!("  {described:<28} {:<34} {next}\n", decision(&step)));
        }
    }
    table
}

fn describe(input: &Input<'_>) -> String {
    match input {
        Input::Lost { loss: Loss::Unavailable { retry_after }, .. } => {
            retry_after.map_or("unavailable".into(), |after| format!("unavailable for {after:?}"))
        }
        Input::Lost { loss: Loss::Broken { .. }, .. } => "broken".into(),
        Input::Lost { loss: Loss::Ahead { .. }, .. } => "ahead".into(),
        Input::Lost { loss, lived } if *lived >= HEALTHY => format!("{loss:?} after long"),
        Input::Lost { loss, .. } => format!("{loss:?}"),
        Input::Change { version } => format!("change {version}"),
        Input::Bookmark { version, initial_events_end: false } => format!("bookmark {version}"),
        Input::Bookmark { version, initial_events_end: true } => format!("end bookmark {version}"),
        Input::Page { version, next: None } => format!("last page, version {version:?}"),
        Input::Page { next: Some(next), .. } => format!("page before {next}"),
        other => format!("{other:?}"),
    }
}

fn decision(step: &Step) -> String {
    match step {
        Step::Wait(wait) => format!("wait {:.1} s", wait.as_secs_f64()),
        Step::Watch { from } => format!("watch from {from}"),
        Step::List { next, paged } => format!("list, next {}, paged {paged}", next.as_deref().unwrap_or("none")),
        Step::Release { version } => format!("release {version}"),
        other => format!("{other:?}"),
    }
}

fn goal(goal: &Goal) -> String {
    match goal {
        Goal::Watch => "watch".into(),
        Goal::StreamingList { broken } => format!("stream, broken {broken}"),
        Goal::List { next, paged, .. } => format!("list {}, paged {paged}", next.as_deref().unwrap_or("first")),
    }
}

/// Every state with every input; what is not in the table changes nothing.
#[test]
fn decisions() {
    let expected: Expect = expect![[r#"
        wait, watch
          Ready                        watch from 5                       Requested, watch, from 5
        asked, watch
          Opened                       Continue                           Open, watch, from 5
          Ended                        wait 0.7 s                         Waiting, watch, from 5
          Ended after long             wait 0.7 s                         Waiting, watch, from 5
          Silent after long            wait 0.7 s                         Waiting, watch, from 5
          unavailable                  wait 0.7 s                         Waiting, watch, from 5
          unavailable for 1s           wait 1.7 s                         Waiting, watch, from 5
          broken                       wait 0.7 s                         Waiting, watch, from 5
          Gone                         wait 0.7 s                         Waiting, watch, from 5
          ahead                        wait 0.7 s                         Waiting, watch, from 5
          Refused                      Fail                               Over, watch, from 5
          Final                        Fail                               Over, watch, from 5
        open, watch
          change 7                     Yield                              Open, watch, from 7
          bookmark 8                   Yield                              Open, watch, from 8
          end bookmark 8               Yield                              Open, watch, from 8
          Ended                        wait 0.7 s                         Waiting, watch, from 5
          Ended after long             wait 0.0 s                         Waiting, watch, from 5
          Silent after long            wait 0.0 s                         Waiting, watch, from 5
          unavailable                  wait 0.7 s                         Waiting, watch, from 5
          unavailable for 1s           wait 1.7 s                         Waiting, watch, from 5
          broken                       wait 0.7 s                         Waiting, watch, from 5
          Gone                         wait 0.7 s                         Waiting, watch, from 5
          ahead                        wait 0.7 s                         Waiting, watch, from 5
          Refused                      Fail                               Over, watch, from 5
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
          Gone                         wait 0.7 s                         Waiting, watch, from 6
          ahead                        wait 0.7 s                         Waiting, watch, from 6
          Refused                      Fail                               Over, watch, from 6
          Final                        Fail                               Over, watch, from 6
        open, watch, gone before
          change 7                     Yield                              Open, watch, from 7
          bookmark 8                   Yield                              Open, watch, from 8
          end bookmark 8               Yield                              Open, watch, from 8
          Ended                        wait 1.0 s                         Waiting, watch, from 5
          Ended after long             wait 0.0 s                         Waiting, watch, from 5
          Silent after long            wait 0.0 s                         Waiting, watch, from 5
          unavailable                  wait 1.0 s                         Waiting, watch, from 5
          unavailable for 1s           wait 2.0 s                         Waiting, watch, from 5
          broken                       wait 1.0 s                         Waiting, watch, from 5
          Gone                         Fail                               Over, watch, from 5
          ahead                        wait 1.0 s                         Waiting, watch, from 5
          Refused                      Fail                               Over, watch, from 5
          Final                        Fail                               Over, watch, from 5
        wait, stream
          Ready                        StreamingList                      Requested, stream, broken 0, from none
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
        open, stream, broken before
          change 7                     Hold                               Open, stream, broken 1, from none
          bookmark 8                   wait 0.0 s                         Waiting, list first, paged true, from none
          end bookmark 8               release 8                          Open, watch, from 8
          Ended                        wait 1.0 s                         Waiting, list first, paged true, from none
          Ended after long             wait 0.5 s                         Waiting, list first, paged true, from none
          Silent after long            wait 0.0 s                         Waiting, list first, paged true, from none
          unavailable                  wait 1.0 s                         Waiting, stream, broken 1, from none
          unavailable for 1s           wait 2.0 s                         Waiting, stream, broken 1, from none
          broken                       wait 1.0 s                         Waiting, list first, paged true, from none
          Gone                         wait 1.0 s                         Waiting, stream, broken 1, from none
          ahead                        wait 1.0 s                         Waiting, list first, paged true, from none
          Refused                      wait 0.0 s                         Waiting, list first, paged true, from none
          Final                        Fail                               Over, stream, broken 1, from none
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
        asked, next page
          page before a                wait 0.7 s                         Waiting, list first, paged false, from none
          page before b                list, next b, paged true           Requested, list b, paged true, from none
          last page, version "9"       release 9                          Waiting, watch, from 9
          last page, version ""        release 9                          Waiting, watch, from 9
          Ended                        wait 0.7 s                         Waiting, list a, paged true, from none
          Ended after long             wait 0.7 s                         Waiting, list a, paged true, from none
          Silent after long            wait 0.7 s                         Waiting, list a, paged true, from none
          unavailable                  wait 0.7 s                         Waiting, list a, paged true, from none
          unavailable for 1s           wait 1.7 s                         Waiting, list a, paged true, from none
          broken                       wait 0.7 s                         Waiting, list a, paged true, from none
          Gone                         wait 0.7 s                         Waiting, list first, paged false, from none
          ahead                        wait 0.7 s                         Waiting, list a, paged true, from none
          Refused                      Fail                               Over, list a, paged true, from none
          Final                        Fail                               Over, list a, paged true, from none
        asked, next page in one piece
          page before a                FailWithoutEnd                     Over, list a, paged false, from none
          page before b                list, next b, paged false          Requested, list b, paged false, from none
          last page, version "9"       release 9                          Waiting, watch, from 9
          last page, version ""        release 9                          Waiting, watch, from 9
          Ended                        wait 0.5 s                         Waiting, list a, paged false, from none
          Ended after long             wait 0.5 s                         Waiting, list a, paged false, from none
          Silent after long            wait 0.5 s                         Waiting, list a, paged false, from none
          unavailable                  wait 0.5 s                         Waiting, list a, paged false, from none
          unavailable for 1s           wait 1.5 s                         Waiting, list a, paged false, from none
          broken                       wait 0.5 s                         Waiting, list a, paged false, from none
          Gone                         wait 0.5 s                         Waiting, list a, paged false, from none
          ahead                        wait 0.5 s                         Waiting, list a, paged false, from none
          Refused                      Fail                               Over, list a, paged false, from none
          Final                        Fail                               Over, list a, paged false, from none
        over
          Ready                        Fail                               Over, watch, from 5
          Opened                       Fail                               Over, watch, from 5
          change 7                     Fail                               Over, watch, from 5
          bookmark 8                   Fail                               Over, watch, from 5
          end bookmark 8               Fail                               Over, watch, from 5
          page before a                Fail                               Over, watch, from 5
          page before b                Fail                               Over, watch, from 5
          last page, version "9"       Fail                               Over, watch, from 5
          last page, version ""        Fail                               Over, watch, from 5
          Ended                        Fail                               Over, watch, from 5
          Ended after long             Fail                               Over, watch, from 5
          Silent after long            Fail                               Over, watch, from 5
          unavailable                  Fail                               Over, watch, from 5
          unavailable for 1s           Fail                               Over, watch, from 5
          broken                       Fail                               Over, watch, from 5
          Gone                         Fail                               Over, watch, from 5
          ahead                        Fail                               Over, watch, from 5
          Refused                      Fail                               Over, watch, from 5
          Final                        Fail                               Over, watch, from 5
    "#]];
    expected.assert_eq(&table(&STATES));
}

/// How long it waits, and that it would then watch from this version.
fn waits(machine: &mut Machine, loss: Loss, lived: Duration) -> Duration {
    match machine.on(Input::Lost { loss, lived }) {
        Step::Wait(wait) => {
            machine.on(Input::Ready);
            wait
        }
        other => panic!("{loss:?}: {other:?}"),
    }
}

#[test]
fn a_server_that_ends_each_watch_at_once_is_asked_ever_less_often() {
    let mut machine = watching();
    let mut time = Duration::ZERO;
    let mut requests = 1;
    while time < Duration::from_secs(600) {
        time += waits(&mut machine, Loss::Ended, SHORT);
        machine.on(Input::Opened);
        requests += 1;
    }
    assert!((20..60).contains(&requests), "{requests} requests in 10 minutes");
}

#[test]
fn a_server_that_ends_each_watch_after_one_event_is_asked_once_a_second_at_most() {
    let mut machine = watching();
    for version in 6..100 {
        machine.on(Input::Change { version: &version.to_string() });
        assert_eq!(waits(&mut machine, Loss::Ended, SHORT), INTERVAL - SHORT);
        machine.on(Input::Opened);
    }
}

#[test]
fn progress_resets_the_backoff_and_the_same_version_again_does_not() {
    let mut machine = watching();
    let broken = Loss::Broken { retry_after: None };
    for _ in 0..8 {
        waits(&mut machine, broken, SHORT);
        machine.on(Input::Opened);
        machine.on(Input::Bookmark { version: "5", initial_events_end: false });
    }
    assert!(waits(&mut machine, broken, SHORT) >= Backoff::LAST / 2);
    machine.on(Input::Opened);
    machine.on(Input::Bookmark { version: "6", initial_events_end: false });
    assert!(waits(&mut machine, broken, SHORT) <= Backoff::FIRST);
}

#[test]
fn a_long_life_resets_the_backoff_but_a_long_wait_for_an_answer_does_not() {
    let mut machine = watching();
    let unavailable = Loss::Unavailable { retry_after: None };
    for _ in 0..8 {
        waits(&mut machine, unavailable, HEALTHY);
    }
    assert!(waits(&mut machine, unavailable, HEALTHY) >= Backoff::LAST / 2);
    machine.on(Input::Opened);
    assert!(waits(&mut machine, unavailable, HEALTHY) <= Backoff::FIRST);
}

#[test]
fn a_life_as_long_as_was_asked_for_is_long() {
    let mut machine = Machine::new(Some("5".into()), true, 2 * SECOND, fastrand::Rng::with_seed(7));
    machine.on(Input::Ready);
    for lived in [2 * SECOND, Duration::from_millis(1990)] {
        machine.on(Input::Opened);
        assert_eq!(waits(&mut machine, Loss::Ended, lived), Duration::ZERO);
    }
    machine.on(Input::Opened);
    assert!(waits(&mut machine, Loss::Ended, SECOND) > Duration::ZERO);
}

#[test]
fn a_server_may_ask_for_a_wait_but_not_for_any() {
    for (asked, least) in [(5, 5), (86_400, 60)] {
        let retry_after = Some(Duration::from_secs(asked));
        let wait = waits(&mut watching(), Loss::Unavailable { retry_after }, SHORT);
        let least = Duration::from_secs(least);
        assert!((least..=least + Backoff::FIRST).contains(&wait), "{wait:?}");
    }
}

#[test]
fn after_progress_a_410_is_retried_again() {
    let mut machine = watching();
    for version in ["6", "7"] {
        waits(&mut machine, Loss::Gone, SHORT);
        waits(&mut machine, Loss::Broken { retry_after: None }, SHORT);
        machine.on(Input::Opened);
        machine.on(Input::Change { version });
    }
    waits(&mut machine, Loss::Gone, SHORT);
    assert_eq!(machine.on(GONE), Step::Fail);
}

#[test]
fn after_a_healthy_connection_a_410_is_retried_again_unless_it_ended_in_one() {
    let mut machine = watching();
    for _ in 0..3 {
        waits(&mut machine, Loss::Gone, SHORT);
        machine.on(Input::Opened);
        waits(&mut machine, Loss::Ended, HEALTHY);
    }
    waits(&mut machine, Loss::Gone, SHORT);
    machine.on(Input::Opened);
    assert_eq!(machine.on(Input::Lost { loss: Loss::Gone, lived: HEALTHY }), Step::Fail);
}

#[test]
fn initial_events_do_not_advance_the_version() {
    let mut machine = streaming();
    for version in ["900", "5"] {
        assert_eq!(machine.on(Input::Change { version }), Step::Hold);
    }
    waits(&mut machine, Loss::Ended, SHORT);
    assert_eq!(machine.version, None);
}

#[test]
fn a_page_that_expires_starts_the_list_again_in_one_piece() {
    let mut machine = after(listing(), [Input::Page { version: "9", next: Some("a") }]);
    assert!(matches!(machine.on(GONE), Step::Wait(_)));
    assert_eq!(machine.on(Input::Ready), Step::List { next: None, paged: false });
    assert_eq!(machine.on(Input::Page { version: "12", next: None }), Step::Release { version: "12".into() });
    assert_eq!(machine.on(Input::Ready), Step::Watch { from: "12".into() });
}

#[test]
fn a_page_that_can_not_be_had_is_asked_for_again() {
    let mut machine = after(listing(), [Input::Page { version: "9", next: Some("a") }, BROKEN]);
    assert_eq!(machine.on(Input::Ready), Step::List { next: Some("a".into()), paged: true });
}
