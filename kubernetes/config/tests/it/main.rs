//! Which configuration a file or environment leads to, and which error.

mod contexts;
mod environment;
mod fuzz_check;
mod fuzz_corpus;
mod hostile;
mod hosts;
mod overrides;
mod plugins;
mod proxies;
mod refused;
mod store;
mod support;
mod table;
mod yaml;
