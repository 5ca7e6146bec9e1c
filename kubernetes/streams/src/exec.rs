use std::fmt;

use kubernetes_client::Client;
use kubernetes_core::{ConnectRequest, Path, Str};
use tokio::io::AsyncRead;

use crate::error::Error;
use crate::process::{Output, Process};
use crate::process_request::{ProcessRequest, setters};

/// Runs a command in a container.
///
/// ```no_run
/// # use kubernetes_client::Client;
/// # use kubernetes_streams::{Error, Exec};
/// # async fn example(client: &Client) -> Result<(), Error> {
/// let output = Exec::new("shop", "web", ["nginx", "-T"]).container("nginx").output(client).await?;
/// if output.status.success() {
///     println!("{}", String::from_utf8_lossy(&output.stdout));
/// } else {
///     eprintln!("{}: {}", output.status, String::from_utf8_lossy(&output.stderr));
/// }
/// # Ok(())
/// # }
/// ```
///
/// [`output`](Self::output) and [`output_with_input`](Self::output_with_input) collect the output of a command;
/// [`start`](Self::start) returns its streams. The command is not run by a shell: for pipes and variables, run `["sh", "-c", "…"]`. It is sent in the URL, so it must be short, and proxies may log it: pass secrets as input.
///
/// The connection is a WebSocket with version 5 of the channel protocol, or version 4 with servers before Kubernetes
/// 1.30. The user needs the verb `create` on `pods/exec` (before 1.35, `get`).
#[derive(Clone)]
#[must_use = "a request does nothing until it is started"]
pub struct Exec {
    process: ProcessRequest,
    output_limit: usize,
}

/// The default limit on the bytes of each output that are collected.
const OUTPUT_LIMIT: usize = 16 * 1024 * 1024;

impl Exec {
    /// Creates a request to run a command in a pod: a program and its arguments.
    pub fn new(
        namespace: impl AsRef<str>,
        pod: impl AsRef<str>,
        command: impl IntoIterator<Item = impl Into<Str>>,
    ) -> Self {
        let arguments = [namespace.as_ref(), pod.as_ref()];
        let path = Path::new("/api/v1/namespaces/{namespace}/pods/{name}/exec", &arguments);
        let mut process = ProcessRequest::new(path);
        process.request.query.set_all("command", command.into_iter().map(Into::<Str>::into));
        Self { process, output_limit: OUTPUT_LIMIT }
    }

    setters!();

    /// Sets the maximum number of bytes of stdout, and of stderr, that [`output`](Self::output) collects. Defaults to
    /// 16 MiB.
    pub fn output_limit(mut self, bytes: usize) -> Self {
        self.output_limit = bytes;
        self
    }

    /// Starts the command.
    ///
    /// # Errors
    /// Returns an error if the request is invalid (a terminal with separate stderr, no command, or no stream), in which
    /// case it is not sent, or if the server refuses it, in which case the error has its [`status`](Error::status). If
    /// the command can't be run, [`Process::wait`] returns the error.
    ///
    /// # Cancel safety
    /// If the future is dropped, the connection is closed, but the command may be running. It is never started twice.
    pub async fn start(self, client: &Client) -> Result<Process, Error> {
        if self.process.request.query.get("command").is_none() {
            return Err(Error::invalid("the command is empty"));
        }
        self.process.start(client).await
    }

    /// Runs the command without input, and collects its outputs.
    ///
    /// # Errors
    /// See [`start`](Self::start) and [`Process::output`]. An exit code is not an error.
    ///
    /// # Cancel safety
    /// If the future is dropped, the connection is closed and the collected output is lost.
    pub async fn output(self, client: &Client) -> Result<Output, Error> {
        let limit = self.output_limit;
        self.stdin(false).start(client).await?.output(limit).await
    }

    /// Runs the command with an input until it ends, and collects its outputs.
    ///
    /// ```no_run
    /// # use kubernetes_client::Client;
    /// # use kubernetes_streams::{Error, Exec};
    /// # async fn example(client: &Client) -> Result<(), Error> {
    /// let query = b"SELECT count(*) FROM orders;\n".as_slice();
    /// let output = Exec::new("shop", "database", ["psql", "-At"]).output_with_input(client, query).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// See [`start`](Self::start) and [`Process::output_with_input`].
    ///
    /// # Cancel safety
    /// Like [`output`](Self::output).
    pub async fn output_with_input(self, client: &Client, input: impl AsyncRead) -> Result<Output, Error> {
        let limit = self.output_limit;
        self.stdin(true).start(client).await?.output_with_input(input, limit).await
    }
}

/// The request of a function such as `connect_get_namespaced_pod_exec`.
impl From<ConnectRequest<kubernetes_core::Exec>> for Exec {
    fn from(request: ConnectRequest<kubernetes_core::Exec>) -> Self {
        Self { process: ProcessRequest::of(request.into_request()), output_limit: OUTPUT_LIMIT }
    }
}

impl fmt::Debug for Exec {
    /// Omits the query: a command may contain secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Exec({})", self.process.request.path.as_str().unwrap_or("<invalid path>"))
    }
}
