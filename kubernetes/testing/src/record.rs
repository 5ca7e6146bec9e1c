//! What was asked of the server.

use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};

use crate::request_info::RequestInfo;

/// A request as it came, and the code of its answer.
#[derive(Clone)]
#[non_exhaustive]
pub struct RecordedRequest {
    /// The method.
    pub method: Method,
    /// The path.
    pub path: String,
    /// The query, as it was sent; empty if there was none.
    pub query: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// The code of the answer; `None` until it is answered, and if it never was.
    pub status: Option<StatusCode>,
    pub(crate) info: RequestInfo,
}

impl RecordedRequest {
    /// What the request does, in Kubernetes' terms: `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`,
    /// `deletecollection`; the method in lower case for what is no resource.
    pub fn verb(&self) -> &str {
        &self.info.verb
    }

    /// The resource, with the subresource behind a slash: `pods`, `deployments/status`. Empty for what is no resource.
    pub fn resource(&self) -> &str {
        &self.info.resource
    }

    /// The namespace in the path.
    pub fn namespace(&self) -> Option<&str> {
        self.info.namespace.as_deref()
    }

    /// The name in the path.
    pub fn name(&self) -> Option<&str> {
        self.info.name.as_deref()
    }

    /// The body as JSON; `null` if it is none.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

impl fmt::Debug for RecordedRequest {
    /// The request line and the code of the answer: headers and bodies may hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)?;
        if !self.query.is_empty() {
            write!(f, "?{}", self.query)?;
        }
        match self.status {
            Some(status) => write!(f, " → {}", status.as_u16()),
            None => f.write_str(" → no answer"),
        }
    }
}
