//! Time limits of requests: of a single one, and of all requests of a client.
//!
//! ```text
//! cargo run --example dynamic_request_timeout
//! ```
#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use std::error::Error;
use std::time::Duration;

use kubernetes_sdk::Client;
use kubernetes_sdk::dynamic::Mapper;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (client, _server) = kubernetes_examples::connect(false)?;
    println!("{}", run(&client, "default", Duration::from_secs(5)).await?);
    // `Client::builder(config).request_timeout(Duration::from_secs(5))` limits every request of a client.
    Ok(())
}

pub(crate) async fn run(client: &Client, namespace: &str, limit: Duration) -> Result<String, Box<dyn Error>> {
    let config_maps = Mapper::new(client).resource("cm").await?.in_namespace(namespace);
    // Dropping the future of a request cancels it.
    Ok(match tokio::time::timeout(limit, config_maps.list().send(client)).await {
        Ok(list) => format!("{} config maps within {limit:?}", list?.items.len()),
        Err(_) => format!("no answer within {limit:?}"),
    })
}
