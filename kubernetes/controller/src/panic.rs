//! Panics of a user's functions.

use std::any::Any;

/// The message of a panic; `None` if it was raised with something else than a text.
pub(crate) fn message(payload: &(dyn Any + Send)) -> Option<&str> {
    payload.downcast_ref::<&str>().copied().or_else(|| payload.downcast_ref::<String>().map(String::as_str))
}
