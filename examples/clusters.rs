//! Ways to connect to a cluster: every context of the kubeconfig, one by name, a server with a token, and from a pod.
//!
//! ```text
//! cargo run --example clusters                                   # all contexts, side by side
//! cargo run --example clusters -- --context staging
//! TOKEN=… cargo run --example clusters -- --server https://10.0.0.1:6443 --ca ca.crt
//! cargo run --example clusters -- --in-cluster
//! ```
#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use std::error::Error;
use std::path::PathBuf;

use clap::Parser;
use kubernetes_sdk::api::core::v1 as core_v1;
use kubernetes_sdk::config::{Credentials, Environment, Kubeconfig, Secret};
use kubernetes_sdk::{Client, Config};

#[derive(Parser)]
pub(crate) struct Cli {
    /// A context of the kubeconfig; by default, all of them.
    #[arg(long)]
    context: Option<String>,
    /// The URL of a server that is not in the kubeconfig; $TOKEN has its token.
    #[arg(long, conflicts_with = "context")]
    server: Option<String>,
    /// The certificate authority of that server.
    #[arg(long, requires = "server")]
    ca: Option<PathBuf>,
    /// Use the service account of the pod that this runs in.
    #[arg(long, conflicts_with_all = ["context", "server"])]
    in_cluster: bool,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let token = std::env::var("TOKEN").ok().map(Secret::new);
    for (name, config) in configs(&Cli::parse(), token, &Environment::from_process())? {
        match count_pods(config).await {
            Ok(count) => println!("{name}: {count} pods"),
            Err(error) => println!("{name}: {error}"),
        }
    }
    Ok(())
}

/// The requested configurations, with their names.
pub(crate) fn configs(
    cli: &Cli,
    token: Option<Secret>,
    environment: &Environment,
) -> Result<Vec<(String, Config)>, Box<dyn Error>> {
    if cli.in_cluster {
        return Ok(vec![("the pod's cluster".to_owned(), Config::from_cluster()?)]);
    }
    if let Some(server) = &cli.server {
        let mut config = Config::new(server.parse()?);
        config.certificate_authority = cli.ca.as_ref().map(std::fs::read).transpose()?;
        config.credentials = token.map_or(Credentials::None, Credentials::Token);
        return Ok(vec![(server.clone(), config)]);
    }
    let kubeconfig = Kubeconfig::from_environment(environment)?;
    let names: Vec<&str> = match &cli.context {
        Some(context) => vec![context],
        None => kubeconfig.contexts().collect(),
    };
    names.into_iter().map(|name| Ok((name.to_owned(), Config::from_kubeconfig(&kubeconfig, Some(name))?))).collect()
}

/// Counts with a client of its own, since clients of different clusters share nothing.
pub(crate) async fn count_pods(config: Config) -> Result<usize, Box<dyn Error>> {
    let client = Client::new(config)?;
    Ok(core_v1::list_pod_for_all_namespaces().send(&client).await?.items.len())
}
