//! Tests that need downloads or minutes, run by `scripts/check --long` as `cargo test -p kubernetes-codegen --test long --
//! --ignored`. Sources of Kubernetes and of large custom resources come as Go modules; none is committed.

mod custom_resources;
#[path = "../shared/differences.rs"]
mod differences;
mod go;
#[path = "../shared/round_trip.rs"]
mod round_trip;
mod samples;
mod update;
mod versions;
mod workspace;
