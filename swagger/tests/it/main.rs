//! The crate's promises, shown on the pinned description and on small ones.

mod bad_input;
mod extensions;
mod lift_rules;
mod lower;
mod openapi;
mod real_description;
mod structural;
mod support;
