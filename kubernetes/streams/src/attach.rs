use std::fmt;

use kubernetes_client::Client;
use kubernetes_core::{ConnectRequest, Path, Str};

use crate::error::Error;
use crate::process::{DetachKeys, Process};
use crate::process_request::{ProcessRequest, setters};

/// Attaches to the main process of a container.
///
/// ```no_run
/// # use kubernetes_client::Client;
/// # use kubernetes_streams::Attach;
/// # async fn example(client: &Client) -> Result<(), Box<dyn std::error::Error>> {
/// let mut process = Attach::new("shop", "worker").start(client).await?;
/// let mut output = process.stdout().ok_or("stdout is there by default")?;
/// tokio::io::copy(&mut output, &mut tokio::io::sink()).await?;
/// # Ok(())
/// # }
/// ```
///
/// It sees only output from now on; earlier output is in the log. Input needs a container with `stdin: true`, and a
/// terminal one with `tty: true`. The exit status is that of the connection: with version 4 of the protocol, it is
/// always a success.
///
/// A program that fills its terminal draws it again only if the size changes. So [`resize`](Process::resize) it to one
/// column and row more at first, and then to the size that it has, as kubectl does.
///
/// The user needs the verb `create` on `pods/attach` (before Kubernetes 1.35, `get`).
#[derive(Clone)]
#[must_use = "a request does nothing until it is started"]
pub struct Attach {
    process: ProcessRequest,
}

impl Attach {
    /// Creates a request to attach to a pod.
    pub fn new(namespace: impl AsRef<str>, pod: impl AsRef<str>) -> Self {
        let arguments = [namespace.as_ref(), pod.as_ref()];
        Self {
            process: ProcessRequest::new(Path::new("/api/v1/namespaces/{namespace}/pods/{name}/attach", &arguments)),
        }
    }

    setters!();

    /// Sets keys that end the connection when they are written to [`Stdin`](crate::Stdin), and leave the process
    /// running. The outputs then end, and [`Process::wait`] returns an error for which
    /// [`is_detached`](Error::is_detached) is true.
    ///
    /// They need [`stdin`](Self::stdin) and [`tty`](Self::tty). By default, there are none.
    pub fn detach_keys(mut self, keys: DetachKeys) -> Self {
        self.process.detach_keys = Some(keys);
        self
    }

    /// Opens the connection.
    ///
    /// # Errors
    /// Returns an error if the request is invalid (a terminal with separate stderr, detach keys without a terminal, or
    /// no stream), in which case it is not sent, or if the server refuses it, in which case the error has its
    /// [`status`](Error::status).
    ///
    /// # Cancel safety
    /// If the future is dropped, the connection is closed.
    pub async fn start(self, client: &Client) -> Result<Process, Error> {
        self.process.start(client).await
    }
}

/// The request of a function such as `connect_get_namespaced_pod_attach`.
impl From<ConnectRequest<kubernetes_core::Attach>> for Attach {
    fn from(request: ConnectRequest<kubernetes_core::Attach>) -> Self {
        Self { process: ProcessRequest::of(request.into_request()) }
    }
}

impl fmt::Debug for Attach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Attach({})", self.process.request.path.as_str().unwrap_or("<invalid path>"))
    }
}
