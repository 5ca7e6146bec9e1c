//! Descriptions in, files out.

mod bad_input;
mod command;
mod compiles;
mod crds;
mod determinism;
mod diff;
mod documentation;
mod facts;
mod fixtures;
mod fresh;
mod output;
mod pin;
mod published;
mod support;
mod version;
