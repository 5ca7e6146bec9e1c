//! What the server does, request by request.

mod faults;
mod lists;
mod objects;
mod ports;
mod support;
mod watches;
mod writes;
