//! Every type against the description that it is made from: what it reads, and the normal form that it writes.
//!
//! The groups that are enabled are tested; all are with `--all-features`.

#[cfg(all(feature = "apps-v1", feature = "autoscaling-v2", feature = "networking-v1"))]
mod apply;
mod definition;
#[rustfmt::skip]
#[path = "../generated/definition_table.rs"]
mod definition_table;
mod description;
mod generate;
mod hostile;
mod leaves;
mod normal_form;
mod round_trip;
#[cfg(feature = "schema")]
mod schemas;
mod tree;
#[cfg(feature = "apps-v1")]
mod usage;
mod wrong_types;
