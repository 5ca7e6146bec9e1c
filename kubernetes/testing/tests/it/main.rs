//! The server's behaviour, request by request.

mod custom;
mod faults;
mod fuzz;
mod lists;
mod objects;
mod ports;
mod properties;
mod shards;
mod subresources;
mod support;
mod tables;
mod watches;
mod writes;
