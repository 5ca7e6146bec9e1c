//! Applies a file or a folder of manifests, and waits until all objects are current.
//!
//! ```text
//! cargo run --example apply_files -- deploy/
//! ```
#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use std::error::Error;
use std::path::Path;
use std::time::Duration;

use kubernetes_sdk::Client;
use kubernetes_sdk::utils::manifests::Manifests;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (client, _server) = kubernetes_examples::connect(false)?;
    let path = std::env::args().nth(1).ok_or("expected a file or a folder")?;
    for line in run(&client, path.as_ref()).await? {
        println!("{line}");
    }
    Ok(())
}

pub(crate) async fn run(client: &Client, path: &Path) -> Result<Vec<String>, Box<dyn Error>> {
    let manifests = Manifests::from_path(path)?;
    let report = manifests.apply("apply-files").skip_unchanged(true).send(client).await?;
    report.check()?;
    report.wait_until_current(client, Duration::from_secs(300)).await?;
    Ok(report.iter().map(ToString::to_string).collect())
}
