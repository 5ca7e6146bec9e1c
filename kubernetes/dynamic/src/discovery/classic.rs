//! Groups and resources in the classic documents of servers, which kubectl's disk cache uses, too.

use std::collections::HashMap;

use kubernetes_core::json::{self, DecodeError, Writer};
use kubernetes_core::meta::v1::{APIGroup, APIGroupList, APIResource, APIResourceList, APIVersions};
use kubernetes_core::{GroupVersion, GroupVersionKind, Str};

use super::group::State;
use super::{ApiGroup, ApiVersion};
use crate::{ApiResource, ApiSubresource};

/// The core group, without the resources of its versions.
pub(super) fn core_group(versions: APIVersions) -> ApiGroup {
    ApiGroup { name: Str::EMPTY, versions: versions.versions.into_iter().map(unknown).collect() }
}

/// The groups, without the resources of their versions, of which the preferred one comes first.
pub(super) fn groups(list: APIGroupList) -> Vec<ApiGroup> {
    list.groups.into_iter().map(group).collect()
}

fn group(group: APIGroup) -> ApiGroup {
    let preferred = group.preferred_version.map(|preferred| preferred.version);
    let mut versions: Vec<_> = group.versions.into_iter().map(|version| version.version).collect();
    versions.sort_by_key(|version| Some(version) != preferred.as_ref());
    ApiGroup { name: group.name, versions: versions.into_iter().map(unknown).collect() }
}

fn unknown(version: Str) -> ApiVersion {
    ApiVersion { version, resources: Vec::new(), state: State::Unknown }
}

/// The resources of a group and version, each with its subresources.
pub(super) fn resources(list: APIResourceList, group_version: &GroupVersion) -> Vec<ApiResource> {
    let (subresources, resources): (Vec<_>, Vec<_>) =
        list.resources.into_iter().partition(|resource| resource.name.contains('/'));
    let mut resources: Vec<_> = resources.into_iter().map(|resource| self::resource(resource, group_version)).collect();
    let places: HashMap<Str, usize> =
        resources.iter().enumerate().map(|(place, resource)| (resource.plural.clone(), place)).collect();
    for of in subresources {
        let Some((parent, name)) = of.name.split_once('/') else { continue };
        let Some(place) = places.get(parent) else { continue };
        let kind = GroupVersionKind {
            group: of.group.filter(|group| !group.is_empty()).unwrap_or_else(|| group_version.group.clone()),
            version: of.version.filter(|version| !version.is_empty()).unwrap_or_else(|| group_version.version.clone()),
            kind: of.kind,
        };
        resources[*place].subresources.push(ApiSubresource { name: name.into(), kind, verbs: of.verbs });
    }
    resources
}

fn resource(resource: APIResource, group_version: &GroupVersion) -> ApiResource {
    ApiResource {
        group: group_version.group.clone(),
        version: group_version.version.clone(),
        kind: resource.kind,
        plural: resource.name,
        singular: resource.singular_name,
        namespaced: resource.namespaced,
        verbs: resource.verbs,
        short_names: resource.short_names,
        categories: resource.categories,
        subresources: Vec::new(),
        storage_version_hash: resource.storage_version_hash,
    }
}

/// Reads `servergroups.json`.
///
/// # Errors
/// Returns an error if the document is not an `APIGroupList`.
pub(crate) fn read_groups(bytes: &[u8]) -> Result<Vec<ApiGroup>, DecodeError> {
    json::from_slice::<APIGroupList>(bytes).map(groups)
}

/// Reads `serverresources.json`.
///
/// # Errors
/// Returns an error if the document is not an `APIResourceList`.
pub(crate) fn read_resources(bytes: &[u8], group_version: &GroupVersion) -> Result<Vec<ApiResource>, DecodeError> {
    json::from_slice::<APIResourceList>(bytes).map(|list| resources(list, group_version))
}

/// Writes `servergroups.json` as kubectl does: without stale versions, and with the fields in Go's order.
pub(crate) fn write_groups(groups: &[ApiGroup]) -> String {
    let mut writer = Writer::new();
    writer.begin_object();
    writer.type_meta_in_go_order("APIGroupList");
    writer.key("groups");
    writer.begin_list();
    for group in groups {
        let current: Vec<_> = group.versions.iter().filter(|version| version.state != State::Stale).collect();
        writer.element();
        writer.begin_object();
        writer.text("name", &group.name);
        writer.key("versions");
        if current.is_empty() {
            writer.raw("null");
        } else {
            writer.begin_list();
            for version in &current {
                writer.element();
                writer.group_version(&GroupVersion::new(&group.name, &version.version));
            }
            writer.end_list();
        }
        writer.key("preferredVersion");
        let preferred = current.first().map(|version| GroupVersion::new(&group.name, &version.version));
        writer.group_version(&preferred.unwrap_or_default());
        writer.end_object();
    }
    writer.end_list();
    writer.end_object();
    finish(writer)
}

/// Writes `serverresources.json` as kubectl does. (Of custom resources, kubectl also writes the group and version.)
pub(crate) fn write_resources(group_version: &GroupVersion, resources: &[ApiResource]) -> String {
    let mut writer = Writer::new();
    writer.begin_object();
    writer.type_meta_in_go_order("APIResourceList");
    writer.text("groupVersion", &group_version.to_string());
    writer.key("resources");
    writer.begin_list();
    for resource in resources {
        writer.element();
        writer.begin_object();
        writer.text("name", &resource.plural);
        writer.text("singularName", &resource.singular);
        writer.flag("namespaced", resource.namespaced);
        writer.kind(group_version, &resource.group_version_kind());
        writer.texts("verbs", &resource.verbs);
        writer.texts_unless_empty("shortNames", &resource.short_names);
        writer.texts_unless_empty("categories", &resource.categories);
        writer.text_unless_empty("storageVersionHash", resource.storage_version_hash.as_deref().unwrap_or_default());
        writer.end_object();
        for subresource in &resource.subresources {
            writer.element();
            writer.begin_object();
            writer.text("name", &format!("{}/{}", resource.plural, subresource.name));
            writer.text("singularName", &resource.singular);
            writer.flag("namespaced", resource.namespaced);
            writer.kind(group_version, &subresource.kind);
            writer.texts("verbs", &subresource.verbs);
            writer.end_object();
        }
    }
    writer.end_list();
    writer.end_object();
    finish(writer)
}

/// With the line feed that Go's encoder writes.
fn finish(writer: Writer) -> String {
    // Only types with serde derives could fail to be written.
    let mut text = writer.finish().unwrap_or_default();
    text.push('\n');
    text
}

/// Fields in the order of Go's structs, so that both programs write the same files.
trait GoFields {
    fn type_meta_in_go_order(&mut self, kind: &str);
    fn text(&mut self, key: &str, value: &str);
    fn text_unless_empty(&mut self, key: &str, value: &str);
    fn texts(&mut self, key: &str, values: &[Str]);
    fn texts_unless_empty(&mut self, key: &str, values: &[Str]);
    fn flag(&mut self, key: &str, value: bool);
    fn group_version(&mut self, group_version: &GroupVersion);
    /// The type's group and version, but only if they differ from the list's, as servers do for built-in types.
    fn kind(&mut self, list: &GroupVersion, of_type: &GroupVersionKind);
}

impl GoFields for Writer {
    fn type_meta_in_go_order(&mut self, kind: &str) {
        self.text("kind", kind);
        self.text("apiVersion", "v1");
    }

    fn text(&mut self, key: &str, value: &str) {
        self.key(key);
        self.string(value);
    }

    fn text_unless_empty(&mut self, key: &str, value: &str) {
        if !value.is_empty() {
            self.text(key, value);
        }
    }

    fn texts(&mut self, key: &str, values: &[Str]) {
        self.key(key);
        self.begin_list();
        for value in values {
            self.element();
            self.string(value);
        }
        self.end_list();
    }

    fn texts_unless_empty(&mut self, key: &str, values: &[Str]) {
        if !values.is_empty() {
            self.texts(key, values);
        }
    }

    fn flag(&mut self, key: &str, value: bool) {
        self.key(key);
        self.raw(if value { "true" } else { "false" });
    }

    fn group_version(&mut self, group_version: &GroupVersion) {
        self.begin_object();
        self.text("groupVersion", &group_version.to_string());
        self.text("version", &group_version.version);
        self.end_object();
    }

    fn kind(&mut self, list: &GroupVersion, of_type: &GroupVersionKind) {
        if of_type.group_version() != *list {
            self.text_unless_empty("group", &of_type.group);
            self.text_unless_empty("version", &of_type.version);
        }
        self.text("kind", &of_type.kind);
    }
}
