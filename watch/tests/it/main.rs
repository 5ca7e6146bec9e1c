//! Watches against a server that misbehaves, on a clock that is wound forward.

mod compile_fail;
mod informer;
mod streams;
