//! Aggregated discovery: <https://kubernetes.io/docs/concepts/overview/kubernetes-api/#aggregated-discovery>.

use kubernetes_core::GroupVersionKind;
use serde_json::{Value, json};

use super::by_priority;
use crate::reply::Reply;
use crate::request::ApiRequest;
use crate::resources::{ServedResource, Subresource};
use crate::state::State;

/// Whether the request prefers the aggregated form.
pub(super) fn is_wanted(request: &ApiRequest) -> bool {
    for media in request.accept().filter(|media| media.name == "application/json") {
        if media.converts_to("apidiscovery.k8s.io", "v2") == Some("APIGroupDiscoveryList") {
            return true;
        }
        if !media.has_parameters() {
            return false;
        }
    }
    false
}

pub(super) fn reply(state: &State, of_core: bool) -> Reply {
    let groups = state.registry.groups().filter(|(group, _)| group.is_empty() == of_core);
    let items: Vec<Value> = groups.map(|(group, _)| group_entry(state, group)).collect();
    let list = json!({
        "kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items,
    });
    Reply {
        content_type: "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList",
        ..Reply::ok(list.to_string())
    }
}

fn group_entry(state: &State, group: &str) -> Value {
    let metadata = if group.is_empty() { json!({}) } else { json!({"name": group}) };
    let Some(versions) = state.registry.group(group) else { return json!({"metadata": metadata, "versions": []}) };
    let of = |version: &str| {
        let plurals = versions.get(version).into_iter().flat_map(|plurals| plurals.values());
        let resources: Vec<Value> = plurals.map(|served| resource(served)).collect();
        json!({"version": version, "resources": resources, "freshness": "Current"})
    };
    let entries: Vec<Value> = by_priority(versions.keys()).into_iter().map(of).collect();
    json!({"metadata": metadata, "versions": entries})
}

fn resource(served: &ServedResource) -> Value {
    let mut entry = json!({
        "resource": served.plural,
        "responseKind": response_kind(&served.kind),
        "scope": if served.namespaced { "Namespaced" } else { "Cluster" },
        "singularResource": served.singular,
        "verbs": served.verbs,
    });
    if !served.short_names.is_empty() {
        entry["shortNames"] = served.short_names.clone().into();
    }
    if !served.categories.is_empty() {
        entry["categories"] = served.categories.clone().into();
    }
    if !served.subresources.is_empty() {
        entry["subresources"] = served.subresources.iter().map(subresource).collect();
    }
    entry
}

fn subresource(of: &Subresource) -> Value {
    json!({"subresource": of.name, "verbs": of.verbs, "responseKind": response_kind(&of.kind)})
}

fn response_kind(kind: &GroupVersionKind) -> Value {
    json!({"group": kind.group.as_str(), "version": kind.version.as_str(), "kind": kind.kind.as_str()})
}
