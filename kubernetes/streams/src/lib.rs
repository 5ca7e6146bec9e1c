//! Byte streams to and from the containers of pods: exec, attach, port-forward, and copy.

mod clock;
#[allow(dead_code, reason = "exec and port-forward follow")]
mod error;
#[cfg(test)]
mod fake_server;
#[allow(dead_code, reason = "exec and port-forward follow")]
mod websocket;

pub use error::Error;
