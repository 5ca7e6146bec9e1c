//! Conversion of custom resources while a request is carried out.

use std::sync::Arc;

use serde_json::Value;

use super::waiting::{ask, wait};
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
    let webhook = of.webhook.as_deref().ok_or_else(|| Status::internal("the definition has no conversion webhook"))?;
    let conversion = Conversion::new(of, from, to, object);
    let uid = |content: &Value| state.exchange.borrow_mut().uid(content);
    let call = conversion.call(webhook, uid).map_err(Status::internal)?;
    let outcome = ask(state, call.clone())?;
    conversion.read(&call, outcome).map_err(Status::internal)
}

/// Converts an object to the stored version; `None` if it already has that version.
pub(super) fn to_storage(state: &State, served: &ServedResource, object: &Object) -> Result<Option<Object>> {
    if served.webhook.is_none() || served.version() == &*served.storage_version {
        return Ok(None);
    }
    convert(state, served, served.version(), &served.storage_version, object.clone()).map(Some)
}

/// A stored object in a version.
pub(super) fn one_from_storage(state: &State, to: &ServedResource, object: &Arc<Stored>) -> Result<Arc<Stored>> {
    if let Some(converted) = state.conversions.borrow().find(object, to) {
        return Ok(converted);
    }
    let converted = convert(state, to, &object.version, to.version(), Object::of(object))?;
    Ok(state.conversions.borrow_mut().keep(object, to, converted))
}

/// The stored objects of a list in a version, each converted by a call of its own: the real server converts objects as it
/// reads them from its storage.
pub(super) fn from_storage(state: &State, to: &ServedResource, objects: Vec<Arc<Stored>>) -> Result<Vec<Arc<Stored>>> {
    let converted: Vec<_> = objects.iter().map(|object| one_from_storage(state, to, object)).collect();
    // All have been asked for.
    wait(state)?;
    converted.into_iter().collect()
}
