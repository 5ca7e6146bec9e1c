use kubernetes_core::json::Tree;
use kubernetes_core::{Object, Str};

/// An object as a document. As in kstatus, a field that is missing or has another type has a default value.
pub(super) struct Document<'a> {
    tree: &'a Tree,
    pub(super) group: Str,
    pub(super) kind: Str,
}

/// A condition of `status.conditions`.
#[derive(Clone, Copy)]
pub(super) struct Condition<'a> {
    pub(super) type_: &'a str,
    pub(super) status: &'a str,
    pub(super) reason: &'a str,
    pub(super) message: &'a str,
    /// Whether it was observed for an older generation than the object's.
    pub(super) is_stale: bool,
}

impl Condition<'_> {
    pub(super) fn is(&self, type_: &str, status: &str) -> bool {
        self.type_ == type_ && self.status == status
    }
}

impl<'a> Document<'a> {
    pub(super) fn new<K: Object>(tree: &'a Tree, object: &K) -> Self {
        let of_type = object.group_version_kind().unwrap_or_default();
        Self { tree, group: of_type.group, kind: of_type.kind }
    }

    pub(super) fn integer(&self, pointer: &str) -> Option<i64> {
        integer(self.tree.at(pointer)?)
    }

    /// A number, such as that of replicas; 0 if it is missing.
    pub(super) fn count(&self, pointer: &str) -> i64 {
        self.integer(pointer).unwrap_or_default()
    }

    pub(super) fn text(&self, pointer: &str) -> &'a str {
        self.tree.at(pointer).and_then(Tree::as_str).unwrap_or_default()
    }

    pub(super) fn list(&self, pointer: &str) -> &'a [Tree] {
        match self.tree.at(pointer) {
            Some(Tree::List(items)) => items,
            _ => &[],
        }
    }

    pub(super) fn conditions(&self) -> impl Iterator<Item = Condition<'a>> {
        let generation = self.integer("/metadata/generation");
        self.list("/status/conditions").iter().map(move |condition| {
            let text = |key| condition.get(key).and_then(Tree::as_str).unwrap_or_default();
            let observed = condition.get("observedGeneration").and_then(integer);
            Condition {
                type_: text("type"),
                status: text("status"),
                reason: text("reason"),
                message: text("message"),
                is_stale: matches!((observed, generation), (Some(observed), Some(generation)) if observed < generation),
            }
        })
    }

    /// The condition with this type and status, for the current generation.
    pub(super) fn condition(&self, type_: &str, status: &str) -> Option<Condition<'a>> {
        self.conditions().find(|condition| condition.is(type_, status) && !condition.is_stale)
    }
}

fn integer(tree: &Tree) -> Option<i64> {
    match tree {
        Tree::Number(number) => number.parse().ok(),
        _ => None,
    }
}
