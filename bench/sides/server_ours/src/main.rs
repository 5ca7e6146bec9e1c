//! This SDK's API server in memory, as a process of its own.
//!
//! It writes a kubeconfig to the file that is named, and prints its port.

use std::error::Error;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

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
    let server = TestServer::start().await?;
    fs::write(&arguments.kubeconfig, server.kubeconfig())?;
    println!("{}", server.url().rsplit(':').next().unwrap_or_default());
    loop {
        tokio::time::sleep(Duration::from_secs(1)).await;
        // They are kept for assertions, of which there are none here.
        server.forget_requests();
    }
}
