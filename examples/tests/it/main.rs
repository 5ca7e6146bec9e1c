//! The examples against an API server in memory.
#![allow(dead_code, reason = "what is in the examples for their `main` alone")]

mod dynamic;
mod embedded;
mod forwarding;
mod kubectl;
mod programs;
#[cfg(unix)]
mod streams;
