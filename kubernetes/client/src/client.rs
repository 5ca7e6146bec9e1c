//! The client: sends requests and decodes their responses.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};

use http::header::{CONNECTION, UPGRADE};
use http::{HeaderMap, HeaderValue};
use kubernetes_core::json::DecodeError;
use kubernetes_core::{Encoded, Execute, Request};
use tower_service::Service;

use crate::body::Body;
use crate::error::{Error, Kind, RequestLine};
use crate::exchange::{Answer, Context, Exchange, foreign_media_type};
use crate::hooks::{Hooks, WriteHook};
use crate::telemetry::Counts;
use crate::upgrade::Upgraded;

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A client of one API server, as one user.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use kubernetes_client::Client;
/// use kubernetes_core::version::Info;
/// use kubernetes_core::{GetRequest, Path};
///
/// let client = Client::from_env()?; // $KUBECONFIG or ~/.kube/config as in kubectl, or else in-cluster
/// let version = GetRequest::<Info>::at(Path::new("/version", &[])).send(&client).await?;
/// println!("{:?}", version.git_version);
/// # Ok(())
/// # }
/// ```
///
/// Cloning is cheap: all clones share their connections. A client is not bound to a runtime. It may be built before
/// there is one, and used from several; a connection ends with the runtime that opened it, and the next request opens
/// another. Sending a request outside a tokio runtime is an error.
///
/// # Cancel safety
///
/// Dropping the future of a request abandons it: the HTTP/2 stream is reset, or the HTTP/1.1 connection closed. The
/// server may still have carried out the request.
///
/// # Layers and fakes
///
/// Any [`Service`] can be the transport: pass it to [`Client::with_service`] or, with other settings, to
/// [`Client::service_builder`]. To add tower layers, wrap a client: it is a `Service` that adds the server's address,
/// credentials and User-Agent to a request and sends it, without a timeout and without checking the status of the
/// response.
///
/// ```no_run
/// # use std::task::{Context, Poll};
/// # use kubernetes_client::{Body, Client, Error};
/// # use tower_service::Service;
/// #[derive(Clone)]
/// struct Audited(Client);
///
/// impl Service<http::Request<Body>> for Audited {
///     type Response = http::Response<Body>;
///     type Error = Error;
///     type Future = <Client as Service<http::Request<Body>>>::Future;
///
///     fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
///         self.0.poll_ready(cx)
///     }
///
///     fn call(&mut self, mut request: http::Request<Body>) -> Self::Future {
///         request.headers_mut().insert("x-audit-reason", http::HeaderValue::from_static("nightly"));
///         self.0.call(request)
///     }
/// }
///
/// let client = Client::from_env()?;
/// let namespace = client.default_namespace().to_owned();
/// let audited = Client::with_service(Audited(client), namespace);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone)]
pub struct Client {
    exchange: Arc<Exchange>,
    default_namespace: Arc<str>,
    hooks: Hooks,
}

impl Client {
    pub(crate) fn from_exchange(exchange: Exchange, default_namespace: &str) -> Self {
        Self { exchange: Arc::new(exchange), default_namespace: default_namespace.into(), hooks: Hooks::default() }
    }

    /// Creates a client with the same connections, credentials, settings and counters, whose writes go through a hook.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use kubernetes_client::{Client, Write, WriteAdmission, WriteHook, WritePermit};
    ///
    /// /// Permits writes for the rest of a lease.
    /// struct Gate {
    ///     remaining: fn() -> Option<Duration>,
    /// }
    ///
    /// impl WriteHook for Gate {
    ///     fn before<'a>(&'a self, _: &'a Write) -> WriteAdmission<'a> {
    ///         let remaining = (self.remaining)();
    ///         Box::pin(async move { remaining.map(WritePermit::within).ok_or_else(|| "not the leader".into()) })
    ///     }
    /// }
    ///
    /// fn gated(client: &Client, remaining: fn() -> Option<Duration>) -> Client {
    ///     client.derived(Gate { remaining })
    /// }
    /// ```
    ///
    /// A client derived from a derived one has the hooks of both: those of the first are called first, the shortest
    /// permit applies, and all learn the outcome.
    pub fn derived(&self, hook: impl WriteHook) -> Self {
        Self { hooks: self.hooks.and(Arc::new(hook)), ..self.clone() }
    }

    /// Whether both share connections and credentials, as clones and derived clients do.
    ///
    /// For use by the crates of this SDK.
    #[doc(hidden)]
    pub fn is_same_client(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.exchange, &other.exchange)
    }

    /// The namespace of the context or service account, otherwise `default`.
    pub fn default_namespace(&self) -> &str {
        &self.default_namespace
    }

    /// Counts of the requests of this client and its clones.
    pub fn counts(&self) -> Counts {
        self.exchange.telemetry.counts()
    }

    /// Sends a request that upgrades its connection to another protocol, such as WebSocket: exec, attach and
    /// port-forward.
    ///
    /// ```no_run
    /// use http::{HeaderMap, HeaderValue, Method};
    /// use kubernetes_client::{Client, Error};
    /// use kubernetes_core::{Path, Request};
    ///
    /// # async fn example(client: &Client) -> Result<(), Error> {
    /// let path = Path::new("/api/v1/namespaces/{namespace}/pods/{name}/exec", &["shop", "web"]);
    /// let mut request = Request::new(Method::GET, path);
    /// request.query.set("command", "date");
    /// request.query.set("stdout", true);
    /// // The API server answers 406 to an operation that becomes a stream if anything else is accepted.
    /// request.accept = HeaderValue::from_static("*/*");
    /// let mut headers = HeaderMap::new();
    /// headers.insert("sec-websocket-version", HeaderValue::from_static("13"));
    /// headers.insert("sec-websocket-key", HeaderValue::from_static("dGhlIHNhbXBsZSBub25jZQ=="));
    /// headers.insert("sec-websocket-protocol", HeaderValue::from_static("v5.channel.k8s.io"));
    /// let connection = client.upgrade(request, HeaderValue::from_static("websocket"), headers).await?;
    /// assert_eq!(connection.headers()["sec-websocket-protocol"], "v5.channel.k8s.io");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// `protocol` is the `Upgrade` header, and `headers` are sent in addition to those of every request. The request
    /// has its own HTTP/1.1 connection outside the pool, to which the client's TLS, proxies and credentials apply; a
    /// proxy must open a tunnel. A client [with a service](Self::with_service) uses the stream of a response with an
    /// [`UpgradedIo`](crate::UpgradedIo).
    ///
    /// The client's request timeout and the time of a [`WritePermit`](crate::WritePermit) limit only the handshake, not
    /// the use of the connection. Revoking the permit closes the connection.
    ///
    /// # Errors
    ///
    /// Returns an error with the server's [`status`](Error::status) if it refuses, and an error that says so if it
    /// responds with another successful status, like a server behind a proxy that drops the `Upgrade` header.
    pub async fn upgrade(
        &self,
        request: Request,
        protocol: HeaderValue,
        mut headers: HeaderMap,
    ) -> Result<Upgraded, Error> {
        headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
        headers.insert(UPGRADE, protocol);
        Ok(self.run(request, headers).await?.0)
    }

    /// Runs a request with additional headers. Boxed, to keep callers' futures small, and not generic over the decoded
    /// type, so that it is compiled once.
    fn run<A: Answer>(&self, request: Request, more: HeaderMap) -> BoxFuture<'_, Result<(A, Arc<RequestLine>), Error>> {
        Box::pin(async move {
            let line = Arc::new(RequestLine::of(&request));
            let request = request.into_http().map_err(|error| Error::new(Kind::Request(error)).or_request(&line));
            let mut request = request?;
            if !more.is_empty() {
                request.headers_mut().extend(more);
            }
            let context = Context { line: &line, hooks: &self.hooks };
            let answer =
                self.exchange.run(request.map(Body::from), context).await.map_err(|error| error.or_request(&line))?;
            Ok((answer, line))
        })
    }
}

impl Execute for Client {
    type Error = Error;
    type Body = Body;

    async fn execute<T: Send>(
        &self,
        request: Request,
        decode: fn(&Encoded) -> Result<T, DecodeError>,
    ) -> Result<T, Error> {
        let (answer, line) = self.run::<Encoded>(request, HeaderMap::new()).await?;
        decode(&answer).map_err(|error| {
            let is_over_budget = error.is_over_budget();
            let error = Error::new(Kind::Decode(error)).or_request(&line);
            let advice = "ask for less, or raise ClientBuilder::decode_budget if you trust the server";
            error.with_hint(|| if is_over_budget { Some(advice.to_owned()) } else { foreign_media_type(&answer) })
        })
    }

    async fn open(&self, request: Request) -> Result<Body, Error> {
        Ok(self.run(request, HeaderMap::new()).await?.0)
    }
}

/// Sends a request once, without a timeout other than for connecting, and returns a response with any status.
impl Service<http::Request<Body>> for Client {
    type Response = http::Response<Body>;
    type Error = Error;
    type Future = BoxFuture<'static, Result<http::Response<Body>, Error>>;

    fn poll_ready(&mut self, _: &mut TaskContext<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let client = self.clone();
        let line = Arc::new(RequestLine::new(request.method().clone(), request.uri().path()));
        Box::pin(async move {
            let context = Context { line: &line, hooks: &client.hooks };
            client.exchange.pass(request, context).await.map_err(|error| error.or_request(&line))
        })
    }
}

impl fmt::Debug for Client {
    /// Shows the destination of requests, and nothing secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut client = f.debug_struct("Client");
        match &self.exchange.server {
            Some(server) => client.field("server", server),
            None => client.field("server", &format_args!("an injected service")),
        };
        client.field("default_namespace", &self.default_namespace).finish_non_exhaustive()
    }
}
