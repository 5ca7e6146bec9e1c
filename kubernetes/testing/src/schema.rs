//! The types of the generated tables.

/// A resource of the description.
#[derive(Debug)]
pub(crate) struct Resource {
    pub(crate) group: &'static str,
    pub(crate) version: &'static str,
    pub(crate) plural: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) namespaced: bool,
    /// Kubernetes verbs: `create`, `get`, `watch`, …
    pub(crate) verbs: &'static [&'static str],
    /// The index of the objects' type in the table of definitions.
    pub(crate) definition: Option<u16>,
    pub(crate) subresources: &'static [Subresource],
}

/// A subresource of each object of a resource.
#[derive(Debug)]
pub(crate) struct Subresource {
    pub(crate) name: &'static str,
    pub(crate) group: &'static str,
    pub(crate) version: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) verbs: &'static [&'static str],
    /// The type of the bodies.
    pub(crate) takes: Option<u16>,
    /// Whether it is a connection, such as `exec`.
    pub(crate) connects: bool,
}

/// An object with known fields.
#[derive(Debug)]
pub(crate) struct Definition {
    /// The full name, such as `io.k8s.api.core.v1.Pod`.
    pub(crate) name: &'static str,
    /// Whether an apply treats the object as atomic.
    pub(crate) atomic: bool,
    /// Sorted by name, except for `metadata` of an API object.
    pub(crate) fields: &'static [Field],
}

impl Definition {
    /// The name of the type in Go.
    pub(crate) fn short_name(&self) -> &'static str {
        self.name.rsplit('.').next().unwrap_or(self.name)
    }
}

/// The type of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    String,
    /// Base64.
    Bytes,
    Integer32,
    Integer64,
    Number,
    Boolean,
    IntOrString,
    Quantity,
    Time,
    MicroTime,
    /// Any JSON value.
    Any,
    /// The definition at this index of the table.
    Object(u16),
    List(&'static Type),
    Map(&'static Type),
}

/// A field, and its merge strategy.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) type_: Type,
    /// Whether Go writes the field even if it is empty.
    pub(crate) required: bool,
    pub(crate) merge: Merge,
}

/// The merge strategy of a value for applies and strategic merge patches.
///
/// <https://kubernetes.io/docs/reference/using-api/server-side-apply/#merge-strategy> and
/// <https://github.com/kubernetes/community/blob/master/contributors/devel/sig-api-machinery/strategic-merge-patch.md>
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Merge {
    /// The items of the list are unique scalars.
    pub(crate) set: bool,
    /// The fields that identify the items of the list.
    pub(crate) keys: &'static [&'static str],
    /// An apply treats the object or map as atomic.
    pub(crate) atomic: bool,
    /// A strategic merge patch merges the list by this field, or as a set of scalars if it is empty.
    pub(crate) merge_key: Option<&'static str>,
    /// A strategic merge patch replaces the object.
    pub(crate) replace: bool,
}

impl Field {
    pub(crate) const fn new(name: &'static str, type_: Type) -> Self {
        const NONE: Merge = Merge { set: false, keys: &[], atomic: false, merge_key: None, replace: false };
        Self { name, type_, required: false, merge: NONE }
    }

    pub(crate) const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    pub(crate) const fn set(mut self) -> Self {
        self.merge.set = true;
        self
    }

    pub(crate) const fn keyed(mut self, keys: &'static [&'static str]) -> Self {
        self.merge.keys = keys;
        self
    }

    pub(crate) const fn atomic(mut self) -> Self {
        self.merge.atomic = true;
        self
    }

    pub(crate) const fn merge(mut self, key: &'static str) -> Self {
        self.merge.merge_key = Some(key);
        self
    }

    pub(crate) const fn replace(mut self) -> Self {
        self.merge.replace = true;
        self
    }
}
