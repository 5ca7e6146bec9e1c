//! This SDK's API server in memory, as a process of its own.
//!
//! It writes a kubeconfig to the file that is named, and prints its port; with `--record`, also the number of requests
//! since the last such line for each line of its input.

mod scripts;

use std::error::Error;
use std::fs;
use std::io::BufRead as _;
use std::path::PathBuf;

use clap::Parser;
use kubernetes_testing::TestServer;

#[derive(Parser)]
struct Arguments {
    /// Where the kubeconfig is written to.
    kubeconfig: PathBuf,
    /// Record requests.
    #[arg(long)]
    record: bool,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let limits = if arguments.record { (100_000, usize::MAX) } else { (0, 0) };
    let server = TestServer::builder().record_limits(limits.0, limits.1).start().await?;
    scripts::add(&server)?;
    fs::write(&arguments.kubeconfig, server.kubeconfig())?;
    println!("{}", server.url().rsplit(':').next().unwrap_or_default());
    // Lines are few, and nothing else is to be done.
    for line in std::io::stdin().lock().lines() {
        line?;
        println!("{}", server.requests().len());
        server.forget_requests();
    }
    std::future::pending().await
}
