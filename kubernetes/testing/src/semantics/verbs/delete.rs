use http::StatusCode;

use super::list::{page, write_list};
use crate::object::Object;
use crate::reply::Reply;
use crate::request::ApiRequest;
use crate::semantics::controllers;
use crate::semantics::conversion::from_storage;
use crate::semantics::options::{DeleteOptions, ListOptions, WriteOptions};
use crate::semantics::target::Target;
use crate::semantics::waiting::wait;
use crate::semantics::writes::admission::{self, Attributes};
use crate::semantics::writes::{Outcome, Writer, check_preconditions, delete_object, respond};
use crate::state::State;
use crate::status::{Details, Result, Status};
use crate::store::Stored;

pub(in crate::semantics) fn delete(state: &mut State, request: &ApiRequest, target: &Target) -> Result<Reply> {
    let options = DeleteOptions::read(request)?;
    let old = target.get(state)?;
    let served = &target.served;
    check_preconditions(served, &old, &options)?;
    admit(state, request, target, &options, &old)?;
    let stored = target.stored(state).cloned().ok_or_else(|| target.not_found())?;
    // In the version of the request, with the changes made by the deletion.
    let shown = |object: Object| match served.converts(&stored) {
        false => object,
        true => {
            let mut shown = Object::of(&old);
            for field in ["resourceVersion", "deletionTimestamp", "deletionGracePeriodSeconds", "finalizers"] {
                shown.restore(field, &object);
            }
            shown
        }
    };
    match delete_object(state, served, &stored, &options) {
        Outcome::Removed(object) if served.rules.returns_deleted => Ok(respond(served, shown(object), StatusCode::OK)),
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
            Ok(respond(served, shown(object), status))
        }
    }
}

/// Calls the webhooks for a deletion with the object in its previous state.
fn admit(state: &State, request: &ApiRequest, target: &Target, options: &DeleteOptions, old: &Stored) -> Result<()> {
    let writer = Writer::of(request, target, WriteOptions { dry_run: options.dry_run });
    let old = Object::of(old);
    let attributes = Attributes { writer: &writer, operation: "DELETE", old: Some(&old), kind: None };
    admission::mutate(state, attributes, Object::default())?;
    admission::validate(state, attributes, None)
}

/// Deletes the objects that a list with the same parameters would return.
pub(in crate::semantics) fn delete_collection(
    state: &mut State,
    request: &ApiRequest,
    target: &Target,
) -> Result<Reply> {
    let options = DeleteOptions::read(request)?;
    let list_options = ListOptions::read(&request.query, false)?;
    let selection = target.selection(state, request)?;
    let mut page = page(state, target, &list_options, &selection)?;
    page.objects = from_storage(state, &target.served, page.objects)?;
    // Before the first is deleted, as the request may have to wait; all are asked about meanwhile.
    let mut admitted = Ok(());
    for object in &page.objects {
        let target = Target { name: Some(object.key.name().to_owned()), ..target.clone() };
        admitted = admitted.and(admit(state, request, &target, &options, object));
    }
    wait(state)?;
    admitted?;
    for object in &page.objects {
        // The garbage collector may have removed this one after the deletion of an earlier one.
        let Some(current) = state.store.get(target.served.collection, &object.key).cloned() else { continue };
        delete_object(state, &target.served, &current, &options);
        controllers::run(state);
    }
    Ok(Reply::ok(write_list(&target.served, &page)))
}
