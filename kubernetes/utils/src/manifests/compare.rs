//! Finds the fields that differ between two states of an object.

use std::collections::HashSet;
use std::fmt;

use kubernetes_core::Str;
use kubernetes_core::json::Tree;
use kubernetes_core::text::printable;
use kubernetes_dynamic::DynamicObject;

/// The change of a field.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct FieldDifference {
    /// The path, in the same form as in conflicts: `.spec.template.spec.containers[name="web"].image`.
    pub field: Str,
    /// The value on the server; `None` if there is no such field.
    pub before: Option<Tree>,
    /// The value after an apply; `None` if the field would be removed.
    pub after: Option<Tree>,
    /// Whether the value belongs to a Secret and must not be shown.
    pub is_secret: bool,
}

/// Metadata that changes with every write.
const IGNORED: &[&str] = &["managedFields", "resourceVersion", "generation"];

/// The keys that may identify items of lists; the first that all items have is used.
const KEYS: &[&str] = &["name", "key", "type", "mountPath", "devicePath", "containerPort", "port", "ip", "uid"];

/// The fields that differ, in the order of the object.
pub(super) fn fields(before: &DynamicObject, after: &DynamicObject, is_secret: bool) -> Vec<FieldDifference> {
    let mut comparison = Comparison { is_secret, found: Vec::new() };
    comparison.values("", Some(&before.tree()), Some(&after.tree()));
    comparison.found
}

struct Comparison {
    is_secret: bool,
    found: Vec<FieldDifference>,
}

impl Comparison {
    fn values(&mut self, path: &str, before: Option<&Tree>, after: Option<&Tree>) {
        if before == after {
            return;
        }
        match (before, after) {
            (Some(Tree::Object(old)), Some(Tree::Object(new))) => {
                let added = new.iter().filter(|(key, _)| old.iter().all(|(known, _)| known != key));
                let keys = old.iter().chain(added).map(|(key, _)| key);
                for key in keys.filter(|key| path != ".metadata" || !IGNORED.contains(&key.as_str())) {
                    let value = |tree: Option<&'_ Tree>| tree.and_then(|tree| tree.get(key)).cloned();
                    self.values(&format!("{path}.{key}"), value(before).as_ref(), value(after).as_ref());
                }
            }
            (Some(Tree::List(old)), Some(Tree::List(new))) => self.lists(path, old, new),
            _ => self.add(path, before, after),
        }
    }

    fn lists(&mut self, path: &str, before: &[Tree], after: &[Tree]) {
        if let Some(key) = KEYS.iter().find(|key| is_key(key, before) && is_key(key, after)) {
            let find = |items: &[Tree], value: &Tree| items.iter().find(|item| item.get(key) == Some(value)).cloned();
            let added = after.iter().filter(|item| item.get(key).is_some_and(|value| find(before, value).is_none()));
            for value in before.iter().chain(added).filter_map(|item| item.get(key)) {
                let path = format!("{path}[{key}={}]", value.to_text());
                self.values(&path, find(before, value).as_ref(), find(after, value).as_ref());
            }
        } else if before.len() == after.len() {
            for (index, (before, after)) in before.iter().zip(after).enumerate() {
                self.values(&format!("{path}[{index}]"), Some(before), Some(after));
            }
        } else {
            self.add(path, Some(&Tree::List(before.to_vec())), Some(&Tree::List(after.to_vec())));
        }
    }

    fn add(&mut self, path: &str, before: Option<&Tree>, after: Option<&Tree>) {
        let holds_secrets = [".data", ".stringData", ".metadata.annotations"];
        let is_secret = self.is_secret && holds_secrets.iter().any(|field| path.starts_with(field));
        self.found.push(FieldDifference {
            field: path.into(),
            before: before.cloned(),
            after: after.cloned(),
            is_secret,
        });
    }
}

/// Whether each item has a unique value for this key.
fn is_key(key: &str, items: &[Tree]) -> bool {
    let mut seen = HashSet::new();
    items.iter().all(|item| match item.get(key) {
        Some(value @ (Tree::String(_) | Tree::Number(_))) => seen.insert(value.to_text()),
        _ => false,
    })
}

/// The maximum number of bytes of a value that are shown.
const SHOWN: usize = 200;

impl fmt::Display for FieldDifference {
    /// `.spec.replicas: 2 → 3`; without values for a Secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |value: &Option<Tree>, secret: &str| match value {
            None => "(none)".to_owned(),
            Some(_) if self.is_secret => secret.to_owned(),
            Some(value) => printable(&value.to_text(), SHOWN),
        };
        let (before, after) = (shown(&self.before, "*** (before)"), shown(&self.after, "*** (after)"));
        write!(f, "{}: {before} → {after}", printable(&self.field, 4 * SHOWN))
    }
}

impl fmt::Debug for FieldDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
