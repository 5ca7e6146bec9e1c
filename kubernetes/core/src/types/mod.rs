//! Types that no model contains.

mod duration;
mod json_patch;

pub use duration::{Duration, ParseDurationError};
pub use json_patch::JsonPatch;
