use std::fmt;
use std::marker::PhantomData;

use http::Method;

use super::Request;
use crate::Path;

/// Connects to a pod, a service or a node. `P` is the protocol: exec, attach, port-forward or proxy.
///
/// ```
/// use kubernetes_core::{ConnectRequest, Exec, Path};
/// use http::Method;
///
/// let path = Path::new("/api/v1/namespaces/{namespace}/pods/{name}/exec", &["shop", "web"]);
/// let request = ConnectRequest::<Exec>::at(Method::GET, path).command(["ls", "-l"]).stdout(true);
/// assert_eq!(
///     format!("{:?}", request.request()),
///     "GET /api/v1/namespaces/shop/pods/web/exec?command=ls&command=-l&stdout=true"
/// );
/// ```
///
/// It can't be sent like other requests, because a connection follows the response; `kubernetes-streams` opens it.
#[must_use = "a request does nothing until it is opened"]
pub struct ConnectRequest<P> {
    pub(crate) request: Request,
    purpose: PhantomData<fn() -> P>,
}

/// Marks a [`ConnectRequest`] that runs a command in a container.
#[derive(Clone, Copy, Debug)]
pub enum Exec {}

/// Marks a [`ConnectRequest`] that attaches to a container's main process.
#[derive(Clone, Copy, Debug)]
pub enum Attach {}

/// Marks a [`ConnectRequest`] that forwards ports of a pod.
#[derive(Clone, Copy, Debug)]
pub enum PortForward {}

/// Marks a [`ConnectRequest`] that speaks HTTP to a pod, a service or a node by way of the API server.
#[derive(Clone, Copy, Debug)]
pub enum Proxy {}

impl<P> ConnectRequest<P> {
    /// Creates a request that connects to the object at `path`.
    pub fn at(method: Method, path: Path) -> Self {
        let mut request = Request::new(method, path);
        request.accept = http::HeaderValue::from_static("*/*");
        Self { request, purpose: PhantomData }
    }

    /// The request for a transport.
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// Converts this into the request for a transport.
    pub fn into_request(self) -> Request {
        self.request
    }
}

impl<P> Clone for ConnectRequest<P> {
    fn clone(&self) -> Self {
        Self { request: self.request.clone(), purpose: PhantomData }
    }
}

impl<P> fmt::Debug for ConnectRequest<P> {
    /// Omits the query: a command may contain secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.request.path.as_str().unwrap_or("<invalid path>");
        write!(f, "ConnectRequest({} {path})", self.request.method)
    }
}
