//! Streams to and from containers, against the testing server.

mod port_forward;
