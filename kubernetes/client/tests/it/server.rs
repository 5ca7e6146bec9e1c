//! HTTP servers that a test scripts and looks into.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::{StreamExt, stream};
use http::{HeaderMap, Request, Response, Version};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

use crate::certificates::{Authority, Signed};

pub(crate) type Answer = Response<UnsyncBoxBody<Bytes, Infallible>>;
type Handler = Arc<dyn Fn(Request<Incoming>) -> Pin<Box<dyn Future<Output = Answer> + Send>> + Send + Sync>;

/// A server that ends with the test.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    record: Arc<Record>,
    accepting: AbortHandle,
}

#[derive(Default)]
struct Record {
    connections: AtomicUsize,
    open: AtomicUsize,
    requests: Mutex<Vec<Seen>>,
    peers: Mutex<Vec<Option<CertificateDer<'static>>>>,
}

/// A request as a server saw it.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) target: String,
    pub(crate) version: Version,
    pub(crate) headers: HeaderMap,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

impl Server {
    /// Without TLS.
    pub(crate) async fn plain<F>(handler: impl Fn(Request<Incoming>) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Answer> + Send + 'static,
    {
        Self::start(None, handler).await
    }

    pub(crate) async fn tls<F>(
        config: ServerConfig,
        handler: impl Fn(Request<Incoming>) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Answer> + Send + 'static,
    {
        Self::start(Some(TlsAcceptor::from(Arc::new(config))), handler).await
    }

    async fn start<F>(
        tls: Option<TlsAcceptor>,
        handler: impl Fn(Request<Incoming>) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Answer> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let record = Arc::new(Record::default());
        let handler: Handler = Arc::new(move |request| Box::pin(handler(request)));
        let accepting = tokio::spawn(accept(listener, tls, Arc::clone(&record), handler)).abort_handle();
        Self { address, record, accepting }
    }

    pub(crate) fn url(&self, scheme: &str) -> String {
        format!("{scheme}://{}", self.address)
    }

    /// How many connections were made, TLS included.
    pub(crate) fn connections(&self) -> usize {
        self.record.connections.load(Ordering::SeqCst)
    }

    /// How many of them are open.
    pub(crate) fn open_connections(&self) -> usize {
        self.record.open.load(Ordering::SeqCst)
    }

    pub(crate) fn requests(&self) -> Vec<Seen> {
        self.record.requests.lock().unwrap().clone()
    }

    /// The client certificates of the connections.
    pub(crate) fn peers(&self) -> Vec<Option<CertificateDer<'static>>> {
        self.record.peers.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, tls: Option<TlsAcceptor>, record: Arc<Record>, handler: Handler) {
    // Ends the connections with the server.
    let mut connections = JoinSet::new();
    loop {
        let (socket, _) = listener.accept().await.unwrap();
        let (tls, record, handler) = (tls.clone(), Arc::clone(&record), Arc::clone(&handler));
        connections.spawn(async move {
            let Some(tls) = tls else { return serve(socket, record, handler).await };
            // A handshake that fails is for the client to tell.
            let Ok(socket) = tls.accept(socket).await else { return };
            let peer = socket.get_ref().1.peer_certificates().and_then(|chain| chain.first()).cloned();
            record.peers.lock().unwrap().push(peer.map(CertificateDer::into_owned));
            serve(socket, record, handler).await;
        });
    }
}

async fn serve<S: AsyncRead + AsyncWrite + Send + Unpin + 'static>(socket: S, record: Arc<Record>, handler: Handler) {
    record.connections.fetch_add(1, Ordering::SeqCst);
    record.open.fetch_add(1, Ordering::SeqCst);
    let connection = Arc::clone(&record);
    let service = service_fn(move |request: Request<Incoming>| {
        record.requests.lock().unwrap().push(Seen {
            target: request.uri().path_and_query().unwrap().to_string(),
            version: request.version(),
            headers: request.headers().clone(),
        });
        let answer = handler(request);
        async move { Ok::<_, Infallible>(answer.await) }
    });
    // A client that goes away is not a failure of the server.
    let _ =
        auto::Builder::new(TokioExecutor::new()).serve_connection_with_upgrades(TokioIo::new(socket), service).await;
    connection.open.fetch_sub(1, Ordering::SeqCst);
}

/// The cryptography that the client has been built with.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    #[cfg(feature = "aws-lc-rs")]
    return Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    #[cfg(not(feature = "aws-lc-rs"))]
    return Arc::new(rustls::crypto::ring::default_provider());
}

/// A server's side of TLS; `clients` is whose certificates it asks for.
pub(crate) fn tls_config(signed: &Signed, alpn: &[&str], clients: Option<&Authority>) -> ServerConfig {
    let provider = provider();
    let builder =
        ServerConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions().unwrap();
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(authority) => {
            let mut roots = RootCertStore::empty();
            roots.add(authority.der.clone()).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
            builder.with_client_cert_verifier(verifier)
        }
    };
    let mut config = builder.with_single_cert(vec![signed.der.clone()], signed.key_der()).unwrap();
    config.alpn_protocols = alpn.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
    config
}

pub(crate) fn answer(code: u16, body: impl Into<Bytes>) -> Answer {
    let mut response = Response::new(Full::new(body.into()).boxed_unsync());
    *response.status_mut() = http::StatusCode::from_u16(code).unwrap();
    response
}

/// Answers every request with a text.
pub(crate) async fn hello(_: Request<Incoming>) -> Answer {
    answer(200, "hello")
}

/// A response whose chunks the test sends one by one; the sender closes when the server drops the body.
pub(crate) fn streamed() -> (mpsc::Sender<&'static str>, Answer) {
    let (sender, receiver) = mpsc::channel::<&'static str>(1);
    let chunks = stream::unfold(receiver, |mut receiver| async move { Some((receiver.recv().await?, receiver)) });
    let frames = chunks.map(|chunk| Ok(Frame::data(Bytes::from_static(chunk.as_bytes()))));
    (sender, Response::new(StreamBody::new(frames).boxed_unsync()))
}

/// Answers each request with a [streamed] response, whose sender the test receives.
pub(crate) fn streaming() -> (
    mpsc::Receiver<mpsc::Sender<&'static str>>,
    impl Fn(Request<Incoming>) -> BoxFuture<'static, Answer> + Send + Sync + 'static,
) {
    let (senders, opened) = mpsc::channel(1);
    let handler = move |_| -> BoxFuture<'static, Answer> {
        let senders = senders.clone();
        Box::pin(async move {
            let (sender, response) = streamed();
            senders.send(sender).await.unwrap();
            response
        })
    };
    (opened, handler)
}
