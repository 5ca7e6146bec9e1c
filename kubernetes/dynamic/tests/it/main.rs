//! Dynamic objects, discovery and mapper as a program uses them.

mod cache;
mod discovery;
mod mapper;
mod object;
mod requests;
mod script;
mod server;
