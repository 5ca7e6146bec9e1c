use http::StatusCode;

use super::list::{page, write_list};
use crate::reply::Reply;
use crate::request::ApiRequest;
use crate::semantics::controllers;
use crate::semantics::options::{DeleteOptions, ListOptions};
use crate::semantics::target::Target;
use crate::semantics::writes::{Outcome, check_preconditions, delete_object, respond};
use crate::state::State;
use crate::status::{Details, Result, Status};

pub(in crate::semantics) fn delete(state: &mut State, request: &ApiRequest, target: &Target) -> Result<Reply> {
    let options = DeleteOptions::read(request)?;
    let old = target.get(state)?;
    let served = &target.served;
    check_preconditions(served, &old, &options)?;
    match delete_object(state, served, &old, &options) {
        Outcome::Removed(object) if served.rules.returns_deleted => Ok(respond(served, object, StatusCode::OK)),
        Outcome::Removed(_) => {
            let details = Details {
                name: old.key.name().to_owned(),
                group: served.group().to_owned(),
                kind: served.plural.clone(),
                uid: old.uid.to_string(),
                ..Details::default()
            };
            Ok(Reply::ok(Status::deleted(details).to_string()))
        }
        Outcome::Pending(object) => {
            let status = if options.cascades { StatusCode::ACCEPTED } else { StatusCode::OK };
            Ok(respond(served, object, status))
        }
    }
}

/// Deletes the objects that a list with the same parameters would contain.
pub(in crate::semantics) fn delete_collection(
    state: &mut State,
    request: &ApiRequest,
    target: &Target,
) -> Result<Reply> {
    let options = DeleteOptions::read(request)?;
    let list_options = ListOptions::read(&request.query, false)?;
    let selection = target.selection(state, request)?;
    let page = page(state, target, &list_options, &selection)?;
    for object in &page.objects {
        // The garbage collector may have removed this one after the deletion of an earlier one.
        let Some(current) = state.store.get(target.served.collection, &object.key).cloned() else { continue };
        delete_object(state, &target.served, &current, &options);
        controllers::run(state);
    }
    Ok(Reply::ok(write_list(&target.served, &page)))
}
