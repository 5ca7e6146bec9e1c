//! Streams against the testing server, in process and on a port.

mod attach;
mod chaos;
#[cfg(unix)]
mod copy;
mod exec;
mod fuzz;
mod logs;
mod outputs;
mod port_forward;
mod silence;
mod support;
