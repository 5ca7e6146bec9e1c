//! Prints what happens to pods until it is interrupted, against any kubeconfig.
//!
//! ```text
//! cargo run --example watch_pods -- --namespace kube-system --selector app=web
//! ```
#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use std::error::Error;

use clap::Parser;
use futures::TryStreamExt;
use kubernetes_sdk::api::core::v1 as core_v1;
use kubernetes_sdk::models::core::v1::Pod;
use kubernetes_sdk::watch::{Event, Watch};
use kubernetes_sdk::{Client, Config};

/// Prints what happens to pods.
#[derive(Parser)]
struct Arguments {
    /// The namespace to watch; all namespaces without it.
    #[arg(short, long)]
    namespace: Option<String>,
    /// A label selector, such as app=web.
    #[arg(short = 'l', long)]
    selector: Option<String>,
    /// The kubeconfig's context; its current one without it.
    #[arg(long)]
    context: Option<String>,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let client = match &arguments.context {
        Some(context) => {
            let kubeconfig = kubernetes_sdk::config::Kubeconfig::from_env()?;
            Client::new(Config::from_kubeconfig(&kubeconfig, Some(context))?)?
        }
        None => Client::from_env()?,
    };
    let mut request = match &arguments.namespace {
        Some(namespace) => core_v1::list_namespaced_pod(namespace),
        None => core_v1::list_pod_for_all_namespaces(),
    };
    if let Some(selector) = &arguments.selector {
        request = request.label_selector(selector);
    }

    // Without a resourceVersion the stream begins with the pods that exist.
    let mut events = Watch::new(&client).stream(request);
    let stop = events.stop_handle();
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            stop.stop();
        }
    });
    while let Some(event) = events.try_next().await? {
        match event {
            Event::Added(pod) => println!("+ {}", line(&pod)),
            Event::Modified(pod) => println!("~ {}", line(&pod)),
            Event::Deleted(pod) => println!("- {}", line(&pod)),
            Event::Bookmark(_) => {}
        }
    }
    Ok(())
}

fn line(pod: &Pod) -> String {
    let phase = pod.status.as_ref().and_then(|status| status.phase.as_ref()).map_or("Unknown", |phase| phase.as_str());
    format!("{}/{} {phase}", pod.namespace().unwrap_or_default(), pod.name())
}
