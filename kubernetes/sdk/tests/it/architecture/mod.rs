//! The invariants that ARCHITECTURE.md states, one file per rule.

mod allowance;
mod clock;
mod conventions;
mod dependencies;
mod english;
mod errors;
mod files;
mod manifests;
mod module_tree;
mod modules;
mod source;
