//! Conversion of custom resources while a request is carried out.

use std::collections::BTreeMap;
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
    let converted = converted(state, of, &Conversion::of_one(of, from, to, object))?;
    converted.into_iter().next().ok_or_else(Status::waiting)
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

/// The stored objects of a list in a version; those of one version are converted in one call.
pub(super) fn from_storage(state: &State, to: &ServedResource, objects: Vec<Arc<Stored>>) -> Result<Vec<Arc<Stored>>> {
    let mut missing = BTreeMap::<String, Vec<usize>>::new();
    let mut found = Vec::with_capacity(objects.len());
    for (index, object) in objects.into_iter().enumerate() {
        let converted = state.conversions.borrow().find(&object, to);
        if converted.is_none() {
            missing.entry(object.version.to_string()).or_default().push(index);
        }
        found.push(converted.unwrap_or(object));
    }
    let mut result = Ok(());
    for (version, indexes) in missing {
        let originals = indexes.iter().filter_map(|index| found.get(*index)).map(|object| Object::of(object)).collect();
        match converted(state, to, &Conversion::of_list(to, &version, to.version(), originals)) {
            Ok(converted) => {
                for (index, converted) in indexes.into_iter().zip(converted) {
                    if let Some(object) = found.get_mut(index) {
                        *object = state.conversions.borrow_mut().keep(object, to, converted);
                    }
                }
            }
            // The other versions are converted meanwhile.
            error => result = result.and(error.map(drop)),
        }
    }
    wait(state)?;
    result.map(|()| found)
}

fn converted(state: &State, of: &ServedResource, conversion: &Conversion) -> Result<Vec<Object>> {
    let webhook = of.webhook.as_deref().ok_or_else(|| Status::internal("the definition has no conversion webhook"))?;
    let uid = |content: &Value| state.exchange.borrow_mut().uid(content);
    let call = conversion.call(webhook, uid).map_err(Status::internal)?;
    let outcome = ask(state, call.clone())?;
    conversion.read(&call, outcome).map_err(Status::internal)
}
