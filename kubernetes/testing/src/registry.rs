//! Which resources the server has, and where they are.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::behaviour::{Behaviour, selectable_fields};
use crate::failure::Named;
use crate::generated::RESOURCES;
use crate::schema;
use crate::shape::Shape;
use crate::store::{CollectionId, Store};
use crate::table::PrinterColumn;

/// A resource in one version, as it is served.
#[derive(Debug)]
pub(crate) struct Served {
    pub(crate) group: String,
    pub(crate) version: String,
    pub(crate) plural: String,
    pub(crate) singular: String,
    pub(crate) kind: String,
    pub(crate) list_kind: String,
    pub(crate) namespaced: bool,
    pub(crate) short_names: Vec<String>,
    pub(crate) categories: Vec<String>,
    pub(crate) verbs: Vec<&'static str>,
    pub(crate) subresources: Vec<Subresource>,
    pub(crate) fields: Vec<String>,
    /// The columns of its tables beside the name, if it is a custom resource.
    pub(crate) columns: Vec<PrinterColumn>,
    pub(crate) behaviour: Behaviour,
    pub(crate) form: Form,
    pub(crate) collection: CollectionId,
    /// The beginning of each object: `{"kind":…,"apiVersion":…,`.
    pub(crate) head: Arc<str>,
}

/// The form of the objects.
#[derive(Debug)]
pub(crate) enum Form {
    Described(Option<u16>),
    /// Of a custom resource, with its schema if it has one.
    Custom(Option<Value>),
}

/// What is at a name below each object.
#[derive(Clone, Debug)]
pub(crate) struct Subresource {
    pub(crate) name: String,
    /// Group, version and kind.
    pub(crate) kind: (String, String, String),
    pub(crate) verbs: Vec<&'static str>,
    pub(crate) connects: bool,
    /// The form of the bodies, where it is not that of the resource.
    pub(crate) takes: Option<u16>,
    /// Where a custom resource has its replicas and selector.
    pub(crate) scale: Option<ScalePaths>,
}

/// The paths of a scale subresource, as in a CustomResourceDefinition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ScalePaths {
    pub(crate) spec_replicas: String,
    pub(crate) status_replicas: String,
    pub(crate) label_selector: Option<String>,
}

impl Named for Served {
    fn group(&self) -> &str {
        &self.group
    }

    fn plural(&self) -> &str {
        &self.plural
    }

    fn kind(&self) -> &str {
        &self.kind
    }
}

impl Served {
    pub(crate) fn api_version(&self) -> String {
        api_version(&self.group, &self.version)
    }

    pub(crate) fn shape(&self) -> Shape<'_> {
        match &self.form {
            Form::Described(Some(place)) => Shape::described(*place),
            Form::Described(None) => Shape::Unknown,
            Form::Custom(schema) => Shape::CustomObject(schema.as_ref()),
        }
    }

    pub(crate) fn is_custom(&self) -> bool {
        matches!(self.form, Form::Custom(_))
    }

    /// What the items of a list begin with: those of built-in resources say nothing of their type.
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

/// `group/version`, or the version alone in the core group.
pub(crate) fn api_version(group: &str, version: &str) -> String {
    if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") }
}

/// The beginning of an object of a kind.
pub(crate) fn head(api_version: &str, kind: &str) -> Arc<str> {
    format!("{{\"kind\":{},\"apiVersion\":{},", Value::from(kind), Value::from(api_version)).into()
}

type Plurals = BTreeMap<String, Arc<Served>>;

/// All resources, by group, version and plural.
#[derive(Debug, Default)]
pub(crate) struct Registry {
    groups: BTreeMap<String, BTreeMap<String, Plurals>>,
    /// What the versions of one resource share.
    collections: BTreeMap<(String, String), CollectionId>,
}

impl Registry {
    /// The resources of the description.
    pub(crate) fn described(store: &mut Store) -> Self {
        let mut registry = Self::default();
        for resource in RESOURCES {
            registry.add_described(resource, store);
        }
        registry
    }

    fn add_described(&mut self, resource: &'static schema::Resource, store: &mut Store) {
        let subresources = resource.subresources.iter().map(|subresource| Subresource {
            name: subresource.name.to_owned(),
            kind: (subresource.group.to_owned(), subresource.version.to_owned(), subresource.kind.to_owned()),
            verbs: subresource.verbs.to_vec(),
            connects: subresource.connects,
            takes: subresource.takes,
            scale: None,
        });
        let (short_names, categories) = crate::discovery::names_of(resource.group, resource.plural);
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let served = Served {
            group: resource.group.to_owned(),
            version: resource.version.to_owned(),
            plural: resource.plural.to_owned(),
            singular: resource.kind.to_ascii_lowercase(),
            kind: resource.kind.to_owned(),
            list_kind: format!("{}List", resource.kind),
            namespaced: resource.namespaced,
            short_names: owned(short_names),
            categories: owned(categories),
            verbs: resource.verbs.to_vec(),
            subresources: subresources.collect(),
            fields: owned(selectable_fields(resource.group, resource.plural)),
            columns: Vec::new(),
            behaviour: Behaviour::of(resource),
            form: Form::Described(resource.definition),
            collection: self.collection(resource.group, resource.plural, store),
            head: head(&api_version(resource.group, resource.version), resource.kind),
        };
        self.add(served);
    }

    /// Where the objects of a resource are, in whatever version they are asked for.
    pub(crate) fn collection(&mut self, group: &str, plural: &str, store: &mut Store) -> CollectionId {
        *self.collections.entry((group.to_owned(), plural.to_owned())).or_insert_with(|| store.add_collection())
    }

    pub(crate) fn add(&mut self, served: Served) {
        let versions = self.groups.entry(served.group.clone()).or_default();
        let plurals = versions.entry(served.version.clone()).or_default();
        plurals.insert(served.plural.clone(), Arc::new(served));
    }

    /// Takes a resource away in all versions but those named.
    pub(crate) fn retain_versions(&mut self, group: &str, plural: &str, keep: &[String]) {
        let Some(versions) = self.groups.get_mut(group) else { return };
        for (version, plurals) in versions.iter_mut() {
            if !keep.contains(version) {
                plurals.remove(plural);
            }
        }
        versions.retain(|_, plurals| !plurals.is_empty());
        if versions.is_empty() {
            self.groups.remove(group);
        }
    }

    pub(crate) fn get(&self, group: &str, version: &str, plural: &str) -> Option<&Arc<Served>> {
        self.groups.get(group)?.get(version)?.get(plural)
    }

    /// A resource in any version, the first by name.
    pub(crate) fn any_version(&self, group: &str, plural: &str) -> Option<&Arc<Served>> {
        self.groups.get(group)?.values().find_map(|plurals| plurals.get(plural))
    }

    /// The resource of a kind.
    pub(crate) fn of_kind(&self, group: &str, version: &str, kind: &str) -> Option<&Arc<Served>> {
        self.groups.get(group)?.get(version)?.values().find(|served| served.kind == kind)
    }

    /// One resource of each collection.
    pub(crate) fn collections(&self) -> Vec<Arc<Served>> {
        let of = |(group, plural): &(String, String)| self.any_version(group, plural).cloned();
        self.collections.keys().filter_map(of).collect()
    }

    /// The resource whose objects are in a collection.
    pub(crate) fn of_collection(&self, id: CollectionId) -> Option<&Arc<Served>> {
        let ((group, plural), _) = self.collections.iter().find(|(_, other)| **other == id)?;
        self.any_version(group, plural)
    }

    pub(crate) fn groups(&self) -> impl Iterator<Item = (&String, &BTreeMap<String, Plurals>)> {
        self.groups.iter()
    }

    pub(crate) fn group(&self, group: &str) -> Option<&BTreeMap<String, Plurals>> {
        self.groups.get(group)
    }
}
