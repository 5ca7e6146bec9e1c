//! Descriptions in, files out.

mod bad_input;
mod command;
mod compiles;
mod concurrency;
mod crds;
mod determinism;
mod diff;
#[path = "../shared/differences.rs"]
mod differences;
mod documentation;
mod facts;
mod fixtures;
mod fresh;
mod openapi;
mod output;
mod pin;
mod published;
mod security;
mod support;
mod version;
