//! What the server does, request by request.

mod faults;
mod lists;
mod objects;
mod ports;
mod properties;
mod support;
mod watches;
mod writes;
