//! Modules of a crate form layers: siblings never need each other in a circle.

use std::collections::{BTreeMap, BTreeSet};

use super::module_tree::ModuleTree;
use super::source::crates;

/// Crates that still have cycles, with the number of modules in these. The list may only shrink.
const NOT_YET_LAYERED: &[(&str, usize)] = &[];

/// A parent and its child may need each other. Between siblings, each taken with all that is below it, references point
/// one way.
#[test]
fn modules_have_no_cycles() {
    let allowed: BTreeMap<&str, usize> = NOT_YET_LAYERED.iter().copied().collect();
    let mut faults = Vec::new();
    for package in crates() {
        let mut found = Vec::new();
        for entry in &package.entries {
            let tree = ModuleTree::parse(entry);
            assert!(!tree.modules().is_empty(), "{} has no module", entry.display());
            found.extend(cycles(&tree));
        }
        let modules: usize = found.iter().map(|cycle| cycle.members.len()).sum();
        let allowed = allowed.get(package.name.as_str()).copied().unwrap_or(0);
        if modules > allowed {
            let cycles: Vec<_> = found.iter().map(Cycle::to_string).collect();
            faults.push(format!(
                "{}: {modules} modules in cycles ({allowed} allowed)\n{}",
                package.name,
                cycles.join("")
            ));
        } else if modules < allowed {
            faults
                .push(format!("{}: {modules} modules in cycles; lower the {allowed} in NOT_YET_LAYERED", package.name));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Siblings that need each other in a circle.
struct Cycle {
    members: BTreeSet<String>,
    /// The references between them.
    references: Vec<(String, String)>,
}

impl std::fmt::Display for Cycle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let members: Vec<_> = self.members.iter().map(String::as_str).collect();
        writeln!(f, "  cycle of {}", members.join(", "))?;
        for (from, to) in &self.references {
            writeln!(f, "    {from} needs {to}")?;
        }
        Ok(())
    }
}

fn cycles(tree: &ModuleTree) -> Vec<Cycle> {
    let references = tree.references();
    // By the parent that they have in common: which child's side needs which other child's side.
    let mut graphs: BTreeMap<String, BTreeMap<String, BTreeSet<String>>> = BTreeMap::new();
    for (from, to) in &references {
        if let Some((parent, from, to)) = siblings(from, to) {
            graphs.entry(parent).or_default().entry(from).or_default().insert(to);
        }
    }
    let mut cycles = Vec::new();
    for graph in graphs.values() {
        for members in components(graph) {
            let is_between = |(from, to): &&(String, String)| {
                siblings(from, to).is_some_and(|(_, from, to)| members.contains(&from) && members.contains(&to))
            };
            let references = references.iter().filter(is_between).cloned().collect();
            cycles.push(Cycle { members, references });
        }
    }
    cycles
}

/// The modules in which the paths of two modules first differ, with the parent of both; `None` if one of them is above
/// the other.
fn siblings(from: &str, to: &str) -> Option<(String, String, String)> {
    let (from, to): (Vec<_>, Vec<_>) = (from.split("::").collect(), to.split("::").collect());
    let common = from.iter().zip(&to).take_while(|(from, to)| from == to).count();
    if common == from.len() || common == to.len() {
        return None;
    }
    Some((from[..common].join("::"), from[..=common].join("::"), to[..=common].join("::")))
}

/// The strongly connected components of more than one node.
fn components(graph: &BTreeMap<String, BTreeSet<String>>) -> Vec<BTreeSet<String>> {
    let reached: BTreeMap<&String, BTreeSet<&String>> =
        graph.keys().map(|start| (start, reached(graph, start))).collect();
    let mut components: Vec<BTreeSet<String>> = Vec::new();
    for (node, others) in &reached {
        if components.iter().any(|component| component.contains(*node)) {
            continue;
        }
        let both_ways = others.iter().filter(|other| reached.get(*other).is_some_and(|back| back.contains(node)));
        let component: BTreeSet<String> = both_ways.map(|other| (*other).clone()).collect();
        if component.len() > 1 {
            components.push(component);
        }
    }
    components
}

fn reached<'a>(graph: &'a BTreeMap<String, BTreeSet<String>>, start: &'a String) -> BTreeSet<&'a String> {
    let mut seen = BTreeSet::new();
    let mut open = vec![start];
    while let Some(node) = open.pop() {
        for next in graph.get(node).into_iter().flatten() {
            if seen.insert(next) {
                open.push(next);
            }
        }
    }
    seen
}

#[test]
fn a_cycle_is_found_by_its_references() {
    let tree = ModuleTree::from_texts(&[
        ("", "mod a; mod b; mod c; pub use c::Third;"),
        ("a", "use crate::b::Second; mod inner { use super::First; } pub struct First;"),
        ("b", "pub struct Second; fn f() { let _: [u8; { crate::Third::N }]; }"),
        ("c", "pub struct Third; macro_rules! m { () => { println!(\"{}\", $crate::a::First) } }"),
    ]);
    let cycles = cycles(&tree);
    assert_eq!(cycles.len(), 1, "a module and what is inside of it is not a cycle");
    assert_eq!(
        cycles[0].to_string(),
        "  cycle of crate::a, crate::b, crate::c\n    crate::a needs crate::b\n    crate::b needs crate::c\n    crate::c needs crate::a\n"
    );
}

#[test]
fn references_that_point_one_way_are_no_cycle() {
    let tree = ModuleTree::from_texts(&[
        ("", "mod a; mod b; pub use a::First;"),
        ("a", "pub struct First; #[cfg(test)] mod tests { use crate::b::Second; }"),
        ("b", "use crate::First; pub struct Second;"),
    ]);
    assert!(cycles(&tree).is_empty());
}
