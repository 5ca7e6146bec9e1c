//! Prints changes of pods until it is interrupted.
//!
//! ```text
//! cargo run --example watch_pods -- --namespace kube-system --selector app=web
//! ```
//!
//! Without a kubeconfig, and with `--embedded`, it runs against an API server in memory.
#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use std::error::Error;
use std::time::Duration;

use clap::Parser;
use futures::TryStreamExt;
use kubernetes_sdk::api::core::v1 as core_v1;
use kubernetes_sdk::models::core::v1::{Pod, PodStatus};
use kubernetes_sdk::watch::{Event, Watch, WatchStream};
use kubernetes_sdk::{Client, Config};

/// Prints changes of pods.
#[derive(Parser)]
struct Arguments {
    /// The namespace to watch; by default, all namespaces.
    #[arg(short, long)]
    namespace: Option<String>,
    /// A label selector, such as app=web.
    #[arg(short = 'l', long)]
    selector: Option<String>,
    /// The kubeconfig's context; by default, the current one.
    #[arg(long)]
    context: Option<String>,
    /// Uses an API server in memory instead of a cluster, where a pod is created, changed or deleted each second.
    #[arg(long, conflicts_with = "context")]
    embedded: bool,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // The SDK logs with `tracing`: without a subscriber, retries and failures of watches stay invisible.
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let arguments = Arguments::parse();
    let (client, server) = match &arguments.context {
        Some(context) => {
            let kubeconfig = kubernetes_sdk::config::Kubeconfig::from_env()?;
            (Client::new(Config::from_kubeconfig(&kubeconfig, Some(context))?)?, None)
        }
        None => kubernetes_examples::connect(arguments.embedded)?,
    };
    if let Some(server) = &server {
        tokio::spawn(change_pods(server.client()));
    }
    let mut request = match &arguments.namespace {
        Some(namespace) => core_v1::list_namespaced_pod(namespace),
        None => core_v1::list_pod_for_all_namespaces(),
    };
    if let Some(selector) = &arguments.selector {
        request = request.label_selector(selector);
    }

    // Without a resourceVersion, the stream begins with the existing pods.
    let events = Watch::new(&client).stream(request);
    let stop = events.stop_handle();
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            stop.stop();
        }
    });
    show(events, |line| println!("{line}")).await?;
    Ok(())
}

/// Calls `print` with a line for each event, until the stream ends.
pub(crate) async fn show(
    mut events: WatchStream<Pod>,
    mut print: impl FnMut(String),
) -> Result<(), kubernetes_sdk::watch::Error> {
    while let Some(event) = events.try_next().await? {
        match event {
            Event::Added(pod) => print(format!("+ {}", line(&pod))),
            Event::Modified(pod) => print(format!("~ {}", line(&pod))),
            Event::Deleted(pod) => print(format!("- {}", line(&pod))),
            Event::Bookmark(_) => {}
        }
    }
    Ok(())
}

/// Creates, starts and deletes one pod after the other, one step a second.
pub(crate) async fn change_pods(client: Client) -> Result<(), kubernetes_sdk::Error> {
    let mut seconds = tokio::time::interval(Duration::from_secs(1));
    for number in 1.. {
        let name = format!("pod-{number}");
        seconds.tick().await;
        let mut pod = core_v1::create_namespaced_pod("default", &Pod::named(&*name)).send(&client).await?;
        seconds.tick().await;
        pod.status = Some(PodStatus { phase: Some("Running".into()), ..PodStatus::default() }.into());
        core_v1::replace_namespaced_pod_status("default", &name, &pod).send(&client).await?;
        seconds.tick().await;
        core_v1::delete_namespaced_pod("default", &name).send(&client).await?;
    }
    Ok(())
}

fn line(pod: &Pod) -> String {
    let phase = pod.status.as_ref().and_then(|status| status.phase.as_ref()).map_or("Unknown", |phase| phase.as_str());
    format!("{}/{} {phase}", pod.namespace().unwrap_or_default(), pod.name())
}
