//! The pictures in docs/watching.md are those of the machine.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::*;

const LOSSES: [(&str, Loss); 11] = [
    ("ended", Loss::Ended),
    ("ended at once", Loss::Empty),
    ("silent", Loss::Silent),
    ("overdue", Loss::Overdue),
    ("unavailable", UNAVAILABLE),
    ("broken", BROKEN),
    ("unexplained", UNEXPLAINED),
    ("forgotten", Loss::Gone),
    ("ahead", AHEAD),
    ("refused", Loss::Refused),
    ("final", Loss::Final),
];

/// From, to, and on what.
type Edges = BTreeMap<(&'static str, &'static str), Vec<String>>;

fn state(machine: &Machine) -> &'static str {
    match machine.goal {
        Goal::StreamingList { .. } => "StreamingList",
        Goal::List(_) => "List",
        Goal::Watch { .. } => "Watch",
    }
}

/// The state after a loss, which may be the end.
fn lose(machine: &mut Machine, loss: Loss) -> &'static str {
    machine.opened();
    match machine.lost(loss, BRIEF) {
        Recovery::Fail => "[*]",
        Recovery::Retry { .. } | Recovery::ListInstead => state(machine),
    }
}

/// Whether a loss can happen in a state: a page does not end late, and a list that ends at once has broken.
fn can_happen(state: &str, loss: Loss) -> bool {
    match loss {
        Loss::Empty => state == "Watch",
        Loss::Ended | Loss::Overdue | Loss::Unexplained { .. } => state != "List",
        _ => true,
    }
}

/// Adds what follows each loss, and, if nothing else does at first, the same one again, and again.
fn add_losses(edges: &mut Edges, new: impl Fn() -> Machine) {
    for (name, loss) in LOSSES {
        let mut machine = new();
        let from = state(&machine);
        if !can_happen(from, loss) {
            continue;
        }
        let mut to = lose(&mut machine, loss);
        edges.entry((from, to)).or_default().push(name.to_owned());
        for again in 1..20 {
            if to != from {
                break;
            }
            to = lose(&mut machine, loss);
            if to != from {
                let name = format!("{name} {}", if again == 1 { "again" } else { "for long" });
                edges.entry((from, to)).or_default().push(name);
            }
        }
    }
}

fn picture(lost_version: LostVersion) -> String {
    let new = |version, streaming_lists| machine(version, lost_version, streaming_lists);
    let (streaming, listing) = (|| new(None, StreamingLists::Use), || new(None, StreamingLists::Avoid));
    let watching = || new(Some("5"), StreamingLists::Use);
    let mut edges = Edges::new();
    let mut begin = |machine: &Machine, why: &str| {
        edges.entry(("[*]", state(machine))).or_default().push(why.to_owned());
    };
    match lost_version {
        LostVersion::Relist => begin(&streaming(), "start"),
        LostVersion::Fail => {
            begin(&streaming(), "no version");
            begin(&watching(), "a version");
        }
    }
    add_losses(&mut edges, streaming);
    add_losses(&mut edges, listing);
    add_losses(&mut edges, watching);
    let mut step = |machine: Machine, input: Input, why: &str| {
        let (from, to) = (state(&machine), state(&after(machine, &[Open, input])));
        edges.entry((from, to)).or_default().push(why.to_owned());
    };
    step(streaming(), End("9"), "complete");
    step(streaming(), Bookmark("9"), "option ignored");
    step(listing(), Page("9", Some("b")), "page");
    step(listing(), Page("9", None), "complete");
    step(watching(), Change("6"), "change");
    step(watching(), Bookmark("6"), "bookmark");

    let mut text = "```mermaid\nstateDiagram-v2\n".to_owned();
    for ((from, to), reasons) in edges {
        writeln!(text, "    {from} --> {to}: {}", reasons.join(", ")).expect("a string takes all");
    }
    text + "```\n"
}

#[test]
fn the_pictures_are_those_of_the_machine() {
    let page = include_str!("../../../../docs/watching.md");
    for expected in [picture(LostVersion::Fail), picture(LostVersion::Relist)] {
        assert!(page.contains(&expected), "docs/watching.md lacks:\n{expected}");
    }
}
