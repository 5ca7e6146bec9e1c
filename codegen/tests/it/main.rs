//! Descriptions in, files out.

mod bad_input;
mod command;
mod compiles;
mod concurrency;
mod crds;
mod custom_definitions;
mod custom_diff;
mod custom_objects;
mod derived;
mod determinism;
mod diff;
#[path = "../shared/differences.rs"]
mod differences;
mod documentation;
mod facts;
mod fixtures;
mod fresh;
mod help;
mod openapi;
mod output;
mod pin;
mod published;
mod required;
#[path = "../shared/round_trip.rs"]
mod round_trip;
mod security;
mod support;
mod version;
