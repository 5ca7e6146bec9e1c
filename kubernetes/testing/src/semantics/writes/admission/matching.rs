//! Decides which webhooks are called for a request.

use std::sync::Arc;

use kubernetes_core::selector::LabelSelector;
use kubernetes_core::{GroupVersion, Map, ObjectKey, Str, meta};
use serde_json::Value;

use super::Attributes;
use super::hook::Hook;
use super::review::Review;
use crate::conditions::MatchCondition;
use crate::object::Object;
use crate::resources::ServedResource;
use crate::state::State;
use crate::status::{Result, Status};

/// The review to send to a webhook; `None` if the request does not concern it (`ShouldCallHook` in
/// `generic/webhook.go`).
pub(super) fn matches(
    state: &State,
    attributes: Attributes<'_>,
    hook: &Hook,
    object: Option<&Object>,
) -> Result<Option<Review>> {
    let selected = [matches_namespace(state, attributes, hook, object), matches_object(attributes, hook, object)];
    if selected.iter().any(|is_match| matches!(is_match, Ok(false))) {
        return Ok(None);
    }
    let Some(served) = version(state, attributes, hook) else { return Ok(None) };
    // An error of a selector counts only for webhooks that the request concerns.
    for is_match in selected {
        is_match?;
    }
    let review = Review::new(state, attributes, hook, &served, object)?;
    for condition in hook.list("matchConditions") {
        let text = |field: &str| condition.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
        let condition = MatchCondition {
            webhook: hook.name().to_owned(),
            name: text("name"),
            expression: text("expression"),
            request: review.request().clone(),
        };
        match state.conditions.is_true(&condition) {
            Some(true) => {}
            Some(false) => return Ok(None),
            None => {
                let what = "match conditions of webhooks, which are CEL, without TestServer::on_match_condition";
                return Err(Status::not_implemented(what));
            }
        }
    }
    Ok(Some(review))
}

/// The version of the resource in which the webhook gets the object.
fn version(state: &State, attributes: Attributes<'_>, hook: &Hook) -> Option<Arc<ServedResource>> {
    let served = attributes.writer.served;
    let group_version = |version: &str| GroupVersion::new(served.group(), version);
    let own = state.registry.get(&group_version(served.version()), &served.plural)?;
    if hook.list("rules").iter().any(|rule| is_match(rule, attributes, own)) {
        return Some(Arc::clone(own));
    }
    if !hook.matches_equivalents() {
        return None;
    }
    let versions = state.registry.group(served.group())?;
    let others: Vec<_> = versions.values().filter_map(|plurals| plurals.get(&served.plural)).collect();
    let matched =
        hook.list("rules").iter().find_map(|rule| others.iter().find(|other| is_match(rule, attributes, other)));
    matched.map(|other| Arc::clone(other))
}

/// Like `predicates/rules/rules.go`.
fn is_match(rule: &Value, attributes: Attributes<'_>, served: &ServedResource) -> bool {
    let has = |field: &str, wanted: &str| {
        let items = rule.get(field).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        items.into_iter().any(|item| item == "*" || item == wanted)
    };
    let writer = attributes.writer;
    let resources = rule.get("resources").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let mut resources = resources.map(|resource| resource.split_once('/').unwrap_or((resource, "")));
    let is_namespaced = served.namespaced;
    let in_scope = match rule.get("scope").and_then(Value::as_str) {
        Some("Namespaced") => is_namespaced,
        Some("Cluster") => !is_namespaced,
        _ => true,
    };
    in_scope
        && has("operations", attributes.operation)
        && has("apiGroups", served.group())
        && has("apiVersions", served.version())
        && resources.any(|(resource, subresource)| {
            (resource == "*" || resource == served.plural) && (subresource == "*" || subresource == writer.subresource)
        })
}

fn selector(hook: &Hook, field: &str) -> Result<Option<LabelSelector>> {
    let Some(value) = hook.get(field).filter(|value| value.as_object().is_some_and(|fields| !fields.is_empty())) else {
        return Ok(None);
    };
    let invalid = |error: &dyn std::fmt::Display| Status::internal_error(&error.to_string());
    let selector: meta::v1::LabelSelector = serde_json::from_value(value.clone()).map_err(|error| invalid(&error))?;
    LabelSelector::try_from(&selector).map(Some).map_err(|error| invalid(&error))
}

/// Like `predicates/namespace/matcher.go`.
fn matches_namespace(state: &State, attributes: Attributes<'_>, hook: &Hook, object: Option<&Object>) -> Result<bool> {
    let (writer, served) = (attributes.writer, attributes.writer.served);
    let is_namespace = served.is("", "namespaces");
    let Some(selector) = selector(hook, "namespaceSelector")? else { return Ok(true) };
    if writer.namespace.is_none() && !is_namespace {
        return Ok(true);
    }
    if let Some(object) = object.filter(|_| is_namespace) {
        return Ok(selector.matches(&labels(object)));
    }
    let name = if is_namespace { writer.name } else { writer.namespace.unwrap_or_default() };
    let namespaces = state.registry.get(&GroupVersion::new("", "v1"), "namespaces");
    let found = namespaces.and_then(|served| state.store.get(served.collection, &ObjectKey::new(None, name)));
    match found {
        Some(namespace) => Ok(selector.matches(&namespace.labels)),
        None => Err(Status::not_found("", "namespaces", name)),
    }
}

/// Like `predicates/object/matcher.go`: the old or the new object.
fn matches_object(attributes: Attributes<'_>, hook: &Hook, object: Option<&Object>) -> Result<bool> {
    let Some(selector) = selector(hook, "objectSelector")? else { return Ok(true) };
    Ok([object, attributes.old].into_iter().flatten().any(|object| selector.matches(&labels(object))))
}

fn labels(object: &Object) -> Map<Str> {
    let labels = object.metadata().and_then(|metadata| metadata.get("labels")).and_then(Value::as_object);
    let labels = labels.into_iter().flatten();
    labels.filter_map(|(key, value)| Some((Str::from(key.as_str()), Str::from(value.as_str()?)))).collect()
}
