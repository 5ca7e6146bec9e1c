use std::collections::BTreeSet;

use kubernetes_core::json::Tree;
use kubernetes_core::{FieldSet, FieldsV1, json};
use serde_json::{Map, Value};

/// A set of fields, or two with a `;` between them, has the members that a walk through the JSON finds; sets are combined
/// as sets of paths are, and are written as they are read.
pub(super) fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (first, second) = text.split_once(';').unwrap_or((text, r#"{"f:spec":{"f:replicas":{}}}"#));
    let (Some((a, paths_a)), Some((b, paths_b))) = (read(first), read(second)) else { return };
    assert_eq!(paths(&a.union(&b)), &paths_a | &paths_b, "{text}");
    assert_eq!(paths(&a.intersection(&b)), &paths_a & &paths_b, "{text}");
    assert_eq!(paths(&a.difference(&b)), &paths_a - &paths_b, "{text}");
    assert_eq!(a.difference(&b).is_empty(), paths_a.is_subset(&paths_b), "{text}");
}

type Paths = BTreeSet<Vec<String>>;

fn read(text: &str) -> Option<(FieldSet, Paths)> {
    let fields: FieldsV1 = json::from_str(text).ok()?;
    let set = FieldSet::from_fields_v1(&fields);
    let mut expected = Paths::new();
    let value: Value = serde_json::from_str(text).unwrap();
    let is_valid = value.is_null() || collect(&value, &[], &mut expected).is_some();
    assert_eq!(set.is_ok(), is_valid, "{text} {set:?}");
    let set = set.ok()?;
    if expected.len() == 1 {
        // Without any field, the object itself is not owned.
        expected.remove(&Vec::new());
    }
    assert_eq!(paths(&set), expected, "{text}");
    assert_eq!(FieldSet::from_fields_v1(&set.to_fields_v1()).unwrap(), set, "{text}");
    assert!(set.paths().len() + usize::from(set.is_member()) == expected.len(), "{text}");
    Some((set, expected))
}

/// The members by a walk through the JSON; `None` if it is not a set of fields.
fn collect(value: &Value, path: &[String], paths: &mut Paths) -> Option<()> {
    let fields = value.as_object()?;
    if fields.is_empty() || fields.contains_key(".") {
        paths.insert(path.to_vec());
    }
    for (element, below) in fields {
        let is_known = match element.get(..2) {
            Some("f:") => true,
            Some("k:") => !serde_json::from_str::<Map<String, Value>>(&element[2..]).ok()?.is_empty() || return_none()?,
            Some("v:") => serde_json::from_str::<Value>(&element[2..]).is_ok() || return_none()?,
            Some("i:") => element[2..].parse::<usize>().is_ok() || return_none()?,
            _ => false,
        };
        if is_known {
            collect(below, &[path, &[canonical(element)]].concat(), paths)?;
        }
    }
    Some(())
}

/// The element, its keys in order and without spaces. Numbers stay as they are written.
fn canonical(element: &str) -> String {
    fn sorted(tree: &mut Tree) {
        match tree {
            Tree::List(items) => items.iter_mut().for_each(sorted),
            Tree::Object(fields) => {
                fields.sort_by(|(ours, _), (theirs, _)| ours.cmp(theirs));
                fields.iter_mut().for_each(|(_, value)| sorted(value));
            }
            _ => {}
        }
    }
    let (kind, rest) = element.split_at(2);
    match kind {
        "i:" => format!("i:{}", rest.parse::<usize>().unwrap()),
        "k:" | "v:" => {
            let mut tree: Tree = json::from_str(rest).unwrap();
            sorted(&mut tree);
            format!("{kind}{}", tree.to_text())
        }
        _ => element.to_owned(),
    }
}

fn return_none() -> Option<bool> {
    None
}

fn paths(set: &FieldSet) -> Paths {
    fn walk(set: &FieldSet, path: &[String], paths: &mut Paths) {
        if set.is_member() {
            paths.insert(path.to_vec());
        }
        for (element, below) in set.children() {
            walk(below, &[path, &[element.as_str().to_owned()]].concat(), paths);
        }
    }
    let mut paths = Paths::new();
    walk(set, &[], &mut paths);
    paths
}
