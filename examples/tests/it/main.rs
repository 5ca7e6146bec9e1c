//! The examples against an API server in memory.
#![allow(dead_code, reason = "what is in the examples for their `main` alone")]

mod compile_fail;
mod dynamic;
mod embedded;
mod forwarding;
mod kubectl;
mod operators;
mod programs;
#[cfg(unix)]
mod streams;
