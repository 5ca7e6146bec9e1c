//! Descriptions in, files out.

mod bad_input;
mod command;
mod compiles;
mod determinism;
mod facts;
mod fixtures;
mod fresh;
mod output;
mod support;
