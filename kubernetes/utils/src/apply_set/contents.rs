use std::collections::BTreeSet;
use std::fmt;

use kubernetes_core::{GroupVersionKind, Str};
use kubernetes_dynamic::ApiResource;

/// The kinds and namespaces in which a set has members.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Contents {
    pub(crate) kinds: BTreeSet<GroupKind>,
    pub(crate) namespaces: BTreeSet<Str>,
}

/// A kind in any version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct GroupKind {
    pub(crate) group: Str,
    pub(crate) kind: Str,
}

impl GroupKind {
    pub(crate) fn of(resource: &ApiResource) -> Self {
        Self { group: resource.group.clone(), kind: resource.kind.clone() }
    }

    pub(crate) fn of_any_version(&self) -> GroupVersionKind {
        GroupVersionKind::new(self.group.clone(), "", self.kind.clone())
    }

    /// Parses Go's `schema.GroupKind`: `Deployment.apps`, or `Secret` in the core group.
    pub(super) fn parse(text: &str) -> Self {
        let (kind, group) = text.split_once('.').unwrap_or((text, ""));
        Self { group: group.into(), kind: kind.into() }
    }
}

impl fmt::Display for GroupKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.kind)?;
        if self.group.is_empty() { Ok(()) } else { write!(f, ".{}", self.group) }
    }
}

impl Contents {
    pub(crate) fn union(&self, other: &Self) -> Self {
        let kinds = self.kinds.union(&other.kinds).cloned().collect();
        Self { kinds, namespaces: self.namespaces.union(&other.namespaces).cloned().collect() }
    }

    /// The annotation with the kinds, sorted as text.
    pub(super) fn kinds_annotation(&self) -> String {
        let mut kinds: Vec<String> = self.kinds.iter().map(ToString::to_string).collect();
        kinds.sort();
        kinds.join(",")
    }

    /// The annotation with the namespaces, without the parent's.
    pub(super) fn namespaces_annotation(&self, parent: Option<&str>) -> String {
        let others = self.namespaces.iter().map(Str::as_str).filter(|namespace| Some(*namespace) != parent);
        others.collect::<Vec<_>>().join(",")
    }
}
