//! The pictures in docs/watching.md are what the machine does.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::*;

const LOSSES: [(&str, Loss); 8] = [
    ("ended", Loss::Ended),
    ("silent", Loss::Silent),
    ("unavailable", Loss::Unavailable { retry_after: None }),
    ("broken", Loss::Broken { retry_after: None }),
    ("forgotten", Loss::Gone),
    ("ahead", Loss::Ahead { retry_after: None }),
    ("refused", Loss::Refused),
    ("final", Loss::Final),
];

/// From, to, and on what.
type Edges = BTreeMap<(&'static str, &'static str), Vec<String>>;

fn state(machine: &Machine) -> &'static str {
    match (machine.stage, &machine.goal) {
        (Stage::Over, _) => "[*]",
        (_, Goal::StreamingList { .. }) => "StreamingList",
        (_, Goal::List { .. }) => "List",
        (_, Goal::Watch) => "Watch",
    }
}

/// What follows each loss, and, if nothing else does at first, the same one again, and again.
fn lose(edges: &mut Edges, new: impl Fn() -> Machine) {
    for (name, loss) in LOSSES {
        let mut machine = new();
        let from = state(&machine);
        machine.on(lost(loss));
        let first = state(&machine);
        edges.entry((from, first)).or_default().push(name.to_owned());
        for again in 1..20 {
            if state(&machine) != from {
                break;
            }
            machine.on(Input::Ready);
            machine.on(Input::Opened);
            machine.on(lost(loss));
            if state(&machine) != from {
                let name = format!("{name} {}", if again == 1 { "again" } else { "for long" });
                edges.entry((from, state(&machine))).or_default().push(name);
            }
        }
    }
}

fn picture(prepare: fn(Machine) -> Machine, may_watch: bool) -> String {
    let mut edges = Edges::new();
    let mut begin = |machine: &Machine, why: &str| {
        edges.entry(("[*]", state(machine))).or_default().push(why.to_owned());
    };
    begin(&machine(None, true), if may_watch { "no version" } else { "start" });
    if may_watch {
        begin(&machine(Some("5"), true), "a version");
    }
    lose(&mut edges, || prepare(streaming()));
    lose(&mut edges, || prepare(listing()));
    lose(&mut edges, || prepare(watching()));
    let mut step = |machine: Machine, input: Input<'_>, why: &str| {
        let (from, to) = (state(&machine), state(&after(prepare(machine), [input])));
        edges.entry((from, to)).or_default().push(why.to_owned());
    };
    step(streaming(), Input::Bookmark { version: "9", initial_events_end: true }, "complete");
    step(streaming(), Input::Bookmark { version: "9", initial_events_end: false }, "option ignored");
    step(listing(), Input::Page { version: "9", next: Some("b") }, "page");
    step(listing(), Input::Page { version: "9", next: None }, "complete");
    step(watching(), Input::Change { version: "6" }, "change");
    step(watching(), Input::Bookmark { version: "6", initial_events_end: false }, "bookmark");

    let mut text = "```mermaid\nstateDiagram-v2\n".to_owned();
    for ((from, to), reasons) in edges {
        writeln!(text, "    {from} --> {to}: {}", reasons.join(", ")).expect("a string takes all");
    }
    text + "```\n"
}

#[test]
fn the_pictures_are_those_of_the_machine() {
    let page = include_str!("../../docs/watching.md");
    for expected in [picture(|machine| machine, true), picture(Machine::relisting, false)] {
        assert!(page.contains(&expected), "docs/watching.md lacks:\n{expected}");
    }
}
