//! The server's handle, and its two entrances: an in-process service and a port.

mod body;
mod builder;
mod custom_resource;
mod load;
mod record;
mod service;
mod shared;

use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use http_body_util::Full;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use kubernetes_client::Client;
use kubernetes_config::Config;
use tokio::net::{TcpListener, TcpSocket};
use tokio::task::{JoinHandle, JoinSet};
use tower_service::Service;

pub use body::ResponseBody;
pub use builder::TestServerBuilder;
pub use custom_resource::CustomResource;
pub use load::LoadError;
pub use record::RecordedRequest;
pub use service::TestService;

use crate::access::{Access, AccessAttributes, AccessPolicy};
use crate::clock;
use crate::conditions::{MatchCondition, MatchConditions};
use crate::faults::{Fault, RandomFaults};
use crate::semantics;
use crate::streams::{ContainerIo, ExecRequest, Exit, LogRequest, Output, PortForwardRequest, PortIo, Script};
use shared::Shared;

/// An API server in memory.
///
/// Dropping it stops the server: connections are closed, and requests fail as if the server were gone.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use kubernetes_testing::TestServer;
///
/// let server = TestServer::start().await?;
/// std::fs::write(std::env::temp_dir().join("test.kubeconfig"), server.kubeconfig())?;
/// # std::fs::remove_file(std::env::temp_dir().join("test.kubeconfig"))?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct TestServer {
    shared: Arc<Shared>,
    listening: Option<Listening>,
}

#[derive(Debug)]
struct Listening {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl TestServer {
    /// Starts a server on a free loopback port, with HTTP/1.1 and HTTP/2 without TLS.
    ///
    /// It runs on the current tokio runtime. Under a paused clock, use [`in_process`](Self::in_process), because tokio
    /// advances the clock while it waits for sockets.
    ///
    /// # Errors
    /// Returns an error if no port can be opened.
    pub async fn start() -> io::Result<Self> {
        Self::builder().start().await
    }

    /// Creates a server without a port, which [`client`](Self::client) and [`service`](Self::service) connect to.
    pub fn in_process() -> Self {
        Self::builder().in_process()
    }

    /// Returns a builder with settings for a server.
    pub fn builder() -> TestServerBuilder {
        TestServerBuilder::default()
    }

    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared, listening: None }
    }

    pub(crate) async fn listen(mut self) -> io::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.bind((Ipv4Addr::LOCALHOST, 0).into())?;
        let listener = socket.listen(BACKLOG)?;
        let address = listener.local_addr()?;
        let task = tokio::spawn(accept(listener, self.service()));
        self.listening = Some(Listening { address, task });
        Ok(self)
    }

    /// Creates a client of this server, whose default namespace is `default`.
    ///
    /// It uses the port if there is one.
    pub fn client(&self) -> Client {
        let config = self.url().parse().map(Config::new);
        match (&self.listening, config.map(Client::new)) {
            (Some(_), Ok(Ok(client))) => client,
            // An address is always a valid URL, and a configuration without TLS and credentials is always valid.
            _ => Client::with_service(self.service(), "default"),
        }
    }

    /// The server as a service, for a transport or for your own layers. It needs no port.
    pub fn service(&self) -> TestService {
        TestService { shared: Arc::clone(&self.shared) }
    }

    /// The URL `http://127.0.0.1:…`, or `http://localhost` for a server without a port, where nothing listens.
    pub fn url(&self) -> String {
        match &self.listening {
            Some(Listening { address, .. }) => format!("http://{address}"),
            None => "http://localhost".to_owned(),
        }
    }

    /// A kubeconfig for the server.
    pub fn kubeconfig(&self) -> String {
        let url = self.url();
        format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: test\n\
             clusters: [{{name: test, cluster: {{server: \"{url}\"}}}}]\n\
             contexts: [{{name: test, context: {{cluster: test, user: test}}}}]\n\
             users: [{{name: test, user: {{}}}}]\n"
        )
    }

    /// Creates the objects of a YAML stream in order, like kubectl; existing objects are replaced.
    ///
    /// The default namespace is `default`. Unlike a request, this keeps the `status` and does not require the namespace
    /// to exist.
    ///
    /// # Errors
    /// Returns an error if the text is not valid YAML, or the server refuses an object; preceding objects are stored.
    pub fn load_yaml(&self, yaml: &str) -> Result<(), LoadError> {
        self.shared.with(|inner| load::load(&mut inner.state, yaml))
    }

    /// Injects a fault.
    pub fn inject(&self, fault: Fault) {
        self.shared.with(|inner| inner.rules.add(fault));
    }

    /// Injects random faults, replacing earlier random ones.
    pub fn inject_random(&self, faults: RandomFaults) {
        self.shared.with(|inner| inner.rules.set_random(faults));
    }

    /// Removes all faults that have not happened yet.
    pub fn clear_faults(&self) {
        self.shared.with(|inner| inner.rules.clear());
    }

    /// Sets a script that decides access reviews: `SelfSubjectAccessReview`, `SubjectAccessReview` and
    /// `LocalSubjectAccessReview`. Without a script, everything is allowed. Requests are never refused.
    ///
    /// ```
    /// use kubernetes_testing::{Access, TestServer};
    ///
    /// let server = TestServer::in_process();
    /// server.on_access_review(|attributes| match attributes.verb.as_str() {
    ///     "get" | "list" | "watch" => Access::Allowed,
    ///     verb => Access::Denied(format!("{} may not {verb}", attributes.user)),
    /// });
    /// ```
    ///
    /// The function runs while the server is locked, so it must not use the server.
    pub fn on_access_review(&self, decide: impl Fn(&AccessAttributes) -> Access + Send + Sync + 'static) {
        self.shared.with(|inner| inner.state.access = AccessPolicy::new(decide));
    }

    /// Serves webhooks in process: calls to this host go to the service, without TLS.
    ///
    /// The host is that of the Service, such as `webhooks.shop.svc`, or of the URL in the configuration, with or
    /// without a port. Calls to other hosts go over the network.
    ///
    /// ```
    /// use bytes::Bytes;
    /// use http::{Request, Response};
    /// use http_body_util::Full;
    /// use kubernetes_testing::TestServer;
    ///
    /// # fn example(
    /// #     webhooks: impl tower_service::Service<
    /// #         Request<Full<Bytes>>, Response = Response<Full<Bytes>>, Error = std::convert::Infallible, Future: Send,
    /// #     > + Clone + Send + Sync + 'static,
    /// # ) {
    /// let server = TestServer::in_process();
    /// server.serve_webhooks("webhooks.shop.svc", webhooks); // such as `Webhooks` of `kubernetes-webhooks`
    /// # }
    /// ```
    ///
    /// The server calls webhooks according to its configurations and definitions: mutating webhooks ordered by name,
    /// then validating webhooks concurrently, and conversions for custom resources with the strategy `Webhook`. Error
    /// messages are those of the API server and client-go.
    pub fn serve_webhooks<S, B>(&self, host: &str, service: S)
    where
        S: Service<Request<Full<Bytes>>, Response = Response<B>> + Clone + Send + Sync + 'static,
        S::Future: Send,
        S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
        B: Body<Error: Into<Box<dyn std::error::Error + Send + Sync>>, Data: Send> + Send + 'static,
    {
        self.shared.with(|inner| inner.services.add(host, service));
    }

    /// Sets a function that evaluates the match conditions of webhooks, which are CEL. Without it, requests that
    /// concern a webhook with match conditions fail with 501.
    ///
    /// ```
    /// use kubernetes_testing::TestServer;
    ///
    /// let server = TestServer::in_process();
    /// server.on_match_condition(|condition| match condition.name.as_str() {
    ///     "not-in-kube-system" => condition.request["namespace"] != "kube-system",
    ///     name => panic!("{name} is not expected"),
    /// });
    /// ```
    ///
    /// The function runs while the server is locked, so it must not use the server.
    pub fn on_match_condition(&self, decide: impl Fn(&MatchCondition) -> bool + Send + Sync + 'static) {
        self.shared.with(|inner| inner.state.conditions = MatchConditions::new(decide));
    }

    /// Sets a script for the processes that clients run in containers (`exec`).
    ///
    /// The function gets the command and the process's streams, and returns its exit code, `()` for 0, or an [`Exit`].
    ///
    /// ```
    /// use kubernetes_testing::TestServer;
    /// use tokio::io::AsyncWriteExt;
    ///
    /// let server = TestServer::in_process();
    /// server.on_exec(|request, mut io| async move {
    ///     match request.command.first().map(String::as_str) {
    ///         Some("cat") => drop(tokio::io::copy(&mut io.stdin, &mut io.stdout).await),
    ///         Some("false") => return 1,
    ///         _ => drop(io.stderr.write_all(b"unknown command\n").await),
    ///     }
    ///     0
    /// });
    /// ```
    ///
    /// The outputs end when the function returns and they are dropped. When the client disconnects, the function's
    /// future is dropped.
    pub fn on_exec<F>(&self, script: impl Fn(ExecRequest, ContainerIo) -> F + Send + Sync + 'static)
    where
        F: Future<Output: Into<Exit>> + Send + 'static,
    {
        self.shared.with(|inner| inner.state.scripts.exec = Some(Script::new(script)));
    }

    /// Like [`on_exec`](Self::on_exec), but for the processes that clients attach to.
    pub fn on_attach<F>(&self, script: impl Fn(ExecRequest, ContainerIo) -> F + Send + Sync + 'static)
    where
        F: Future<Output: Into<Exit>> + Send + 'static,
    {
        self.shared.with(|inner| inner.state.scripts.attach = Some(Script::new(script)));
    }

    /// Sets a script for the ports of pods, which runs for each forwarded connection.
    ///
    /// An error is reported to the client of the connection; other connections continue.
    ///
    /// ```
    /// use kubernetes_testing::TestServer;
    ///
    /// let server = TestServer::in_process();
    /// server.on_port_forward(|request, io| async move {
    ///     if request.port != 7 {
    ///         return Err("connection refused".to_owned());
    ///     }
    ///     let (mut reader, mut writer) = tokio::io::split(io);
    ///     tokio::io::copy(&mut reader, &mut writer).await.map(drop).map_err(|error| error.to_string())
    /// });
    /// ```
    pub fn on_port_forward<F>(&self, script: impl Fn(PortForwardRequest, PortIo) -> F + Send + Sync + 'static)
    where
        F: Future<Output = Result<(), String>> + Send + 'static,
    {
        self.shared.with(|inner| inner.state.scripts.port_forward = Some(Script::new(script)));
    }

    /// Sets a script that writes the logs of containers. A log ends when the function returns, so the script of a
    /// followed log should wait.
    ///
    /// ```
    /// use kubernetes_testing::TestServer;
    /// use tokio::io::AsyncWriteExt;
    ///
    /// let server = TestServer::in_process();
    /// server.on_log(|request, mut log| async move {
    ///     let _ = log.write_all(format!("{} started\n", request.container).as_bytes()).await;
    ///     if request.follow {
    ///         std::future::pending::<()>().await;
    ///     }
    /// });
    /// ```
    pub fn on_log<F>(&self, script: impl Fn(LogRequest, Output) -> F + Send + Sync + 'static)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.shared.with(|inner| inner.state.scripts.log = Some(Script::new(script)));
    }

    /// The requests received so far, including those that were not carried out because of a fault.
    ///
    /// The latest requests are kept, within [`record_limits`](TestServerBuilder::record_limits).
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.shared.with(|inner| inner.record.to_vec())
    }

    /// Discards the recorded requests.
    pub fn forget_requests(&self) {
        self.shared.with(|inner| inner.record.clear());
    }

    /// Advances the server's clock: grace periods end, and bookmarks and timeouts of watches become due.
    ///
    /// Otherwise the clock follows tokio's.
    pub fn advance(&self, by: Duration) {
        self.shared.with(|inner| {
            inner.state.clock.advance(by);
            semantics::expire(&mut inner.state);
            inner.state.store.wake_all();
        });
    }

    /// Forgets all versions except the current one: a watch or list at an older version fails with 410.
    ///
    /// Running watches continue.
    pub fn compact(&self) {
        self.shared.with(|inner| inner.state.store.compact());
    }

    /// The version of the latest change.
    pub fn resource_version(&self) -> String {
        self.shared.with(|inner| inner.state.store.revision().to_string())
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.shared.stop();
        if let Some(listening) = &self.listening {
            listening.task.abort();
        }
    }
}

/// The number of connections that may wait to be accepted. When a thousand watches start at once over HTTP/1.1, the
/// default of 128 overflows, and the system retries dropped connections only after a second.
const BACKLOG: u32 = 4096;

/// Serves connections until it is dropped, which also ends the connections.
async fn accept(listener: TcpListener, service: TestService) {
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let Ok((stream, _)) = listener.accept().await else {
            // Most likely out of file descriptors, which others may release.
            clock::sleep(Duration::from_millis(10)).await;
            continue;
        };
        // Events are small, and should arrive at once.
        let _ = stream.set_nodelay(true);
        let service = service.clone();
        connections.spawn(async move {
            let service = hyper::service::service_fn(move |request| service.clone().call(request));
            let builder = auto::Builder::new(TokioExecutor::new());
            // The client sees the errors of its connection.
            let _ = builder.serve_connection_with_upgrades(TokioIo::new(stream), service).await;
        });
    }
}
