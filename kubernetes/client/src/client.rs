//! The client: what turns a request value into bytes on a connection, and an answer into a value.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::header::ACCEPT_ENCODING;
use http::uri::PathAndQuery;
use http::{HeaderMap, Uri};
use kubernetes_config::Config;
use kubernetes_core::json::DecodeError;
use kubernetes_core::{Encoded, Execute, Request};
use tower_service::Service;
use tracing::Instrument;

use crate::authentication::Authentication;
use crate::content::Content;
use crate::counts::Counters;
use crate::error::{BoxError, Kind, RequestLine};
use crate::observe::Flight;
use crate::policy::Policy;
use crate::transport::Transport;
use crate::{Body, ClientBuilder, Counts, Error, response};

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A connection to one API server, as one user.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use kubernetes_client::Client;
/// use kubernetes_core::version::Info;
/// use kubernetes_core::{GetRequest, Path};
///
/// let client = Client::from_env()?; // $KUBECONFIG or ~/.kube/config as kubectl reads it, else in-cluster
/// let version = GetRequest::<Info>::at(Path::new("/version", &[])).send(&client).await?;
/// println!("{:?}", version.git_version);
/// # Ok(())
/// # }
/// ```
///
/// Cloning is cheap: all clones share their connections. A client is bound to no runtime. It may be built before one
/// exists, and used from several; a connection ends with the runtime that opened it, and the next request opens
/// another. A request that is sent outside of a tokio runtime is an error.
///
/// # Cancel safety
///
/// Dropping the future of a request abandons it: the HTTP/2 stream is reset, or the HTTP/1.1 connection closed. The
/// server may have carried it out all the same.
///
/// # Layers and fakes
///
/// The transport is any [`Service`]. A test gives its own to [`Client::with_service`]. To add tower layers, wrap a
/// client, which is a `Service` that sends a request as it is given: with the server's address, credentials and
/// User-Agent, but without a timeout and without a look at the status of the response.
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
pub struct Client(Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) transport: Box<dyn Transport>,
    /// Scheme, authority and path prefix; `None` when an injected service decides where requests go.
    pub(crate) server: Option<Uri>,
    pub(crate) default_namespace: String,
    /// Sent with every request.
    pub(crate) headers: HeaderMap,
    pub(crate) authentication: Authentication,
    pub(crate) request_timeout: Option<Duration>,
    pub(crate) idle_timeout: Option<Duration>,
    pub(crate) max_response_bytes: usize,
    pub(crate) content: Content,
    pub(crate) policy: Policy,
    pub(crate) counters: Counters,
}

impl Client {
    /// Connects as kubectl does: the current context of `$KUBECONFIG` or `~/.kube/config`, else as a pod in a cluster.
    ///
    /// Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// When no configuration is found or it is wrong; [`source`](std::error::Error::source) is the
    /// [`kubernetes_config::Error`] that names the file and field.
    pub fn from_env() -> Result<Self, Error> {
        Self::new(Config::from_env().map_err(Error::from)?)
    }

    /// A client for `config`, with the default settings of [`ClientBuilder`].
    ///
    /// # Errors
    ///
    /// As [`ClientBuilder::build`].
    pub fn new(config: Config) -> Result<Self, Error> {
        Self::builder(config).build()
    }

    /// A builder, for timeouts and limits other than the default.
    pub fn builder(config: Config) -> ClientBuilder {
        ClientBuilder::new(config)
    }

    /// A client that gives its requests to `service`, for fakes and layers.
    ///
    /// The URI of a request is then a path with a query, without a server. Timeout and limit are the defaults of
    /// [`ClientBuilder`]. An [`Error`] of the service is passed on as it is, any other is wrapped.
    pub fn with_service<S, B>(service: S, default_namespace: impl Into<String>) -> Self
    where
        S: Service<http::Request<Body>, Response = http::Response<B>> + Clone + Send + Sync + 'static,
        S::Future: Send + 'static,
        S::Error: Into<BoxError>,
        B: http_body::Body + Send + 'static,
        B::Data: Send,
        B::Error: Into<BoxError>,
    {
        Self::from_inner(Inner {
            transport: Box::new(service),
            server: None,
            default_namespace: default_namespace.into(),
            headers: HeaderMap::new(),
            authentication: Authentication::none(),
            request_timeout: Some(ClientBuilder::REQUEST_TIMEOUT),
            idle_timeout: None,
            max_response_bytes: ClientBuilder::MAX_RESPONSE_BYTES,
            content: Content::default(),
            policy: Policy::default(),
            counters: Counters::default(),
        })
    }

    pub(crate) fn from_inner(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }

    /// The namespace of the context or service account, otherwise `default`.
    pub fn default_namespace(&self) -> &str {
        &self.0.default_namespace
    }

    /// What this client and its clones have sent so far.
    pub fn counts(&self) -> Counts {
        self.0.counters.snapshot()
    }

    /// The body of a successful answer. Not generic, and boxed, so that it is compiled once and stays small inside the
    /// futures of callers.
    fn fetch(&self, request: Request) -> BoxFuture<'_, Result<(Encoded, Arc<RequestLine>), Error>> {
        Box::pin(async move {
            let line = Arc::new(RequestLine::of(&request));
            let answer = self.0.whole(request, &line).await.map_err(|error| error.or_request(&line))?;
            Ok((answer, line))
        })
    }

    /// As [`fetch`](Self::fetch), but the body is left to be read.
    fn start(&self, request: Request) -> BoxFuture<'_, Result<Body, Error>> {
        Box::pin(async move {
            let line = Arc::new(RequestLine::of(&request));
            self.0.stream(request, &line).await.map_err(|error| error.or_request(&line))
        })
    }
}

impl Inner {
    /// A response whose status says that the request succeeded.
    pub(crate) async fn respond(
        &self,
        request: http::Request<Bytes>,
        line: &Arc<RequestLine>,
    ) -> Result<http::Response<Body>, Error> {
        let method = request.method().clone();
        let response = self.send(request.map(Body::from), line).await?;
        response::check_status(&method, response).await.map_err(|error| self.authentication.explain(error))
    }

    async fn send(
        &self,
        mut request: http::Request<Body>,
        line: &Arc<RequestLine>,
    ) -> Result<http::Response<Body>, Error> {
        if let Some(server) = &self.server {
            *request.uri_mut() = resolve(server, request.uri()).map_err(|error| Error::new(Kind::Uri(error)))?;
        }
        for (name, value) in &self.headers {
            request.headers_mut().append(name, value.clone());
        }
        if !self.policy.compression {
            request.headers_mut().remove(ACCEPT_ENCODING);
        }
        let transmit = async |request| {
            let response = self.transport.send(request).await;
            response.map_err(|error| Error::from_service(error, self.server.as_ref()))
        };
        let response = self.authentication.send(request, transmit).await;
        let response = response.map_err(|error| self.authentication.explain(error))?;
        let (mut head, body) = response.into_parts();
        self.policy.warnings.handle(&head.headers, &mut head.extensions, line);
        Ok(http::Response::from_parts(head, body.of_request(line)))
    }
}

/// The path and query of `target` at `server`, behind the prefix of its path.
fn resolve(server: &Uri, target: &Uri) -> Result<Uri, http::Error> {
    let prefix = server.path().trim_end_matches('/');
    let mut parts = server.clone().into_parts();
    let target = target.path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/"));
    parts.path_and_query =
        Some(if prefix.is_empty() { target } else { PathAndQuery::try_from(format!("{prefix}{target}"))? });
    Ok(Uri::from_parts(parts)?)
}

impl Execute for Client {
    type Error = Error;
    type Body = Body;

    async fn execute<T: Send>(
        &self,
        request: Request,
        decode: fn(&Encoded) -> Result<T, DecodeError>,
    ) -> Result<T, Error> {
        let (answer, line) = self.fetch(request).await?;
        decode(&answer).map_err(|error| {
            let error = Error::new(Kind::Decode(error)).or_request(&line);
            error.with_hint(|| response::foreign_media_type(&answer))
        })
    }

    async fn open(&self, request: Request) -> Result<Body, Error> {
        self.start(request).await
    }
}

/// Sends a request as it is given: once, without a timeout beyond that for connecting, and any status is a response.
impl Service<http::Request<Body>> for Client {
    type Response = http::Response<Body>;
    type Error = Error;
    type Future = BoxFuture<'static, Result<http::Response<Body>, Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let inner = Arc::clone(&self.0);
        let line = Arc::new(RequestLine::new(request.method().clone(), request.uri().path()));
        Box::pin(async move {
            Error::unless_in_runtime().map_err(|error| error.or_request(&line))?;
            inner.policy.turn().await;
            let mut flight = Flight::new(&inner, &line, 1);
            let span = flight.span();
            let result = inner.send(request, &line).instrument(span).await;
            flight.status = result.as_ref().ok().map(http::Response::status);
            flight.finish(result.as_ref().err());
            result.map_err(|error| error.or_request(&line))
        })
    }
}

impl fmt::Debug for Client {
    /// Shows where requests go, and nothing that is secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut client = f.debug_struct("Client");
        match &self.0.server {
            Some(server) => client.field("server", server),
            None => client.field("server", &format_args!("an injected service")),
        };
        client.field("default_namespace", &self.0.default_namespace).finish_non_exhaustive()
    }
}
