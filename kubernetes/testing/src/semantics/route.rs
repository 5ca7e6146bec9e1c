use http::Method;

use super::target::Target;
use super::{Answer, verbs};
use crate::discovery;
use crate::reply::Reply;
use crate::request::{ApiRequest, ResourcePath};
use crate::state::State;
use crate::status::{Result, Status};

/// Finds the target of a path, and carries out the method.
pub(super) fn route(state: &mut State, request: &ApiRequest) -> Result<Answer> {
    let segments: Vec<&str> = request.segments.iter().map(String::as_str).collect();
    let (group, version) = match segments.as_slice() {
        ["api", version, ..] => ("", *version),
        ["apis", group, version, ..] => (*group, *version),
        _ => return unversioned(state, request, &segments),
    };
    let group_version = kubernetes_core::GroupVersion::new(group, version);
    if state.registry.version(&group_version).is_none() {
        return Ok(Answer::Whole(Reply::page_not_found()));
    }
    match &request.path {
        None => discovery::resources(state, request, &group_version).map(Answer::Whole),
        Some(path) => resource(state, request, &locate(state, path)?),
    }
}

fn unversioned(state: &State, request: &ApiRequest, segments: &[&str]) -> Result<Answer> {
    match discovery::unversioned(state, request, segments) {
        Some(found) if request.method == Method::GET || request.method == Method::HEAD => found.map(Answer::Whole),
        Some(_) => Err(Status::method_not_allowed()),
        None => Ok(Answer::Whole(Reply::page_not_found())),
    }
}

/// The target of a path.
fn locate(state: &State, path: &ResourcePath) -> Result<Target> {
    let served = state.registry.get(&path.group_version, &path.plural).ok_or_else(Status::no_resource)?;
    // For a namespaced resource, only lists of all namespaces are outside a namespace.
    let is_there = match path.namespace {
        Some(_) => served.namespaced,
        None => !served.namespaced || path.name.is_none(),
    };
    if !is_there {
        return Err(Status::no_resource());
    }
    Ok(Target {
        served: served.clone(),
        namespace: path.namespace.clone(),
        name: path.name.clone(),
        subresource: path.subresource.clone(),
    })
}

fn resource(state: &mut State, request: &ApiRequest, target: &Target) -> Result<Answer> {
    if target.subresource.is_some() {
        return verbs::subresource(state, request, target);
    }
    let verb = verb(request, target)?;
    let is_read = matches!(verb, "list" | "watch");
    let is_across_namespaces = target.served.namespaced && target.namespace.is_none();
    if is_across_namespaces && target.served.is_custom() && !is_read {
        return Ok(Answer::Whole(Reply::page_not_found()));
    }
    if !target.served.verbs.contains(&verb) || (is_across_namespaces && !is_read) {
        return Err(Status::method_not_allowed());
    }
    let reply = match verb {
        "watch" => return verbs::watch(state, request, target).map(|watch| Answer::Watch(Box::new(watch))),
        "get" => verbs::get(state, request, target),
        "list" => verbs::list(state, request, target),
        "create" => verbs::create(state, request, target),
        "update" => verbs::update(state, request, target),
        "patch" => verbs::patch(state, request, target),
        "delete" => verbs::delete(state, request, target),
        _ => verbs::delete_collection(state, request, target),
    };
    reply.map(Answer::Whole)
}

fn verb(request: &ApiRequest, target: &Target) -> Result<&'static str> {
    let watches = request.query.flag("watch") == Some(true);
    match (request.method.as_str(), target.name.is_some()) {
        ("GET", false) if watches => Ok("watch"),
        ("GET", false) => Ok("list"),
        ("GET" | "HEAD", true) => Ok("get"),
        ("POST", false) => Ok("create"),
        // The handler of custom resources ignores the name in the path.
        ("POST", true) if target.served.is_custom() => Ok("create"),
        ("PUT", true) => Ok("update"),
        ("PATCH", true) => Ok("patch"),
        ("DELETE", true) => Ok("delete"),
        ("DELETE", false) => Ok("deletecollection"),
        _ => Err(Status::method_not_allowed()),
    }
}
