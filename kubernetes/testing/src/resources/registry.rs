use std::collections::BTreeMap;
use std::sync::Arc;

use kubernetes_core::{GroupVersion, GroupVersionKind};

use super::{Form, Rules, ServedResource, Subresource, head};
use crate::generated::RESOURCES;
use crate::printing::Columns;
use crate::schema;
use crate::store::{CollectionId, Store};

pub(crate) type Plurals = BTreeMap<String, Arc<ServedResource>>;

/// All resources of the server, by group, version and plural.
#[derive(Debug, Default)]
pub(crate) struct Registry {
    groups: BTreeMap<String, BTreeMap<String, Plurals>>,
    /// By group and plural.
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
            kind: GroupVersionKind::new(subresource.group, subresource.version, subresource.kind),
            verbs: subresource.verbs.to_vec(),
            connects: subresource.connects,
            takes: subresource.takes,
            scale: None,
        });
        let rules = Rules::of(resource.group, resource.plural);
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let kind = GroupVersionKind::new(resource.group, resource.version, resource.kind);
        let served = ServedResource {
            head: head(&kind.api_version(), resource.kind),
            kind,
            plural: resource.plural.to_owned(),
            singular: resource.kind.to_ascii_lowercase(),
            list_kind: format!("{}List", resource.kind),
            namespaced: resource.namespaced,
            short_names: owned(rules.short_names),
            categories: owned(rules.categories),
            verbs: resource.verbs.to_vec(),
            subresources: subresources.collect(),
            selectable_fields: owned(rules.selectable_fields),
            columns: Columns::BuiltIn(rules.layout),
            rules,
            form: Form::BuiltIn(resource.definition),
            collection: self.collection(resource.group, resource.plural, store),
            storage_version: Box::default(),
            webhook: None,
        };
        self.add(served);
    }

    /// The collection of a resource's objects, which all of its versions share.
    pub(crate) fn collection(&mut self, group: &str, plural: &str, store: &mut Store) -> CollectionId {
        *self.collections.entry((group.to_owned(), plural.to_owned())).or_insert_with(|| store.add_collection())
    }

    pub(crate) fn add(&mut self, served: ServedResource) {
        let versions = self.groups.entry(served.group().to_owned()).or_default();
        let plurals = versions.entry(served.version().to_owned()).or_default();
        plurals.insert(served.plural.clone(), Arc::new(served));
    }

    /// Removes all versions of a resource except those in `keep`.
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

    pub(crate) fn get(&self, group_version: &GroupVersion, plural: &str) -> Option<&Arc<ServedResource>> {
        self.version(group_version)?.get(plural)
    }

    /// The resources of a group and version, by their plurals.
    pub(crate) fn version(&self, of: &GroupVersion) -> Option<&Plurals> {
        self.groups.get(of.group.as_str())?.get(of.version.as_str())
    }

    /// A resource in the first version by name.
    pub(crate) fn any_version(&self, group: &str, plural: &str) -> Option<&Arc<ServedResource>> {
        self.groups.get(group)?.values().find_map(|plurals| plurals.get(plural))
    }

    /// The resource of a kind.
    pub(crate) fn of_kind(&self, kind: &GroupVersionKind) -> Option<&Arc<ServedResource>> {
        self.version(&kind.group_version())?.values().find(|served| served.kind == *kind)
    }

    /// One resource of each collection.
    pub(crate) fn collections(&self) -> Vec<Arc<ServedResource>> {
        let of = |(group, plural): &(String, String)| self.any_version(group, plural).cloned();
        self.collections.keys().filter_map(of).collect()
    }

    /// The resource whose objects are in a collection.
    pub(crate) fn of_collection(&self, id: CollectionId) -> Option<&Arc<ServedResource>> {
        let ((group, plural), _) = self.collections.iter().find(|(_, other)| **other == id)?;
        self.any_version(group, plural)
    }

    pub(crate) fn groups(&self) -> impl Iterator<Item = (&String, &BTreeMap<String, Plurals>)> {
        self.groups.iter()
    }

    /// The versions of a group.
    pub(crate) fn group(&self, group: &str) -> Option<&BTreeMap<String, Plurals>> {
        self.groups.get(group)
    }
}
