//! Copies files and folders to and from a container, as `kubectl cp` does.
//!
//! ```text
//! cargo run --example copy -- ./site shop/web:/usr/share/nginx/html
//! cargo run --example copy -- --retries 5 shop/web:/var/log/nginx ./logs
//! ```
#![cfg(unix)]
#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use std::error::Error;

use clap::Parser;
use kubernetes_sdk::Client;
use kubernetes_sdk::streams::{Copied, Download, Upload};

/// Copies files and folders to and from a container.
#[derive(Parser)]
struct Arguments {
    /// A local path, or a path in a container: [NAMESPACE/]POD:PATH
    source: String,
    target: String,
    /// The container; by default, the one that kubectl would choose.
    #[arg(short, long)]
    container: Option<String>,
    /// How often a download is resumed after its connection was lost.
    #[arg(long, default_value_t = 0)]
    retries: u32,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let (client, _server) = kubernetes_examples::connect(false)?;
    let copied = copy(&client, &arguments.source, &arguments.target, arguments.container, arguments.retries).await?;
    println!("{} files, {} folders, {} bytes", copied.files, copied.directories, copied.bytes);
    if copied.skipped > 0 {
        println!("left out {} devices, pipes and sockets", copied.skipped);
    }
    Ok(())
}

/// Copies to or from a container, depending on which path is in one.
pub(crate) async fn copy(
    client: &Client,
    source: &str,
    target: &str,
    container: Option<String>,
    retries: u32,
) -> Result<Copied, Box<dyn Error>> {
    match (remote(source), remote(target)) {
        (None, Some((namespace, pod, path))) => {
            let mut upload = Upload::new(namespace, pod, source, path).default_container();
            if let Some(container) = container {
                upload = upload.container(container);
            }
            Ok(upload.send(client).await?)
        }
        (Some((namespace, pod, path)), None) => {
            let mut download = Download::new(namespace, pod, path, target).default_container().retries(retries);
            if let Some(container) = container {
                download = download.container(container);
            }
            Ok(download.send(client).await?)
        }
        _ => Err("one of the paths has to be in a container: [NAMESPACE/]POD:PATH".into()),
    }
}

/// The namespace, pod and path of `[NAMESPACE/]POD:PATH`, or `None` for a local path such as `./a:b`.
fn remote(path: &str) -> Option<(&str, &str, &str)> {
    let (pod, path) = path.split_once(':')?;
    let (namespace, pod) = pod.split_once('/').unwrap_or(("default", pod));
    let is_name =
        |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte));
    (is_name(namespace) && is_name(pod) && !namespace.starts_with('.')).then_some((namespace, pod, path))
}
