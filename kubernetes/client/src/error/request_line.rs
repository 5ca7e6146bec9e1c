use http::Method;
use kubernetes_core::Request;

/// The method and path of a request. The query is left out, since it can be long.
#[derive(Debug)]
pub(crate) struct RequestLine {
    method: Method,
    /// `None` when the request's arguments make no valid path.
    path: Option<Box<str>>,
}

impl RequestLine {
    pub(crate) fn new(method: Method, path: &str) -> Self {
        Self { method, path: Some(path.into()) }
    }

    pub(crate) fn of(request: &Request) -> Self {
        Self { method: request.method.clone(), path: request.path.as_str().ok().map(Into::into) }
    }

    pub(crate) fn method(&self) -> &Method {
        &self.method
    }

    /// The path, or nothing.
    pub(crate) fn path(&self) -> &str {
        self.valid_path().unwrap_or_default()
    }

    pub(crate) fn valid_path(&self) -> Option<&str> {
        self.path.as_deref()
    }
}
