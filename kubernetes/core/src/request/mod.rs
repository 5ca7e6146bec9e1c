//! Requests as values: method, path, query and body, without a transport.

mod apply;
mod connect;
mod continue_tokens;
mod create;
mod delete;
mod delete_collection;
mod deleted;
mod encoded;
mod execute;
mod get;
mod list;
mod log;
mod log_lines;
mod pages;
mod patch;
mod query;
mod read;
mod replace;
mod shape;
mod views;
mod watch;

use std::fmt;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use http::{Method, Uri};

use crate::{InvalidRequest, Path};

pub use apply::{
    ApplyRequest, CLIENT_SIDE_APPLY_MANAGER, ExtractError, Extracted, FieldSet, PathElement, Step, extract,
    migrate_client_side_apply,
};
pub use connect::{Attach, ConnectRequest, Exec, PortForward, Proxy};
pub use continue_tokens::{ContinueTokens, EndlessList};
pub use create::CreateRequest;
pub use delete::DeleteRequest;
pub use delete_collection::DeleteCollectionRequest;
pub use deleted::Deleted;
pub use encoded::Encoded;
pub use execute::{Execute, RequestError};
pub use get::GetRequest;
pub use list::ListRequest;
pub use log::LogRequest;
pub use log_lines::LogLines;
pub use pages::{Items, Pages};
pub use patch::{Patch, PatchRequest};
pub use query::{Query, QueryValue};
pub use read::ReadRequest;
pub use replace::ReplaceRequest;
pub use watch::WatchRequest;

/// The parts that all requests have in common, for a transport.
///
/// Created by [`new`](Self::new); its fields can be set.
#[derive(Clone)]
#[non_exhaustive]
pub struct Request {
    /// The HTTP method.
    pub method: Method,
    /// The path, without the prefix of the server's URL.
    pub path: Path,
    /// The query parameters.
    pub query: Query,
    /// The accepted media types.
    pub accept: HeaderValue,
    /// The body, and its media type.
    pub body: Option<(HeaderValue, Result<Bytes, InvalidRequest>)>,
}

/// The media type of request bodies and accepted responses.
pub(crate) const JSON: HeaderValue = HeaderValue::from_static("application/json");

impl Request {
    /// Creates a request without parameters or body that accepts JSON.
    pub fn new(method: Method, path: Path) -> Self {
        Self { method, path, query: Query::default(), accept: JSON, body: None }
    }

    /// Adds a JSON body.
    pub(crate) fn with_json<V: crate::json::Value>(mut self, value: &V) -> Self {
        self.body = Some((JSON, crate::json::to_string(value).map(Bytes::from).map_err(InvalidRequest::from)));
        self
    }

    /// Converts it to a request of the `http` crate, whose URI is a path with a query.
    ///
    /// # Errors
    /// Returns an error if an argument is not allowed in a path, or the body could not be encoded.
    pub fn into_http(self) -> Result<http::Request<Bytes>, InvalidRequest> {
        let path = self.path.as_str()?;
        let uri = if self.query.is_empty() { path.to_owned() } else { format!("{path}?{}", self.query.encode()) };
        let uri: Uri = uri.parse().map_err(|error| InvalidRequest::new(format!("not a URI: {error}")))?;
        let (content_type, body) = match self.body {
            Some((content_type, body)) => (Some(content_type), body?),
            None => (None, Bytes::new()),
        };
        let mut request = http::Request::new(body);
        *request.method_mut() = self.method;
        *request.uri_mut() = uri;
        request.headers_mut().insert(ACCEPT, self.accept);
        if let Some(content_type) = content_type {
            request.headers_mut().insert(CONTENT_TYPE, content_type);
        }
        Ok(request)
    }
}

impl fmt::Debug for Request {
    /// Shows the request line. Omits the body, which may contain secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.as_str().unwrap_or("<invalid path>");
        write!(f, "{} {path}", self.method)?;
        if self.query.is_empty() { Ok(()) } else { write!(f, "?{}", self.query.encode()) }
    }
}
