//! Calls admission webhooks over TLS and HTTP/1.1, as an API server calls those behind a Service: a connection for each
//! call in flight, which is kept.
//!
//! `certificate FOLDER` writes `ca.crt`, `tls.crt` and `tls.key`; `call FOLDER PORT PATH REVIEW COUNT IN_FLIGHT` sends a
//! review so often, and prints the seconds that it took, and those of the median and the 99th percentile.

use std::error::Error;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["certificate", folder] => write_certificate(Path::new(folder)),
        ["call", folder, port, path, review, count, in_flight] => {
            let mut senders = Vec::new();
            for _ in 0..in_flight.parse()? {
                senders.push(connect(Path::new(folder), port.parse()?).await?);
            }
            let body = Bytes::from(fs::read(review)?);
            println!("{}", call(senders, path, body, count.parse()?).await?);
            Ok(())
        }
        _ => Err("arguments: certificate FOLDER | call FOLDER PORT PATH REVIEW COUNT IN_FLIGHT".into()),
    }
}

fn write_certificate(folder: &Path) -> Result<()> {
    let (authority_key, mut authority) = (KeyPair::generate()?, CertificateParams::default());
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root = authority.self_signed(&authority_key)?;
    let key = KeyPair::generate()?;
    let params = CertificateParams::new(["localhost".to_owned()])?;
    let certificate = params.signed_by(&key, &Issuer::new(authority, authority_key))?;
    fs::create_dir_all(folder)?;
    fs::write(folder.join("ca.crt"), root.pem())?;
    fs::write(folder.join("tls.crt"), certificate.pem())?;
    fs::write(folder.join("tls.key"), key.serialize_pem())?;
    Ok(())
}

/// A connection, as soon as the server listens.
async fn connect(folder: &Path, port: u16) -> Result<SendRequest<Full<Bytes>>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(&fs::read(folder.join("ca.crt"))?)?)?;
    let mut config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let start = Instant::now();
    let stream = loop {
        match TcpStream::connect(("127.0.0.1", port)).await {
            Ok(stream) => break stream,
            Err(error) if start.elapsed() > Duration::from_secs(10) => return Err(error.into()),
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    };
    stream.set_nodelay(true)?;
    let stream = TlsConnector::from(Arc::new(config)).connect(ServerName::try_from("localhost")?, stream).await?;
    // A Go server that only names HTTP/2 speaks HTTP/1.1 with such a client, and names no protocol (golang/go#46310).
    if !matches!(stream.get_ref().1.alpn_protocol(), None | Some(b"http/1.1")) {
        return Err("the server does not speak HTTP/1.1".into());
    }
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(sender)
}

/// Sends the review `count` times, one at a time by each connection.
async fn call(senders: Vec<SendRequest<Full<Bytes>>>, path: &str, body: Bytes, count: usize) -> Result<Value> {
    let uri = format!("{path}?timeout=10s");
    let (started, mut callers) = (Arc::new(AtomicUsize::new(0)), Vec::new());
    let start = Instant::now();
    for mut sender in senders {
        let (uri, body, started) = (uri.clone(), body.clone(), Arc::clone(&started));
        callers.push(tokio::spawn(async move {
            let mut times = Vec::new();
            while started.fetch_add(1, Ordering::Relaxed) < count {
                let request =
                    Request::post(&uri).header("host", "localhost").header("content-type", "application/json");
                sender.ready().await?;
                let (request, begin) = (request.body(Full::new(body.clone()))?, Instant::now());
                let answer = sender.send_request(request).await?.into_body().collect().await?.to_bytes();
                times.push(begin.elapsed().as_secs_f64());
                let review: Value = serde_json::from_slice(&answer)?;
                if review["response"]["allowed"] != true {
                    return Err(format!("refused: {review}").into());
                }
            }
            Result::Ok(times)
        }));
    }
    let mut times = Vec::new();
    for caller in callers {
        times.extend(caller.await??);
    }
    let wall = start.elapsed().as_secs_f64();
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times.get(((times.len() as f64 - 1.0) * share) as usize).copied().unwrap_or(f64::NAN);
    Ok(json!({"wall": wall, "p50": at(0.5), "p99": at(0.99)}))
}
