//! Dynamic objects, discovery and mapper as a program uses them.

mod cache;
mod discovery;
mod fuzz;
mod informer;
mod informer_failures;
mod invalidation;
mod mapper;
mod object;
mod requests;
mod script;
mod server;
