//! The server's resources and their behavior.

mod names;
mod registry;
mod rules;
mod strategy;

use std::sync::Arc;

use kubernetes_core::{GroupVersionKind, Str};
use serde_json::Value;

use crate::object::Object;
use crate::printing::{Columns, Printer};
use crate::shape::Shape;
use crate::store::{CollectionId, Stored};
pub(crate) use names::subdomain as check_subdomain;
pub(crate) use registry::Registry;
pub(crate) use rules::{Deletion, METADATA, Rules};

/// A resource in one version.
#[derive(Debug)]
pub(crate) struct ServedResource {
    pub(crate) kind: GroupVersionKind,
    pub(crate) plural: String,
    pub(crate) singular: String,
    pub(crate) list_kind: String,
    pub(crate) namespaced: bool,
    pub(crate) short_names: Vec<String>,
    pub(crate) categories: Vec<String>,
    pub(crate) verbs: Vec<&'static str>,
    pub(crate) subresources: Vec<Subresource>,
    /// The fields for field selectors, in addition to those of every object.
    pub(crate) selectable_fields: Vec<String>,
    pub(crate) columns: Columns,
    pub(crate) rules: Rules,
    pub(crate) form: Form,
    pub(crate) collection: CollectionId,
    /// The beginning of each object: `{"kind":…,"apiVersion":…,`.
    pub(crate) head: Arc<str>,
    /// The version in which objects are stored.
    pub(crate) storage_version: Box<str>,
    /// The webhook that converts between versions: `spec.conversion.webhook` of the definition.
    pub(crate) webhook: Option<Arc<Value>>,
}

/// The beginning of an object of a kind.
pub(crate) fn head(api_version: &str, kind: &str) -> Arc<str> {
    format!("{{\"kind\":{},\"apiVersion\":{},", Value::from(kind), Value::from(api_version)).into()
}

/// The type of the objects.
#[derive(Debug)]
pub(crate) enum Form {
    /// The index of the definition.
    BuiltIn(Option<u16>),
    /// A custom resource, with its schema if it has one.
    Custom(Option<Value>),
}

/// A subresource of each object.
#[derive(Clone, Debug)]
pub(crate) struct Subresource {
    pub(crate) name: String,
    pub(crate) kind: GroupVersionKind,
    pub(crate) verbs: Vec<&'static str>,
    /// Whether it is a connection, such as `exec`.
    pub(crate) connects: bool,
    /// The type of the bodies, if it is not that of the resource.
    pub(crate) takes: Option<u16>,
    /// The paths of a custom resource's scale.
    pub(crate) scale: Option<ScalePaths>,
}

/// The paths of a scale subresource, as in a CustomResourceDefinition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ScalePaths {
    pub(crate) spec_replicas: String,
    pub(crate) status_replicas: String,
    pub(crate) label_selector: Option<String>,
}

impl ServedResource {
    pub(crate) fn group(&self) -> &str {
        &self.kind.group
    }

    pub(crate) fn version(&self) -> &str {
        &self.kind.version
    }

    /// The name of the kind.
    pub(crate) fn kind(&self) -> &str {
        &self.kind.kind
    }

    pub(crate) fn api_version(&self) -> Str {
        self.kind.api_version()
    }

    pub(crate) fn shape(&self) -> Shape<'_> {
        match &self.form {
            Form::BuiltIn(Some(index)) => Shape::described(*index),
            Form::BuiltIn(None) => Shape::Unknown,
            Form::Custom(schema) => Shape::CustomObject(schema.as_ref()),
        }
    }

    pub(crate) fn printer(&self) -> Printer<'_> {
        Printer { kind: &self.kind, columns: &self.columns }
    }

    /// A stored object.
    pub(crate) fn stored(&self, object: Object, revision: u64) -> Stored {
        object.into_stored(&self.storage_version, &self.selectable_fields, revision)
    }

    /// Whether an object must be converted to this version.
    pub(crate) fn converts(&self, object: &Stored) -> bool {
        self.webhook.is_some() && *object.version != *self.version()
    }

    /// Whether this is the built-in resource of a group and plural.
    pub(crate) fn is(&self, group: &str, plural: &str) -> bool {
        !self.is_custom() && self.group() == group && self.plural == plural
    }

    pub(crate) fn is_custom(&self) -> bool {
        matches!(self.form, Form::Custom(_))
    }

    /// Checks the name of an object.
    ///
    /// # Errors
    /// Returns the reason why the name is not valid.
    pub(crate) fn check_name(&self, name: &str) -> Result<(), &'static str> {
        names::check(self.rules.name_format, name)
    }

    /// The beginning of a list's items, which do not have a type for built-in resources.
    pub(crate) fn item_head(&self) -> &str {
        if self.is_custom() { &self.head } else { "{" }
    }

    pub(crate) fn subresource(&self, name: &str) -> Option<&Subresource> {
        self.subresources.iter().find(|subresource| subresource.name == name)
    }

    pub(crate) fn has_status(&self) -> bool {
        self.subresource("status").is_some()
    }
}
