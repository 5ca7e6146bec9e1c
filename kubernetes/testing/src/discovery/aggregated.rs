//! Everything at once: <https://kubernetes.io/docs/concepts/overview/kubernetes-api/#aggregated-discovery>.

use serde_json::{Value, json};

use super::by_priority;
use crate::call::Call;
use crate::registry::{Served, Subresource};
use crate::state::State;
use crate::verbs::Reply;

/// Whether the aggregated form is what is asked for first.
pub(super) fn is_wanted(call: &Call) -> bool {
    for media in call.accept() {
        let parameters: Vec<&str> = media.split(';').map(str::trim).collect();
        let has = |parameter: &str| parameters.contains(&parameter);
        if has("as=APIGroupDiscoveryList") && has("g=apidiscovery.k8s.io") && has("v=v2") && has("application/json") {
            return true;
        }
        if parameters.as_slice() == ["application/json"] {
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

fn resource(served: &Served) -> Value {
    let mut entry = json!({
        "resource": served.plural,
        "responseKind": {"group": served.group, "version": served.version, "kind": served.kind},
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
    let (group, version, kind) = &of.kind;
    json!({
        "subresource": of.name, "verbs": of.verbs,
        "responseKind": {"group": group, "version": version, "kind": kind},
    })
}
