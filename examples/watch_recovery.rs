//! Watches objects of any kind, and continues after every failure: from the last version, or with a new list when the
//! server has forgotten that version.
//!
//! ```text
//! cargo run --example watch_recovery -- configmaps
//! ```
#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use std::error::Error;

use futures::TryStreamExt;
use kubernetes_sdk::Client;
use kubernetes_sdk::dynamic::Mapper;
use kubernetes_sdk::watch::{Change, Reflector, Watch};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (client, _server) = kubernetes_examples::connect(false)?;
    let name = std::env::args().nth(1).unwrap_or_else(|| "configmaps".to_owned());
    follow(&client, &name, |line| {
        println!("{line}");
        true
    })
    .await
}

/// Calls `show` for every change of a resource, until it returns false.
pub(crate) async fn follow(
    client: &Client,
    name: &str,
    mut show: impl FnMut(String) -> bool,
) -> Result<(), Box<dyn Error>> {
    let resource = Mapper::new(client).resource(name).await?;
    let watch = Watch::new(client).observe(|transition| eprintln!("({})", transition.reason()));
    let mut changes = Reflector::from(watch).stream(resource.all_namespaces().list());
    while let Some(change) = changes.try_next().await? {
        let line = match change {
            Change::RestartBegin => "what exists:".to_owned(),
            Change::Applied(object) => {
                format!("~ {} at {}", object.name(), object.metadata.resource_version.as_deref().unwrap_or_default())
            }
            Change::Deleted(object) => format!("- {}", object.name()),
            Change::RestartEnd => "that was all".to_owned(),
            Change::Bookmark(_) => continue,
        };
        if !show(line) {
            break;
        }
    }
    Ok(())
}
