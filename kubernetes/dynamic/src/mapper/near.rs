//! Suggestions for a name without a match.

use kubernetes_core::GroupVersionKind;

use crate::{ApiResource, Discovery, DiscoveryFailure};

/// The maximum number of suggestions.
const OFFERED: usize = 5;

type Near = (Vec<ApiResource>, Vec<DiscoveryFailure>);

/// Resources with a similar name, the most similar first, and the undiscovered versions that may have the resource.
pub(super) fn of_name(discovery: &Discovery, text: &str) -> Near {
    let name = text.split('.').next().unwrap_or_default().to_lowercase();
    let distance = |resource: &ApiResource| {
        let kind = resource.kind.to_lowercase();
        let names = [resource.plural.as_str(), resource.singular.as_str(), kind.as_str()];
        let short = resource.short_names.iter().map(|short| short.as_str());
        names.into_iter().chain(short).filter(|known| !known.is_empty()).map(|known| edits(&name, known)).min()
    };
    (nearest(discovery, &name, distance), discovery.failures().to_vec())
}

/// The same kind in another group or version, or one with a similar name.
pub(super) fn of_kind(discovery: &Discovery, of_type: &GroupVersionKind) -> Near {
    let kind = of_type.kind.to_lowercase();
    let near = nearest(discovery, &kind, |resource| Some(edits(&kind, &resource.kind.to_lowercase())));
    let may_have = |failure: &&DiscoveryFailure| {
        let failed = failure.group_version();
        failed.group == of_type.group && (of_type.version.is_empty() || failed.version == of_type.version)
    };
    (near, discovery.failures().iter().filter(may_have).cloned().collect())
}

fn nearest(discovery: &Discovery, name: &str, distance: impl Fn(&ApiResource) -> Option<usize>) -> Vec<ApiResource> {
    // For a short name, only few neighbours are plausible.
    let limit = (name.chars().count() / 3).min(3);
    let mut near: Vec<_> = discovery
        .preferred_resources()
        .filter_map(|resource| distance(resource).filter(|edits| *edits <= limit).map(|edits| (edits, resource)))
        .collect();
    near.sort_by_key(|(edits, _)| *edits);
    near.into_iter().take(OFFERED).map(|(_, resource)| resource.clone()).collect()
}

/// The number of characters to insert, delete or change to turn one name into another (Levenshtein distance).
fn edits(from: &str, to: &str) -> usize {
    /// Longer texts are not names.
    const LONGEST: usize = 100;
    let (from, to): (Vec<char>, Vec<char>) = (from.chars().take(LONGEST).collect(), to.chars().take(LONGEST).collect());
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (index, of_from) in from.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = index + 1;
        for (column, of_to) in to.iter().enumerate() {
            let changed = diagonal + usize::from(of_from != of_to);
            diagonal = row[column + 1];
            row[column + 1] = changed.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::edits;

    #[test]
    fn names_are_as_far_apart_as_there_are_typing_errors() {
        let cases = [("pods", "pods", 0), ("pod", "pods", 1), ("deploymnet", "deployment", 2), ("", "cm", 2)];
        for (from, to, distance) in cases {
            assert_eq!(edits(from, to), distance, "{from} {to}");
            assert_eq!(edits(to, from), distance, "{to} {from}");
        }
    }
}
