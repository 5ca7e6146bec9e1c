//! An API server that answers every request over TLS with the same small object.
//!
//! It writes a kubeconfig to the file that is named, and prints its port. Like the API server, it speaks HTTP/2 to those
//! who ask for it, else HTTP/1.1.

use std::convert::Infallible;
use std::error::Error;
use std::fs;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use clap::Parser;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// As the API server answers for `client_ours`' config map.
const OBJECT: &[u8] = br#"{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"settings","namespace":"default","uid":"5b2c1a3e-4a0e-4b6e-9d0a-2f6b7c8d9e0f","resourceVersion":"4711","creationTimestamp":"2026-11-23T04:00:00Z","labels":{"app":"bench"},"managedFields":[{"manager":"bench","operation":"Update","apiVersion":"v1","time":"2026-11-23T04:00:00Z","fieldsType":"FieldsV1","fieldsV1":{"f:data":{".":{},"f:color":{},"f:mode":{}},"f:metadata":{"f:labels":{".":{},"f:app":{}}}}}]},"data":{"color":"blue","mode":"fast"}}"#;

#[derive(Parser)]
struct Arguments {
    /// Where the kubeconfig is written to.
    kubeconfig: PathBuf,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let certified = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()])?;
    let key = PrivateKeyDer::try_from(certified.signing_key.serialize_der())?;
    let mut tls =
        ServerConfig::builder().with_no_client_auth().with_single_cert(vec![certified.cert.der().clone()], key)?;
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(tls));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let port = listener.local_addr()?.port();
    let certificate = arguments.kubeconfig.with_extension("pem");
    fs::write(&certificate, certified.cert.pem())?;
    fs::write(&arguments.kubeconfig, kubeconfig(port, &certificate))?;
    println!("{port}");
    loop {
        let (socket, _) = listener.accept().await?;
        socket.set_nodelay(true)?;
        let acceptor = acceptor.clone();
        tokio::spawn(async move {
            // A client may disconnect at any time.
            if let Ok(socket) = acceptor.accept(socket).await {
                let connection = auto::Builder::new(TokioExecutor::new());
                _ = connection.serve_connection(TokioIo::new(socket), service_fn(answer)).await;
            }
        });
    }
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let status = if request.method() == Method::POST { 201 } else { 200 };
    // Requests that could not be read are ignored.
    _ = request.into_body().collect().await;
    let response = Response::builder().status(status).header("content-type", "application/json");
    Ok(response.body(Full::new(Bytes::from_static(OBJECT))).expect("a response of constants"))
}

fn kubeconfig(port: u16, certificate: &std::path::Path) -> String {
    let certificate = certificate.display();
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: bench\n\
         clusters: [{{name: bench, cluster: {{server: \"https://127.0.0.1:{port}\", certificate-authority: \"{certificate}\"}}}}]\n\
         contexts: [{{name: bench, context: {{cluster: bench, user: bench}}}}]\n\
         users: [{{name: bench, user: {{}}}}]\n"
    )
}
