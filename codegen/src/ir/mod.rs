//! The intermediate representation: what the passes and pages speak of, free of Swagger and OpenAPI.

pub(crate) mod names;
mod operations;
mod types;

use std::collections::BTreeMap;

pub(crate) use kubernetes_swagger::extension::{GroupVersionKind, ListType, PatchStrategy};
pub(crate) use operations::{
    Connection, Function, Operation, PathParameter, QueryParameter, QueryType, ResourcePath, Verb,
};
pub(crate) use types::{
    Body, Definition, Enum, Field, Home, Krate, Merge, Presence, QUANTITY_PATTERN, Resource, Secret, Special, Struct,
    Type, Untyped, Variant, split_module,
};

/// All that is described.
#[derive(Clone, Debug, Default)]
pub(crate) struct Api {
    /// The definitions, by name.
    pub(crate) definitions: BTreeMap<String, Definition>,
    /// The operations, in the order of their paths and methods.
    pub(crate) operations: Vec<Operation>,
}

impl Api {
    /// The one definition of a kind.
    pub(crate) fn definition_of(&self, kind: &GroupVersionKind) -> Option<&Definition> {
        self.definitions.values().find(|definition| definition.kind() == Some(kind))
    }
}
