//! Creates or updates objects by server-side apply, without reading them first; it can run again at any time.
//!
//! ```text
//! cargo run --example apply
//! ```
#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use kubernetes_sdk::api::core::v1 as core_v1;
use kubernetes_sdk::core::ApplyRequest;
use kubernetes_sdk::models::core::v1::ConfigMap;
use kubernetes_sdk::{Client, Error};

const MANAGER: &str = "apply-example";

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (client, _server) = kubernetes_examples::connect(false)?;
    let settings = apply(&client, "default", "fast").await?;
    println!("version {}, managed by {:?}", settings.metadata.resource_version.as_deref().unwrap_or_default(), MANAGER);
    Ok(())
}

pub(crate) async fn apply(client: &Client, namespace: &str, mode: &str) -> Result<ConfigMap, Error> {
    let settings = ConfigMap::named("settings").with_data([("mode", mode)]);
    match ApplyRequest::namespaced(namespace, &settings, MANAGER).send(client).await {
        // Another manager owns the field and has set another mode.
        Err(conflict) if conflict.is_conflict() => {
            println!("{conflict}");
            let theirs = core_v1::read_namespaced_config_map(namespace, "settings").send(client).await?;
            println!("it is {:?}, and must be {mode:?}", theirs.data.get("mode"));
            ApplyRequest::namespaced(namespace, &settings, MANAGER).force(true).send(client).await
        }
        result => result,
    }
}
