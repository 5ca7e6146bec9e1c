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

use crate::authorization::basic;
use crate::error::BoxError;
use crate::pool::Absolute;
use crate::{Body, Error, task, tls};

type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Opens connections to a server: directly, or through the proxy that the configuration has for it.
///
/// An HTTP proxy is asked for a tunnel (`CONNECT`, RFC 9110 §9.3.6), except for servers without TLS: to these it
/// forwards requests, as Go's clients have it. A SOCKS proxy (RFC 1928) is given the server's name.
#[derive(Clone)]
pub(crate) struct Dial {
    tcp: HttpConnector,
    via: Option<Arc<Via>>,
}

struct Via {
    /// The proxy's URL without user and password, for messages.
    url: Uri,
    scheme: ProxyScheme,
    user: Option<(String, String)>,
    /// Connects to the proxy itself, with TLS if its URL says so; by [`Dial`] too, so that HTTP and TLS are compiled for
    /// one type of connection.
    connector: HttpsConnector<Dial>,
}

impl Dial {
    pub(crate) fn new(config: &Config, tcp: HttpConnector) -> Result<Self, Error> {
        let proxy = config.proxy_for(&config.server)?;
        let via = proxy.map(|proxy| Via::new(config, proxy, tcp.clone())).transpose()?;
        Ok(Self { tcp, via: via.map(Arc::new) })
    }
}

impl Service<Uri> for Dial {
    type Response = Stream;
    type Error = BoxError;
    type Future = BoxFuture<Result<Stream, BoxError>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.tcp.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, server: Uri) -> Self::Future {
        let Some(via) = self.via.clone() else {
            let connecting = self.tcp.call(server);
            return Box::pin(async move { Ok(Stream::Direct(connecting.await?)) });
        };
        Box::pin(async move {
            let stream = via.connect(server).await;
            stream.map_err(|source| ThroughProxy { proxy: via.url.clone(), source }.into())
        })
    }
}

impl Via {
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
        let url = url.parse().map_err(|error| Error::build_from(format!("the proxy {url} is no URL"), error))?;
        let tls = if proxy.scheme == ProxyScheme::Https { tls::proxy_config(config)? } else { tls::trusting_nobody()? };
        let names = Arc::new(DefaultServerNameResolver::default());
        Ok(Self {
            url,
            scheme: proxy.scheme,
            user: proxy.credentials.map(|(user, password)| (user, password.expose().to_owned())),
            connector: HttpsConnector::new(Dial { tcp, via: None }, tls, false, names),
        })
    }

    async fn connect(&self, server: Uri) -> Result<Stream, BoxError> {
        let mut parts = self.url.clone().into_parts();
        parts.scheme = Some(if self.scheme == ProxyScheme::Https { Scheme::HTTPS } else { Scheme::HTTP });
        parts.path_and_query = Some(http::uri::PathAndQuery::from_static("/"));
        let mut connector = self.connector.clone();
        poll_fn(|cx| connector.poll_ready(cx)).await?;
        let io = connector.call(Uri::from_parts(parts)?).await?;

        if matches!(self.scheme, ProxyScheme::Socks5 | ProxyScheme::Socks5h) {
            return self.socks(io, server).await;
        }
        if server.scheme() == Some(&Scheme::HTTP) {
            return Ok(Stream::Proxied { io: Box::new(io), forwards: Some(Absolute(self.authorization())) });
        }
        let tunnel = self.tunnel(io, &authority(&server)?).await?;
        Ok(Stream::Proxied { io: Box::new(tunnel), forwards: None })
    }

    async fn socks(&self, io: MaybeHttpsStream<Stream>, server: Uri) -> Result<Stream, BoxError> {
        let target = Uri::builder().scheme("tcp").authority(authority(&server)?).path_and_query("/").build()?;
        let mut socks = SocksV5::new(self.url.clone(), Given(Some(io)));
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
        task::spawn(async { drop(connection.with_upgrades().await) });
        let mut request = Request::new(Body::empty());
        *request.method_mut() = Method::CONNECT;
        *request.uri_mut() = target.clone().into();
        request.headers_mut().insert(HOST, HeaderValue::from_str(target.as_str())?);
        if let Some(authorization) = self.authorization() {
            request.headers_mut().insert(PROXY_AUTHORIZATION, authorization);
        }
        let response = sender.send_request(request).await?;
        if !response.status().is_success() {
            return Err(Refused { status: response.status(), target: target.clone() }.into());
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
struct Given(Option<MaybeHttpsStream<Stream>>);

impl Service<Uri> for Given {
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

pub(crate) trait Io: Read + Write + Send + Unpin + 'static {}

impl<T: Read + Write + Send + Unpin + 'static> Io for T {}

/// What leads to the server, or to a proxy that forwards requests to it.
pub(crate) enum Stream {
    Direct(TokioIo<TcpStream>),
    Proxied { io: Box<dyn Io>, forwards: Option<Absolute> },
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
#[derive(Debug)]
struct ThroughProxy {
    proxy: Uri,
    source: BoxError,
}

impl fmt::Display for ThroughProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "through the proxy {}", self.proxy.to_string().trim_end_matches('/'))
    }
}

impl std::error::Error for ThroughProxy {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&*self.source)
    }
}

/// What a proxy answered instead of opening a tunnel.
#[derive(Debug)]
struct Refused {
    status: StatusCode,
    target: Authority,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "it answered {} to CONNECT {}", self.status, self.target)?;
        match self.status {
            StatusCode::PROXY_AUTHENTICATION_REQUIRED => f.write_str("; its URL needs another user and password"),
            _ => Ok(()),
        }
    }
}

impl std::error::Error for Refused {}
