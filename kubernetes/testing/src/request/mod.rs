//! Parsed requests: method, path, query, headers and body.

mod info;
mod path;
mod query;

use bytes::Bytes;
use http::{HeaderMap, Method, Uri};
use percent_encoding::percent_decode_str;

pub(crate) use info::RequestInfo;
pub(crate) use path::ResourcePath;
pub(crate) use query::Query;

/// A request.
#[derive(Clone, Debug)]
pub(crate) struct ApiRequest {
    pub(crate) method: Method,
    /// The segments of the path, decoded.
    pub(crate) segments: Vec<String>,
    /// The resource in the path, if there is one.
    pub(crate) path: Option<ResourcePath>,
    pub(crate) query: Query,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl ApiRequest {
    pub(crate) fn new(method: Method, uri: &Uri, headers: HeaderMap, body: Bytes) -> Self {
        let segments = uri.path().split('/').filter(|segment| !segment.is_empty());
        let segments = segments.map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned());
        let segments: Vec<String> = segments.collect();
        let path = ResourcePath::parse(&segments);
        Self { method, segments, path, query: Query::parse(uri.query().unwrap_or_default()), headers, body }
    }

    fn header(&self, name: http::header::HeaderName) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The impersonated user, if any, as there is no authentication.
    pub(crate) fn user(&self) -> String {
        let user = self.headers.get("impersonate-user").and_then(|value| value.to_str().ok());
        user.unwrap_or("kubernetes-admin").to_owned()
    }

    /// The media type of the body, without parameters.
    pub(crate) fn content_type(&self) -> &str {
        let value = self.header(http::header::CONTENT_TYPE);
        value.split(';').next().unwrap_or_default().trim()
    }

    /// The acceptable media types, in order.
    pub(crate) fn accept(&self) -> impl Iterator<Item = MediaType<'_>> {
        self.header(http::header::ACCEPT).split(',').map(MediaType::parse)
    }

    /// The manager of the fields that the request writes: the parameter, or else the beginning of the user agent
    /// (`managerOrUserAgent` in `apiserver/pkg/endpoints/handlers/create.go`).
    pub(crate) fn field_manager(&self) -> String {
        match self.query.text("fieldManager") {
            Some(manager) => manager.to_owned(),
            None => {
                let agent = self.header(http::header::USER_AGENT);
                agent.split('/').next().unwrap_or_default().chars().take(128).collect()
            }
        }
    }
}

/// A media type with its parameters.
#[derive(Clone, Debug)]
pub(crate) struct MediaType<'a> {
    pub(crate) name: &'a str,
    parameters: Vec<&'a str>,
}

impl<'a> MediaType<'a> {
    fn parse(text: &'a str) -> Self {
        let mut parts = text.split(';').map(str::trim);
        Self { name: parts.next().unwrap_or_default(), parameters: parts.collect() }
    }

    pub(crate) fn has_parameters(&self) -> bool {
        !self.parameters.is_empty()
    }

    /// The kind to which the server should convert its response, if it is of this group and version:
    /// `as=Table;g=meta.k8s.io;v=v1`.
    pub(crate) fn converts_to(&self, group: &str, version: &str) -> Option<&'a str> {
        let parameter = |name: &str| {
            let mut values = self.parameters.iter().filter_map(|parameter| parameter.split_once('='));
            values.find(|(other, _)| *other == name).map(|(_, value)| value)
        };
        parameter("as").filter(|_| parameter("g") == Some(group) && parameter("v") == Some(version))
    }

    pub(crate) fn is_converted(&self) -> bool {
        self.parameters.iter().any(|parameter| parameter.starts_with("as="))
    }
}
