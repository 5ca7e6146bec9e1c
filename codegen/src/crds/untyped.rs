//! Notes on fields of custom resources that are JSON, with the reasons.

use std::collections::BTreeMap;

use crate::ir::{Definition, Krate};
use crate::passes::Plan;

/// The number of places that a note lists before it only counts the rest.
const LISTED: usize = 20;

/// A note for each kind and reason.
pub(super) fn notes(plan: &Plan) -> Vec<String> {
    let custom = plan.definitions.values().filter(|definition| definition.home.krate == Krate::Custom);
    custom.flat_map(notes_of).collect()
}

fn notes_of(definition: &Definition) -> Vec<String> {
    let mut places: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for untyped in &definition.untyped {
        let inside = untyped.pointer.strip_prefix(&definition.pointer).unwrap_or_default();
        places.entry(untyped.reason).or_default().push(path(inside));
    }
    let name = match definition.kind() {
        Some(kind) => format!("{}/{} {}", kind.group, kind.version, kind.kind),
        None => definition.name.clone(),
    };
    let note = |(reason, places): (&str, Vec<String>)| {
        let more = places.len().saturating_sub(LISTED);
        let listed = places.into_iter().take(LISTED).collect::<Vec<_>>().join(", ");
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        format!("{name}: kept as JSON, because {reason}: {listed}{more}")
    };
    places.into_iter().map(note).collect()
}

/// A place as a reader writes it: `spec.windows[].days`, `spec.rooms.*`.
fn path(pointer: &str) -> String {
    let mut path = String::new();
    let mut tokens = pointer.split('/').skip(1);
    while let Some(token) = tokens.next() {
        match token {
            "properties" => {
                let name = tokens.next().unwrap_or_default().replace("~1", "/").replace("~0", "~");
                path.push_str(if path.is_empty() { "" } else { "." });
                path.push_str(&name);
            }
            "items" => path.push_str("[]"),
            _ => path.push_str(".*"),
        }
    }
    path
}
