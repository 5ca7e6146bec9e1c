use std::collections::VecDeque;
use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};

use crate::request::RequestInfo;

/// A request as the server received it, and the code of its response.
#[derive(Clone)]
#[non_exhaustive]
pub struct RecordedRequest {
    /// The method.
    pub method: Method,
    /// The path.
    pub path: String,
    /// The query, unchanged; empty if there was none.
    pub query: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// The code of the response; `None` if there is none (yet).
    pub status: Option<StatusCode>,
    pub(crate) info: RequestInfo,
}

impl RecordedRequest {
    /// The Kubernetes verb: `get`, `list`, `watch`, `create`, `update`, `patch`, `delete` or `deletecollection`; for a
    /// non-resource path, the method in lower case.
    pub fn verb(&self) -> &str {
        &self.info.verb
    }

    /// The resource, followed by a slash and the subresource: `pods`, `deployments/status`. Empty for a non-resource
    /// path.
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

    /// The body as JSON; `null` if it is not JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

impl RecordedRequest {
    fn size(&self) -> usize {
        let headers = self.headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum::<usize>();
        self.body.len() + headers + self.path.len() + self.query.len()
    }
}

impl fmt::Debug for RecordedRequest {
    /// Shows the request line and the code of the response; headers and bodies may contain secrets.
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

/// The latest requests, within the limits.
#[derive(Debug)]
pub(crate) struct Record {
    limits: Limits,
    requests: VecDeque<RecordedRequest>,
    /// The size of all requests.
    bytes: usize,
    /// The number of discarded requests.
    forgotten: usize,
}

/// The limits of a record.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) requests: usize,
    /// The total size of the bodies, headers and URLs.
    pub(crate) bytes: usize,
}

/// The position of a request in the record, even after it was discarded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RequestId(usize);

impl Record {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, requests: VecDeque::new(), bytes: 0, forgotten: 0 }
    }

    /// Records a request; the oldest are discarded if the limits require it.
    pub(crate) fn push(&mut self, request: RecordedRequest) -> RequestId {
        let id = RequestId(self.forgotten + self.requests.len());
        self.bytes += request.size();
        self.requests.push_back(request);
        while self.requests.len() > self.limits.requests || self.bytes > self.limits.bytes {
            let Some(oldest) = self.requests.pop_front() else { break };
            self.bytes -= oldest.size();
            self.forgotten += 1;
        }
        id
    }

    /// Records the code of a response, unless the request has been discarded.
    pub(crate) fn note_status(&mut self, id: RequestId, status: StatusCode) {
        let index = id.0.checked_sub(self.forgotten);
        if let Some(request) = index.and_then(|index| self.requests.get_mut(index)) {
            request.status = Some(status);
        }
    }

    pub(crate) fn to_vec(&self) -> Vec<RecordedRequest> {
        self.requests.iter().cloned().collect()
    }

    pub(crate) fn clear(&mut self) {
        self.forgotten += self.requests.len();
        self.requests.clear();
        self.bytes = 0;
    }
}
