//! Serves the API on a loopback port until it is interrupted, and prints the kubeconfig: for kubectl and other programs.
//!
//! ```text
//! cargo run -p kubernetes-testing --example serve > /tmp/kubeconfig &
//! kubectl --kubeconfig /tmp/kubeconfig run web --image=nginx
//! kubectl --kubeconfig /tmp/kubeconfig get pods
//! ```
#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use kubernetes_testing::TestServer;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let server = TestServer::start().await?;
    println!("{}", server.kubeconfig());
    tokio::signal::ctrl_c().await
}
