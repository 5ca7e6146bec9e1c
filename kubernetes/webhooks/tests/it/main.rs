//! Webhooks as the API server calls them.

mod admission;
mod api_server;
mod certificates;
mod configuration;
mod conversion;
mod fuzz;
mod http;
mod http2;
mod limits;
mod managed;
mod metrics;
mod multi;
mod mutation;
mod reviews;
mod server;
mod support;
mod tls;
mod validation;
