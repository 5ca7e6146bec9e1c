//! Byte streams to and from the containers of pods: exec, attach, port-forward, and copy.

mod clock;
#[allow(dead_code, reason = "exec and port-forward follow")]
mod error;
#[cfg(test)]
mod fake_server;
#[allow(dead_code, reason = "logs follow")]
mod pod;
pub mod port_forward;
mod spdy;
#[allow(dead_code, reason = "exec and port-forward follow")]
mod websocket;

pub use error::Error;

/// For the fuzz target of this name.
#[cfg(fuzzing)]
#[doc(hidden)]
pub fn check_spdy(input: &[u8]) {
    spdy::fuzz::check(input);
}
