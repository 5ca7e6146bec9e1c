use kubernetes_core::GroupVersion;
use serde_json::{Map, Value, json};

use super::by_priority;
use crate::resources::{ServedResource, Subresource};
use crate::state::State;

/// `APIVersions`: the versions of the core group.
pub(super) fn api_versions(state: &State) -> Value {
    let versions = state.registry.group("").map(|versions| by_priority(versions.keys())).unwrap_or_default();
    let addresses = json!([{"clientCIDR": "0.0.0.0/0", "serverAddress": "127.0.0.1"}]);
    json!({"kind": "APIVersions", "versions": versions, "serverAddressByClientCIDRs": addresses})
}

/// `APIGroupList`: all groups except the core group.
pub(super) fn groups(state: &State) -> Value {
    let groups = state.registry.groups().filter(|(group, _)| !group.is_empty());
    let groups: Vec<Value> = groups.map(|(group, _)| Value::Object(group_fields(state, group))).collect();
    json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
}

/// `APIGroup`
pub(super) fn group(state: &State, group: &str) -> Value {
    let mut fields = group_fields(state, group);
    fields.insert("kind".to_owned(), "APIGroup".into());
    fields.insert("apiVersion".to_owned(), "v1".into());
    Value::Object(fields)
}

fn group_fields(state: &State, group: &str) -> Map<String, Value> {
    let versions = state.registry.group(group).map(|versions| by_priority(versions.keys())).unwrap_or_default();
    let entry =
        |version: &&str| json!({"groupVersion": GroupVersion::new(group, *version).to_string(), "version": version});
    let mut fields = Map::new();
    fields.insert("name".to_owned(), group.into());
    fields.insert("versions".to_owned(), versions.iter().map(entry).collect());
    fields.insert("preferredVersion".to_owned(), versions.first().map(entry).unwrap_or_default());
    fields
}

/// `APIResourceList`: the resources of a group and version, each followed by its subresources.
pub(super) fn resources(state: &State, of: &GroupVersion) -> Value {
    let mut resources = Vec::new();
    for served in state.registry.version(of).into_iter().flat_map(|plurals| plurals.values()) {
        resources.push(resource(served));
        resources.extend(served.subresources.iter().map(|of| subresource(served, of)));
    }
    let mut list = json!({"kind": "APIResourceList", "groupVersion": of.to_string(), "resources": resources});
    if !of.group.is_empty() {
        list["apiVersion"] = "v1".into();
    }
    list
}

fn resource(served: &ServedResource) -> Value {
    let mut entry = json!({
        "name": served.plural, "singularName": served.singular, "namespaced": served.namespaced,
        "kind": served.kind(), "verbs": served.verbs,
    });
    if !served.short_names.is_empty() {
        entry["shortNames"] = served.short_names.clone().into();
    }
    if !served.categories.is_empty() {
        entry["categories"] = served.categories.clone().into();
    }
    entry
}

fn subresource(served: &ServedResource, of: &Subresource) -> Value {
    let mut entry = json!({
        "name": format!("{}/{}", served.plural, of.name), "singularName": "", "namespaced": served.namespaced,
        "kind": of.kind.kind.as_str(), "verbs": of.verbs,
    });
    if of.kind.group_version() != served.kind.group_version() {
        entry["group"] = of.kind.group.as_str().into();
        entry["version"] = of.kind.version.as_str().into();
    }
    entry
}
