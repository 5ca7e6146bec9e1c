//! The examples against an API server in memory.
#![allow(dead_code, reason = "what is in the examples for their `main` alone")]

mod dynamic;
mod embedded;
mod kubectl;
mod port_forward;
#[cfg(unix)]
mod streams;
