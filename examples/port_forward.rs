//! Forwards local ports to a pod, or to a pod of a Service or Deployment, until it is interrupted. Unlike
//! `kubectl port-forward`, it continues with another pod when the first one is gone.
//!
//! ```text
//! cargo run --example port_forward -- service/web 8080:http 8443:443
//! cargo run --example port_forward -- --get http://web:8080/healthz web-0
//! ```
//!
//! With `--embedded`, an API server in memory simulates a pod that answers HTTP requests.
#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use std::convert::Infallible;
use std::error::Error;

use bytes::Bytes;
use clap::Parser;
use http_body_util::{BodyExt, Empty, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response, Uri};
use hyper_util::rt::{TokioExecutor, TokioIo};
use kubernetes_sdk::Client;
use kubernetes_sdk::streams::port_forward::{ConnectionFailures, Phase, PortForwarder, PortMapping};
use kubernetes_sdk::utils::port_forward::{ServiceTarget, WorkloadTarget};
use kubernetes_testing::TestServer;

/// Forwards local ports to a pod.
#[derive(Parser)]
struct Arguments {
    #[arg(short, long, default_value = "default")]
    namespace: String,
    /// The local addresses to listen on.
    #[arg(long, default_value = "localhost")]
    address: Vec<String>,
    /// Prints the response to this request instead of listening.
    #[arg(long)]
    get: Option<Uri>,
    /// Uses an API server in memory instead of a cluster.
    #[arg(long)]
    embedded: bool,
    /// The name of a pod, or `service/NAME`, or `deployment/NAME`.
    target: String,
    /// As `8080:80`, `8080:http`, `80` or `:80`.
    ports: Vec<PortMapping>,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let Arguments { namespace, address, get, embedded, target, ports } = Arguments::parse();
    let (client, server) = kubernetes_examples::connect(embedded)?;
    if let Some(server) = &server {
        play(server, &namespace, &target)?;
    }
    let forwarder = forwarder(&client, &namespace, &target);
    if let Some(uri) = get {
        println!("{}", fetch(&forwarder, uri).await?);
        return Ok(());
    }
    tokio::spawn(report(forwarder.clone()));
    let addresses: Vec<&str> = address.iter().map(String::as_str).collect();
    forwarder.ready().await?;
    let listener = forwarder.listen(&addresses, &ports).await?;
    for binding in listener.bindings() {
        println!("Forwarding from {} to port {}", binding.local(), binding.remote());
    }
    tokio::select! {
        () = report_failures(listener.failures()) => Ok(()),
        interrupted = tokio::signal::ctrl_c() => Ok(interrupted?),
    }
}

/// Prints which connections have failed, and why.
async fn report_failures(mut failures: ConnectionFailures) {
    while let Some(failure) = failures.next().await {
        println!(
            "The connection of {} to port {} failed: {:#}",
            failure.client,
            failure.binding.remote(),
            failure.error
        );
    }
}

/// A forwarder to the target.
pub(crate) fn forwarder(client: &Client, namespace: &str, target: &str) -> PortForwarder {
    match target.split_once('/') {
        Some(("service" | "svc", name)) => PortForwarder::new(client, ServiceTarget::new(namespace, name)),
        Some(("deployment" | "deploy", name)) => {
            PortForwarder::new(client, WorkloadTarget::deployment(namespace, name))
        }
        Some((_, name)) => PortForwarder::to_pod(client, namespace, name),
        None => PortForwarder::to_pod(client, namespace, target),
    }
}

/// Sends an HTTP request to the pod, and returns the body of its response.
pub(crate) async fn fetch(forwarder: &PortForwarder, uri: Uri) -> Result<String, Box<dyn Error>> {
    let client = hyper_util::client::legacy::Client::builder(TokioExecutor::new());
    let client = client.build::<_, Empty<Bytes>>(forwarder.connector());
    let response = client.get(uri).await?;
    let body = response.into_body().collect().await?.to_bytes();
    Ok(String::from_utf8_lossy(&body).into_owned())
}

/// Prints the pod that connections go to, when it changes.
async fn report(forwarder: PortForwarder) {
    let mut states = forwarder.watch_state();
    while let Some(state) = states.changed().await {
        match state.phase() {
            Phase::Connected { pod, .. } => println!("Connected to pod {pod}"),
            Phase::Disconnected { error, .. } => println!("Disconnected: {error}"),
            _ => {}
        }
    }
}

/// Simulates a pod and a Service of its name on an API server in memory; the pod answers HTTP requests on every port.
pub(crate) fn play(server: &TestServer, namespace: &str, target: &str) -> Result<(), Box<dyn Error>> {
    let name = target.rsplit('/').next().unwrap_or(target);
    server.load_yaml(&format!(
        "{{apiVersion: v1, kind: Pod, metadata: {{name: {name}, namespace: {namespace}, labels: {{app: {name}}}}},
          spec: {{containers: [{{name: main, ports: [{{name: http, containerPort: 8080}}]}}]}}, status: {{phase: Running}}}}"
    ))?;
    server.load_yaml(&format!(
        "{{apiVersion: v1, kind: Service, metadata: {{name: {name}, namespace: {namespace}}},
          spec: {{selector: {{app: {name}}}, ports: [{{port: 80, targetPort: http}}]}}}}"
    ))?;
    server.on_port_forward(|pod, io| async move {
        let answer = service_fn(|request: Request<Incoming>| {
            let text = format!("{} on port {} got {}\n", pod.pod, pod.port, request.uri());
            async { Ok::<_, Infallible>(Response::new(Full::new(Bytes::from(text)))) }
        });
        let serving = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(io), answer);
        serving.await.map_err(|error| error.to_string())
    });
    Ok(())
}
