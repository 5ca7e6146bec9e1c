//! The server's behaviour, request by request.

mod custom;
mod faults;
mod fuzz;
mod limits;
mod lists;
mod managed_fields;
mod objects;
mod ports;
mod properties;
mod reviews;
mod shards;
mod spdy;
mod streams;
mod subresources;
mod support;
mod tables;
mod watches;
mod web_socket;
mod widgets;
mod writes;
