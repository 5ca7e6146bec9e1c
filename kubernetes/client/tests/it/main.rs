//! The client against servers in the test's own process, on 127.0.0.1, and against injected services.

mod authorization;
mod bodies;
mod certificates;
mod companions;
mod compression;
mod connections;
#[cfg(feature = "cbor")]
mod content;
mod errors;
mod exec;
mod exec_processes;
mod fakes;
mod hooks;
mod hostile;
mod http2;
mod observation;
mod oidc;
mod proxies;
mod redirects;
mod retries;
mod retry;
mod rotation;
mod server;
mod services;
mod timeouts;
mod tls;
mod upgrades;

use std::time::Duration;

use kubernetes_client::{Client, Error};
use kubernetes_config::Config;
use kubernetes_core::json::DecodeError;
use kubernetes_core::{Encoded, Execute, Path, Request};

/// A request for what is at a path.
fn get(path: &str) -> Request {
    Request::new(http::Method::GET, Path::new(path, &[]))
}

/// Takes a body as it is.
fn raw(answer: &Encoded) -> Result<Vec<u8>, DecodeError> {
    Ok(answer.bytes().to_vec())
}

/// Gets what is at `/version`, as text.
async fn fetch(client: &Client) -> Result<String, Error> {
    let bytes = client.execute(get("/version"), raw).await?;
    Ok(String::from_utf8(bytes).expect("the test's servers answer in UTF-8"))
}

fn config(server: &str) -> Config {
    Config::new(server.parse().expect("the test gives a URL"))
}

/// All levels of an error, as a program shows them.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        text = format!("{text}: {error}");
        next = error.source();
    }
    text
}

/// Moves the clock. It runs by itself otherwise, as sockets need it to.
async fn pass(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}
