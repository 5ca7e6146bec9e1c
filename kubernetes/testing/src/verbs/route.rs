use std::sync::Arc;

use http::{Method, StatusCode};

use super::context::Target;
use super::{Answer, Reply, create, delete, list, patch, reply, subresources, update};
use crate::call::Call;
use crate::discovery;
use crate::failure::{Failure, Result};
use crate::registry::Served;
use crate::state::State;

/// Finds what a path leads to, and does what the method asks for.
pub(super) fn route(state: &mut State, call: &Call) -> Result<Answer> {
    let segments: Vec<&str> = call.segments.iter().map(String::as_str).collect();
    let (group, version, rest) = match segments.as_slice() {
        ["api", version, rest @ ..] => ("", *version, rest),
        ["apis", group, version, rest @ ..] => (*group, *version, rest),
        _ => return unversioned(state, call, &segments),
    };
    let is_known = state.registry.group(group).is_some_and(|versions| versions.contains_key(version));
    if !is_known {
        return Ok(Answer::Whole(Reply::text(StatusCode::NOT_FOUND, "404 page not found\n")));
    }
    if rest.is_empty() {
        return reply(discovery::resources(state, call, group, version));
    }
    resource(state, call, &locate(state, group, version, rest)?)
}

fn unversioned(state: &State, call: &Call, segments: &[&str]) -> Result<Answer> {
    match discovery::unversioned(state, call, segments) {
        Some(found) if call.method == Method::GET || call.method == Method::HEAD => reply(found),
        Some(_) => Err(Failure::method_not_allowed()),
        None => Ok(Answer::Whole(Reply::text(StatusCode::NOT_FOUND, "404 page not found\n"))),
    }
}

/// The resource, namespace, name and subresource that a path names.
fn locate(state: &State, group: &str, version: &str, rest: &[&str]) -> Result<Target> {
    let find = |plural: &str| state.registry.get(group, version, plural).cloned();
    let target = |served: Arc<Served>, namespace: Option<&str>, rest: &[&str]| {
        let (name, subresource) = match rest {
            [] => (None, None),
            [name] => (Some(*name), None),
            [name, subresource, ..] => (Some(*name), Some(*subresource)),
        };
        let owned = |text: &str| text.to_owned();
        Target { served, namespace: namespace.map(owned), name: name.map(owned), subresource: subresource.map(owned) }
    };
    if let ["namespaces", namespace, plural, rest @ ..] = rest {
        // A subresource of the namespace itself shadows no resource: none has such a name.
        if let Some(served) = find(plural).filter(|served| served.namespaced) {
            return Ok(target(served, Some(namespace), rest));
        }
    }
    match rest {
        [plural, rest @ ..] => match find(plural) {
            // Of a namespaced resource, only the list of all namespaces is here.
            Some(served) if !served.namespaced || rest.is_empty() => Ok(target(served, None, rest)),
            _ => Err(Failure::no_resource()),
        },
        [] => Err(Failure::no_resource()),
    }
}

fn resource(state: &mut State, call: &Call, target: &Target) -> Result<Answer> {
    if target.subresource.is_some() {
        return subresources::answer(state, call, target);
    }
    let verb = verb(call, target)?;
    let is_across_namespaces = target.served.namespaced && target.namespace.is_none();
    if is_across_namespaces && target.served.is_custom() && !matches!(verb, "list" | "watch") {
        return Ok(Answer::Whole(Reply::text(StatusCode::NOT_FOUND, "404 page not found\n")));
    }
    if !target.served.verbs.contains(&verb) || (is_across_namespaces && !matches!(verb, "list" | "watch")) {
        return Err(Failure::method_not_allowed());
    }
    match verb {
        "get" => reply(list::get(state, call, target)),
        "list" => reply(list::list(state, call, target)),
        "watch" => list::watch(state, call, target),
        "create" => reply(create::create(state, call, target)),
        "update" => reply(update::update(state, call, target)),
        "patch" => reply(patch::patch(state, call, target)),
        "delete" => reply(delete::delete(state, call, target)),
        _ => reply(delete::delete_collection(state, call, target)),
    }
}

fn verb(call: &Call, target: &Target) -> Result<&'static str> {
    let watches = call.query.flag("watch") == Some(true);
    match (call.method.as_str(), target.name.is_some()) {
        ("GET", false) if watches => Ok("watch"),
        ("GET", false) => Ok("list"),
        ("GET" | "HEAD", true) => Ok("get"),
        ("POST", false) => Ok("create"),
        // The handler of custom resources does not look at the name in the path.
        ("POST", true) if target.served.is_custom() => Ok("create"),
        ("PUT", true) => Ok("update"),
        ("PATCH", true) => Ok("patch"),
        ("DELETE", true) => Ok("delete"),
        ("DELETE", false) => Ok("deletecollection"),
        _ => Err(Failure::method_not_allowed()),
    }
}
