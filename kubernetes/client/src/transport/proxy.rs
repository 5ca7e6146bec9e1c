//! Connections through a proxy, and direct ones.

use std::convert::Infallible;
use std::fmt;
use std::future::{Future, Ready, poll_fn, ready};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::header::{HOST, PROXY_AUTHORIZATION};
use http::uri::{Authority, Scheme};
use http::{HeaderValue, Method, Request, StatusCode, Uri};
use hyper::client::conn::http1;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_rustls::{DefaultServerNameResolver, HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy::connect::proxy::SocksV5;
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use hyper_util::rt::TokioIo;
use kubernetes_config::{Config, Proxy, ProxyScheme};
use tokio::net::TcpStream;
use tower_service::Service;

use super::tls;
use crate::authorization::basic;
use crate::body::Body;
use crate::error::{BoxError, Error};

type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Opens connections to a server: directly, or through the proxy that the configuration has for it.
///
/// An HTTP proxy is asked for a tunnel (`CONNECT`, RFC 9110 §9.3.6), except for servers without TLS: to these it
/// forwards requests, as Go's clients have it. A SOCKS proxy (RFC 1928) is given the server's name.
#[derive(Clone)]
pub(crate) struct Dialer {
    tcp: HttpConnector,
    proxy: Option<Arc<ProxyConnector>>,
    /// Whether a proxy is asked for a tunnel to servers without TLS too.
    always_tunnels: bool,
}

struct ProxyConnector {
    /// The proxy's URL without user and password, for messages.
    url: Uri,
    scheme: ProxyScheme,
    user: Option<(String, String)>,
    /// Connects to the proxy itself, with TLS if its URL says so; by [`Dialer`] too, so that HTTP and TLS are compiled
    /// for one type of connection.
    connector: HttpsConnector<Dialer>,
}

impl Dialer {
    pub(crate) fn new(config: &Config, tcp: HttpConnector) -> Result<Self, Error> {
        let proxy = config.proxy_for(&config.server)?;
        let proxy = proxy.map(|proxy| ProxyConnector::new(config, proxy, tcp.clone())).transpose()?;
        Ok(Self { tcp, proxy: proxy.map(Arc::new), always_tunnels: false })
    }

    pub(super) fn always_tunneling(self) -> Self {
        Self { always_tunnels: true, ..self }
    }
}

impl Service<Uri> for Dialer {
    type Response = Stream;
    type Error = BoxError;
    type Future = BoxFuture<Result<Stream, BoxError>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.tcp.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, server: Uri) -> Self::Future {
        let Some(proxy) = self.proxy.clone() else {
            let connecting = self.tcp.call(server);
            return Box::pin(async move { Ok(Stream::Direct(connecting.await?)) });
        };
        let forwards = !self.always_tunnels && server.scheme() == Some(&Scheme::HTTP);
        Box::pin(async move {
            let stream = proxy.connect(server, forwards).await;
            stream.map_err(|source| ProxyError { proxy: proxy.url.clone(), source }.into())
        })
    }
}

impl ProxyConnector {
    fn new(config: &Config, proxy: Proxy, tcp: HttpConnector) -> Result<Self, Error> {
        let host = if proxy.host.contains(':') { format!("[{}]", proxy.host) } else { proxy.host };
        let scheme = match proxy.scheme {
            ProxyScheme::Http => "http",
            ProxyScheme::Https => "https",
            ProxyScheme::Socks5 => "socks5",
            ProxyScheme::Socks5h => "socks5h",
            // `ProxyScheme` may grow; going around a proxy that somebody asked for would be wrong.
            _ => return Err(Error::build("this kind of proxy is not supported")),
        };
        let url = format!("{scheme}://{host}:{}", proxy.port);
        let url =
            url.parse().map_err(|error| Error::build_from(format!("the proxy {url} is not a valid URL"), error))?;
        let tls = if proxy.scheme == ProxyScheme::Https { tls::proxy_config(config)? } else { tls::without_roots()? };
        let names = Arc::new(DefaultServerNameResolver::default());
        Ok(Self {
            url,
            scheme: proxy.scheme,
            user: proxy.credentials.map(|(user, password)| (user, password.expose().to_owned())),
            connector: HttpsConnector::new(Dialer { tcp, proxy: None, always_tunnels: false }, tls, false, names),
        })
    }

    async fn connect(&self, server: Uri, forwards: bool) -> Result<Stream, BoxError> {
        let mut parts = self.url.clone().into_parts();
        parts.scheme = Some(if self.scheme == ProxyScheme::Https { Scheme::HTTPS } else { Scheme::HTTP });
        parts.path_and_query = Some(http::uri::PathAndQuery::from_static("/"));
        let mut connector = self.connector.clone();
        poll_fn(|cx| connector.poll_ready(cx)).await?;
        let io = connector.call(Uri::from_parts(parts)?).await?;

        if matches!(self.scheme, ProxyScheme::Socks5 | ProxyScheme::Socks5h) {
            return self.socks(io, server).await;
        }
        if forwards {
            return Ok(Stream::Proxied { io: Box::new(io), forwards: Some(AbsoluteForm(self.authorization())) });
        }
        let tunnel = self.tunnel(io, &authority(&server)?).await?;
        Ok(Stream::Proxied { io: Box::new(tunnel), forwards: None })
    }

    async fn socks(&self, io: MaybeHttpsStream<Stream>, server: Uri) -> Result<Stream, BoxError> {
        let target = Uri::builder().scheme("tcp").authority(authority(&server)?).path_and_query("/").build()?;
        let mut socks = SocksV5::new(self.url.clone(), Preconnected(Some(io)));
        if let Some((user, password)) = &self.user {
            socks = socks.with_auth(user.clone(), password.clone());
        }
        let io = socks.call(target).await.map_err(|error| io::Error::other(error.to_string()))?;
        Ok(Stream::Proxied { io: Box::new(io), forwards: None })
    }

    async fn tunnel(
        &self,
        io: MaybeHttpsStream<Stream>,
        target: &Authority,
    ) -> Result<hyper::upgrade::Upgraded, BoxError> {
        let (mut sender, connection) = http1::handshake(io).await?;
        // Ends with the upgrade, or with the sender.
        crate::task::spawn(async { drop(connection.with_upgrades().await) });
        let mut request = Request::new(Body::empty());
        *request.method_mut() = Method::CONNECT;
        *request.uri_mut() = target.clone().into();
        request.headers_mut().insert(HOST, HeaderValue::from_str(target.as_str())?);
        if let Some(authorization) = self.authorization() {
            request.headers_mut().insert(PROXY_AUTHORIZATION, authorization);
        }
        let response = sender.send_request(request).await?;
        if !response.status().is_success() {
            return Err(TunnelRefused { status: response.status(), target: target.clone() }.into());
        }
        Ok(hyper::upgrade::on(response).await?)
    }

    fn authorization(&self) -> Option<HeaderValue> {
        self.user.as_ref().and_then(|(user, password)| basic(user, password))
    }
}

/// Host and port, also where the port is the scheme's own.
fn authority(server: &Uri) -> Result<Authority, BoxError> {
    let host = server.host().ok_or("the server has no host")?;
    let default = if server.scheme() == Some(&Scheme::HTTPS) { 443 } else { 80 };
    Ok(format!("{host}:{}", server.port_u16().unwrap_or(default)).parse()?)
}

/// A connector that has connected already, since that of [`SocksV5`] keeps the reason of a failure to itself.
struct Preconnected(Option<MaybeHttpsStream<Stream>>);

impl Service<Uri> for Preconnected {
    type Response = MaybeHttpsStream<Stream>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        ready(Ok(self.0.take().expect("it is called once, by the one that it was made for")))
    }
}

/// The form of requests for a proxy that forwards them by itself: with the absolute URI, and the proxy's credentials.
#[derive(Clone, Default)]
pub(crate) struct AbsoluteForm(pub(crate) Option<HeaderValue>);

pub(crate) trait Io: Read + Write + Send + Unpin + 'static {}

impl<T: Read + Write + Send + Unpin + 'static> Io for T {}

/// A connection to the server, or to a proxy that forwards requests to it.
pub(crate) enum Stream {
    Direct(TokioIo<TcpStream>),
    Proxied { io: Box<dyn Io>, forwards: Option<AbsoluteForm> },
}

impl Connection for Stream {
    fn connected(&self) -> Connected {
        match self {
            Self::Direct(io) => io.connected(),
            Self::Proxied { forwards: None, .. } => Connected::new(),
            Self::Proxied { forwards: Some(absolute), .. } => Connected::new().proxy(true).extra(absolute.clone()),
        }
    }
}

impl Read for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Direct(io) => Pin::new(io).poll_read(cx, buf),
            Self::Proxied { io, .. } => Pin::new(io).poll_read(cx, buf),
        }
    }
}

impl Write for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Direct(io) => Pin::new(io).poll_write(cx, buf),
            Self::Proxied { io, .. } => Pin::new(io).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Direct(io) => Pin::new(io).poll_flush(cx),
            Self::Proxied { io, .. } => Pin::new(io).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Direct(io) => Pin::new(io).poll_shutdown(cx),
            Self::Proxied { io, .. } => Pin::new(io).poll_shutdown(cx),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Direct(io) => io.is_write_vectored(),
            Self::Proxied { io, .. } => io.is_write_vectored(),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Direct(io) => Pin::new(io).poll_write_vectored(cx, bufs),
            Self::Proxied { io, .. } => Pin::new(io).poll_write_vectored(cx, bufs),
        }
    }
}

/// Which proxy it was that could not be used.
struct ProxyError {
    proxy: Uri,
    source: BoxError,
}

kubernetes_core::error_text!(ProxyError);

impl ProxyError {
    fn write_message(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "through the proxy {}", self.proxy.to_string().trim_end_matches('/'))
    }
}

impl std::error::Error for ProxyError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&*self.source)
    }
}

/// A proxy's refusal to open a tunnel.
struct TunnelRefused {
    status: StatusCode,
    target: Authority,
}

kubernetes_core::error_text!(TunnelRefused);

impl TunnelRefused {
    fn write_message(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "it responded with {} to CONNECT {}", self.status, self.target)?;
        match self.status {
            StatusCode::PROXY_AUTHENTICATION_REQUIRED => f.write_str("; correct the user and password in its URL"),
            _ => Ok(()),
        }
    }
}

impl std::error::Error for TunnelRefused {}
