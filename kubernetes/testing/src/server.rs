//! The handle of a server.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use kubernetes_client::Client;
use kubernetes_config::Config;
use tokio::net::{TcpListener, TcpSocket};
use tokio::task::{JoinHandle, JoinSet};
use tower_service::Service;

use crate::TestServerBuilder;
use crate::fault::{Fault, RandomFaults};
use crate::load::{self, LoadError};
use crate::record::RecordedRequest;
use crate::service::TestService;
use crate::shared::Shared;

/// An API server in memory.
///
/// Dropping it stops it: connections are closed, and requests fail as those to a server that is gone.
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
    /// A server on a loopback port that the system chooses, speaking HTTP/1.1 and HTTP/2 without TLS.
    ///
    /// It runs on the current tokio runtime. Under a paused clock, use [`in_process`](Self::in_process): tokio winds
    /// the clock forward while it waits for sockets.
    ///
    /// # Errors
    /// If no port can be opened.
    pub async fn start() -> io::Result<Self> {
        Self::builder().start().await
    }

    /// A server without a port: [`client`](Self::client) and [`service`](Self::service) lead to it.
    pub fn in_process() -> Self {
        Self::builder().in_process()
    }

    /// Settings of a server.
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

    /// A client of this server, whose default namespace is `default`.
    ///
    /// It goes over the port if there is one.
    pub fn client(&self) -> Client {
        let config = self.url().parse().map(Config::new);
        match (&self.listening, config.map(Client::new)) {
            (Some(_), Ok(Ok(client))) => client,
            // A URL of digits is one, and a configuration without TLS and credentials can't be wrong.
            _ => Client::with_service(self.service(), "default"),
        }
    }

    /// The server as a service, for a transport or for layers of one's own. It needs no port.
    pub fn service(&self) -> TestService {
        TestService { shared: Arc::clone(&self.shared) }
    }

    /// `http://127.0.0.1:…`; `http://localhost` for a server without a port, where nothing listens.
    pub fn url(&self) -> String {
        match &self.listening {
            Some(Listening { address, .. }) => format!("http://{address}"),
            None => "http://localhost".to_owned(),
        }
    }

    /// A kubeconfig that leads to the server.
    pub fn kubeconfig(&self) -> String {
        let url = self.url();
        format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: test\n\
             clusters: [{{name: test, cluster: {{server: \"{url}\"}}}}]\n\
             contexts: [{{name: test, context: {{cluster: test, user: test}}}}]\n\
             users: [{{name: test, user: {{}}}}]\n"
        )
    }

    /// Creates the objects of a YAML stream, in its order, as kubectl would; those that exist are replaced.
    ///
    /// An object of a namespaced resource that names no namespace goes to `default`. Unlike a request, this keeps the
    /// `status`, and asks for no namespace to exist.
    ///
    /// # Errors
    /// If it is no YAML, or the server refuses an object; those before it are there.
    pub fn load_yaml(&self, yaml: &str) -> Result<(), LoadError> {
        self.shared.with(|inner| load::load(&mut inner.state, yaml))
    }

    /// Has something go wrong.
    pub fn inject(&self, fault: Fault) {
        self.shared.with(|inner| inner.rules.add(fault));
    }

    /// Has things go wrong by chance, in place of those that were injected so before.
    pub fn inject_random(&self, faults: RandomFaults) {
        self.shared.with(|inner| inner.rules.set_random(faults));
    }

    /// Forgets all faults that are still to come.
    pub fn clear_faults(&self) {
        self.shared.with(|inner| inner.rules.clear());
    }

    /// The requests so far, those included that faults kept from being carried out.
    ///
    /// Of many, the latest: [`record_limits`](TestServerBuilder::record_limits) says how many.
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.shared.with(|inner| inner.record.to_vec())
    }

    /// Forgets the requests so far.
    pub fn forget_requests(&self) {
        self.shared.with(|inner| inner.record.clear());
    }

    /// Sets the server's clock forward: grace periods end, bookmarks and timeouts of watches come due.
    ///
    /// Without it, the clock follows tokio's.
    pub fn advance(&self, by: Duration) {
        self.shared.with(|inner| {
            inner.state.clock.advance(by);
            crate::verbs::expire(&mut inner.state);
            inner.state.store.wake_all();
        });
    }

    /// Forgets every version but the current one: a watch or list at an older one is answered with 410.
    ///
    /// Watches that run go on.
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

/// How many connections may wait to be accepted. Where a thousand watches begin at once over HTTP/1.1, the 128 that are
/// the default overflow, and the system asks for those that it dropped again only a second later.
const BACKLOG: u32 = 4096;

/// Serves connections until it is dropped, and they with it.
async fn accept(listener: TcpListener, service: TestService) {
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let Ok((stream, _)) = listener.accept().await else {
            // Out of file descriptors, most likely: others may close theirs.
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        // Events are small, and awaited.
        let _ = stream.set_nodelay(true);
        let service = service.clone();
        connections.spawn(async move {
            let service = hyper::service::service_fn(move |request| service.clone().call(request));
            let builder = auto::Builder::new(TokioExecutor::new());
            // What goes wrong with a connection is the client's to see.
            let _ = builder.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}
