//! This SDK's API server in memory, as a process of its own.
//!
//! It writes a kubeconfig to the file that is named, and prints its port.

mod scripts;

use std::error::Error;
use std::fs;
use std::path::PathBuf;

use clap::Parser;
use kubernetes_testing::TestServer;

#[derive(Parser)]
struct Arguments {
    /// Where the kubeconfig is written to.
    kubeconfig: PathBuf,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    // Requests are recorded for assertions, of which there are none here.
    let server = TestServer::builder().record_limits(0, 0).start().await?;
    scripts::add(&server)?;
    fs::write(&arguments.kubeconfig, server.kubeconfig())?;
    println!("{}", server.url().rsplit(':').next().unwrap_or_default());
    std::future::pending().await
}
