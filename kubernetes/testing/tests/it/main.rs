//! What the server does, request by request.

mod faults;
mod lists;
mod objects;
mod ports;
mod properties;
mod shards;
mod support;
mod watches;
mod writes;
