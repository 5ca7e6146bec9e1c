use serde_json::Value;

use super::binding::bind;
use super::connect::connect;
use super::eviction::evict;
use super::scale::scale;
use super::{list, patch, tokens, update};
use crate::request::ApiRequest;
use crate::semantics::Answer;
use crate::semantics::decoding::read_form;
use crate::semantics::target::Target;
use crate::state::State;
use crate::status::{Result, Status};

/// Handles a request to a subresource.
pub(in crate::semantics) fn subresource(state: &mut State, request: &ApiRequest, target: &Target) -> Result<Answer> {
    let name = target.subresource();
    let Some(subresource) = target.served.subresource(name).cloned() else { return Err(Status::no_resource()) };
    let verb = match request.method.as_str() {
        "GET" | "HEAD" => "get",
        "POST" => "create",
        "PUT" => "update",
        "PATCH" => "patch",
        "DELETE" => "delete",
        _ => return Err(Status::method_not_allowed()),
    };
    if !subresource.verbs.contains(&verb) {
        return Err(Status::method_not_allowed());
    }
    if subresource.connects || name == "log" {
        return connect(state, request, target);
    }
    let reply = match (name, verb) {
        ("scale", _) => scale(state, request, target, &subresource, verb),
        ("eviction", "create") => {
            let eviction: Value = read_form(request, &subresource)?;
            evict(state, request, target, &eviction)
        }
        ("binding", "create") => {
            let binding: Value = read_form(request, &subresource)?;
            bind(state, request, target, &binding)
        }
        ("token", "create") => {
            let token_request: Value = read_form(request, &subresource)?;
            tokens::issue(state, target, &token_request)
        }
        (_, "get") => list::get(state, request, target),
        // Each changes a part of the object (`writes::limits`): status, ephemeralcontainers, resize, approval,
        // finalize.
        (_, "update") => update::update(state, request, target),
        (_, "patch") => patch::patch(state, request, target),
        _ => Err(Status::not_implemented(&format!("{verb} of the subresource {name:?}"))),
    };
    reply.map(Answer::Whole)
}
