//! This SDK as a client of a server, its allocations counted.

use std::alloc::System;

use bench_live::Phases;
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

mod pods;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    Phases::run(pods::run)
}
