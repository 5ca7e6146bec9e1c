//! Who owns which fields.
use crate::object::Object;
use crate::registry::Served;
pub(crate) fn track_update(_: &Served, _: &str, _: &str, _: &str, _: Option<&Object>, _: &mut Object) {}
