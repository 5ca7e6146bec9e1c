//! A JSON tree that knows its place in the document, and readers of values in it. An object is taken apart key by key,
//! so that what nobody has taken is reported.

pub(crate) mod json;
pub(crate) mod object;
pub(crate) mod place;
pub(crate) mod value;

pub(crate) use json::Json;
pub(crate) use object::Object;
