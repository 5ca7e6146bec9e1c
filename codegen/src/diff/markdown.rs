//! Differences as Markdown: a section for each group and version, what breaks programs first.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Formatter};

use super::{Change, Differences, Item, Kind};
use crate::text::single_line;

/// How many names a line lists before it only counts the rest: types and operations are what a reader looks for, the
/// operations with the same new parameter are not.
const LISTED: usize = 40;
const LISTED_WITH_PARAMETER: usize = 6;

pub(super) fn write(differences: &Differences, f: &mut Formatter<'_>) -> fmt::Result {
    let Differences { old, new, notes, changes } = differences;
    writeln!(f, "# What changed from Kubernetes {} to {}\n", single_line(old), single_line(new))?;
    for note in notes {
        writeln!(f, "{}\n", single_line(note))?;
    }
    if changes.is_empty() {
        return writeln!(f, "Nothing.");
    }
    writeln!(f, "{} changes, {} of them breaking.", changes.len(), differences.breaking())?;
    let everywhere = in_several_groups(changes);
    if !everywhere.is_empty() {
        writeln!(f, "\n## Several groups\n")?;
    }
    for lines in everywhere.values() {
        writeln!(f, "- {}", single_line(&line(lines)))?;
    }
    let mut sections: BTreeMap<(&str, &str), Vec<&Change>> = BTreeMap::new();
    for change in changes.iter().filter(|change| !everywhere.contains_key(&key(change))) {
        sections.entry((&change.group, &change.version)).or_default().push(change);
    }
    for ((group, version), changes) in sections {
        let version = if version.is_empty() { String::new() } else { format!("/{version}") };
        writeln!(f, "\n## {}", single_line(&format!("{group}{version}")))?;
        for (title, is_breaking) in [("Breaking", true), ("Other changes", false)] {
            let mut lines: BTreeMap<Key<'_>, Vec<&Change>> = BTreeMap::new();
            for change in changes.iter().filter(|change| change.is_breaking == is_breaking) {
                lines.entry(key(change)).or_default().push(change);
            }
            if !lines.is_empty() {
                writeln!(f, "\n### {title}\n")?;
            }
            for changes in lines.values() {
                writeln!(f, "- {}", single_line(&line(changes)))?;
            }
        }
    }
    Ok(())
}

/// Changes with the same key share a line: whole definitions and operations that came or went, and the same change of
/// a parameter in several operations.
type Key<'a> = (Kind, Item, Option<&'a str>, Option<&'a str>, Option<&'a str>, Option<&'a str>);

fn key(change: &Change) -> Key<'_> {
    let Change { change: kind, item, name, part, before, after, .. } = change;
    let (part, before, after) = (part.as_deref(), before.as_deref(), after.as_deref());
    match (item, kind) {
        (Item::Definition | Item::Operation, Kind::Added | Kind::Removed | Kind::Deprecated) => {
            (*kind, *item, None, None, None, None)
        }
        (Item::Parameter, _) => (*kind, *item, None, part, before, after),
        _ => (*kind, *item, Some(name), part, before, after),
    }
}

/// Changes of parameters that operations of several groups share, as when every list gets a new parameter.
fn in_several_groups(changes: &[Change]) -> BTreeMap<Key<'_>, Vec<&Change>> {
    let mut shared: BTreeMap<Key<'_>, Vec<&Change>> = BTreeMap::new();
    for change in changes.iter().filter(|change| change.item == Item::Parameter) {
        shared.entry(key(change)).or_default().push(change);
    }
    let groups = |changes: &[&Change]| changes.iter().map(|change| &change.group).collect::<BTreeSet<_>>().len();
    shared.retain(|_, changes| groups(changes) > 1);
    shared
}

/// The line of changes that have the same key.
fn line(changes: &[&Change]) -> String {
    let Some(Change { change, item, name, part, before, after, .. }) = changes.first() else { return String::new() };
    let part = part.as_deref().unwrap_or_default();
    let types = match (before, after) {
        (Some(before), Some(after)) => format!(": `{before}` → `{after}`"),
        (None, Some(after)) => format!(": `{after}`"),
        (Some(before), None) => format!(": `{before}` → nothing"),
        (None, None) => String::new(),
    };
    let verb = match change {
        Kind::Removed => "removed",
        Kind::MadeRequired => "made required",
        Kind::Retyped => "retyped",
        Kind::Added => "added",
        Kind::MadeOptional => "made optional",
        Kind::Defaulted => "default changed",
        Kind::Deprecated => "deprecated",
    };
    let names: BTreeSet<&str> = changes.iter().map(|change| change.name.as_str()).collect();
    match item {
        Item::Definition if types.is_empty() => format!("{verb} types: {}", listed(&names, LISTED)),
        Item::Definition => format!("{verb} `{name}`{types}"),
        Item::Operation if matches!(change, Kind::Retyped) => format!("renamed operation{types}"),
        Item::Operation => format!("{verb} operations: {}", listed(&names, LISTED)),
        Item::Field => format!("{verb} `{name}`{types}"),
        Item::Value => format!("{verb} the value {} of `{name}`", code(part)),
        Item::Response => format!("{verb} the response of `{name}`{types}"),
        Item::Parameter => {
            format!("{verb} the parameter `{part}`{types}, of {}", listed(&names, LISTED_WITH_PARAMETER))
        }
    }
}

fn code(value: &str) -> String {
    if value.is_empty() { "`\"\"`".to_owned() } else { format!("`{value}`") }
}

fn listed(names: &BTreeSet<&str>, most: usize) -> String {
    let mut listed: Vec<String> = names.iter().take(most).map(|name| format!("`{name}`")).collect();
    if names.len() > most {
        listed.push(format!("and {} more", names.len() - most));
    }
    listed.join(", ")
}
