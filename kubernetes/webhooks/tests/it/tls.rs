//! CAs, certificates, and clients that trust them.

use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use kubernetes_client::support::{provider, time_provider};
use kubernetes_webhooks::{ServeError, WebhookServer};
use rcgen::{BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;

type BoxError = Box<dyn Error + Send + Sync>;

/// The certificate authority of a test.
pub(crate) struct Ca {
    certificate: rcgen::Certificate,
    params: CertificateParams,
    key: KeyPair,
}

pub(crate) fn ca() -> Ca {
    let key = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, format!("CA {:?}", key.public_key_raw()[5]));
    let certificate = params.self_signed(&key).expect("a certificate");
    Ca { certificate, params, key }
}

impl Ca {
    pub(crate) fn pem(&self) -> String {
        self.certificate.pem()
    }

    pub(crate) fn issuer(&self) -> Issuer<'_, &KeyPair> {
        Issuer::from_params(&self.params, &self.key)
    }
}

/// A certificate and its key, as PEM.
pub(crate) fn certificate(ca: &Ca, name: &str) -> (Vec<u8>, Vec<u8>) {
    let key = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::new([name.replace(':', "-")]).expect("a name");
    params.distinguished_name.push(DnType::CommonName, name);
    let certificate = params.signed_by(&key, &ca.issuer()).expect("a certificate");
    (certificate.pem().into_bytes(), key.serialize_pem().into_bytes())
}

/// A server that runs until it is dropped.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<Result<(), ServeError>>,
}

impl Running {
    pub(crate) async fn stop(self) {
        let _ = self.stop.send(());
        self.task.await.expect("no panic").expect("the server can serve");
    }
}

pub(crate) async fn start(server: &WebhookServer) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let (address, (stop, stopped), server) =
        (listener.local_addr().expect("an address"), oneshot::channel::<()>(), server.clone());
    let shutdown = async { stopped.await.unwrap_or_default() };
    Running { address, stop, task: tokio::spawn(async move { server.serve(listener, shutdown).await }) }
}

/// A connection as the API server opens one.
pub(crate) enum Connection {
    Http1(http1::SendRequest<Full<Bytes>>),
    Http2(http2::SendRequest<Full<Bytes>>),
}

impl Connection {
    pub(crate) async fn open(
        address: SocketAddr,
        cas: impl AsRef<[u8]>,
        is_http2: bool,
        identity: Option<(Vec<u8>, Vec<u8>)>,
    ) -> Result<Self, BoxError> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(cas.as_ref()) {
            roots.add(certificate?)?;
        }
        let config = ClientConfig::builder_with_details(Arc::new(provider()?), time_provider())
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots);
        let mut config = match identity {
            None => config.with_no_client_auth(),
            Some((certificate, key)) => {
                let chain = CertificateDer::pem_slice_iter(&certificate).collect::<Result<Vec<_>, _>>()?;
                config.with_client_auth_cert(chain, PrivateKeyDer::from_pem_slice(&key)?)?
            }
        };
        config.alpn_protocols = vec![if is_http2 { b"h2".to_vec() } else { b"http/1.1".to_vec() }];
        let stream = TcpStream::connect(address).await?;
        let name = ServerName::try_from("localhost")?;
        let stream = TokioIo::new(TlsConnector::from(Arc::new(config)).connect(name, stream).await?);
        match is_http2 {
            true => {
                let (sender, connection) = http2::handshake(TokioExecutor::new(), stream).await?;
                tokio::spawn(connection);
                Ok(Self::Http2(sender))
            }
            false => {
                let (sender, connection) = http1::handshake(stream).await?;
                tokio::spawn(connection);
                Ok(Self::Http1(sender))
            }
        }
    }

    pub(crate) async fn post(&mut self, path: &str, body: Vec<u8>) -> Result<Response<Incoming>, hyper::Error> {
        let (uri, json) = (format!("https://localhost{path}"), "application/json");
        let request = Request::post(uri).header("host", "localhost").header("content-type", json);
        let request = request.body(Full::from(body)).expect("a request");
        match self {
            Self::Http1(sender) => {
                sender.ready().await?;
                sender.send_request(request).await
            }
            Self::Http2(sender) => sender.send_request(request).await,
        }
    }
}
