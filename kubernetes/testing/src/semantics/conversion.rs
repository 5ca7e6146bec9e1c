//! Conversion of custom resources while a request is carried out.

use std::sync::Arc;

use crate::conversion::Conversion;
use crate::object::Object;
use crate::resources::ServedResource;
use crate::state::State;
use crate::status::{Result, Status};
use crate::store::Stored;

/// Converts an object from one version of a resource to another.
pub(super) fn convert(state: &State, of: &ServedResource, from: &str, to: &str, object: Object) -> Result<Object> {
    if of.webhook.is_none() || from == to {
        return Ok(object);
    }
    let converted = ask(state, of, from, to, vec![object])?;
    converted.into_iter().next().ok_or_else(Status::waiting)
}

/// Converts an object to the stored version; `None` if it already has that version.
pub(super) fn to_storage(state: &State, served: &ServedResource, object: &Object) -> Result<Option<Object>> {
    if served.webhook.is_none() || served.version() == &*served.storage_version {
        return Ok(None);
    }
    convert(state, served, served.version(), &served.storage_version, object.clone()).map(Some)
}

/// Converts stored objects to a version, with one call for each stored version.
pub(super) fn from_storage(state: &State, to: &ServedResource, objects: Vec<Arc<Stored>>) -> Result<Vec<Arc<Stored>>> {
    let find = |object: &Arc<Stored>| state.conversions.borrow().find(object, to);
    let missing: Vec<&Arc<Stored>> = objects.iter().filter(|object| find(object).is_none()).collect();
    for batch in missing.chunk_by(|one, other| one.version == other.version) {
        let version = batch.first().map(|object| object.version.clone()).unwrap_or_default();
        let originals = batch.iter().map(|object| Object::of(object)).collect();
        let converted = ask(state, to, &version, to.version(), originals)?;
        for (object, converted) in batch.iter().zip(converted) {
            state.conversions.borrow_mut().keep(object, to, converted);
        }
    }
    objects.iter().map(|object| find(object).ok_or_else(Status::waiting)).collect()
}

fn ask(state: &State, of: &ServedResource, from: &str, to: &str, objects: Vec<Object>) -> Result<Vec<Object>> {
    let conversion = Conversion::new(of, from, to, objects);
    let uid = state.exchange.borrow_mut().next_uid();
    let webhook = of.webhook.as_deref().ok_or_else(Status::waiting)?;
    let call = conversion.call(webhook, &uid).map_err(Status::internal)?;
    let outcome = state.exchange.borrow_mut().ask(call.clone()).ok_or_else(Status::waiting)?;
    conversion.read(&call, outcome).map_err(Status::internal)
}
