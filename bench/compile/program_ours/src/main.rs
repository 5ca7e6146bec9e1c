//! Prints the pods of a namespace, and then what happens to them.

use futures::TryStreamExt;
use kubernetes_sdk::Client;
use kubernetes_sdk::api::core::v1 as core_v1;
use kubernetes_sdk::watch::{Event, Watch};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = Client::from_env()?;
    let pods = core_v1::list_namespaced_pod("default").send(&client).await?;
    for pod in &pods.items {
        println!("{}", pod.name());
    }
    let mut events = Watch::new(&client).stream(core_v1::list_namespaced_pod("default").since(&pods));
    while let Some(event) = events.try_next().await? {
        match event {
            Event::Added(pod) | Event::Modified(pod) => println!("~ {}", pod.name()),
            Event::Deleted(pod) => println!("- {}", pod.name()),
            Event::Bookmark(_) => {}
        }
    }
    Ok(())
}
