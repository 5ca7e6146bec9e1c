//! A request as the server reads it: method, segments of the path, parameters, body.

use std::borrow::Cow;

use bytes::Bytes;
use http::{HeaderMap, Method, Uri};
use percent_encoding::percent_decode_str;

use crate::failure::{Failure, Result};

/// A request.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) method: Method,
    /// The segments of the path, decoded.
    pub(crate) segments: Vec<String>,
    pub(crate) query: Parameters,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Call {
    pub(crate) fn new(method: Method, uri: &Uri, headers: HeaderMap, body: Bytes) -> Self {
        let path = uri.path().trim_matches('/');
        let segments =
            path.split('/').filter(|segment| !segment.is_empty()).map(|segment| decode(segment).into_owned());
        Self {
            method,
            segments: segments.collect(),
            query: Parameters::parse(uri.query().unwrap_or_default()),
            headers,
            body,
        }
    }

    fn header(&self, name: http::header::HeaderName) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The media type of the body, without parameters.
    pub(crate) fn content_type(&self) -> &str {
        let value = self.header(http::header::CONTENT_TYPE);
        value.split(';').next().unwrap_or_default().trim()
    }

    /// The media types that are asked for, in order.
    pub(crate) fn accept(&self) -> impl Iterator<Item = &str> {
        self.header(http::header::ACCEPT).split(',').map(str::trim)
    }

    /// Who manages the fields: the parameter, or the beginning of the user agent
    /// (`managerOrUserAgent` in `apiserver/pkg/endpoints/handlers/create.go`).
    pub(crate) fn field_manager(&self) -> String {
        match self.query.get("fieldManager") {
            Some(manager) if !manager.is_empty() => manager.to_owned(),
            _ => {
                let agent = self.header(http::header::USER_AGENT);
                agent.split('/').next().unwrap_or_default().chars().take(128).collect()
            }
        }
    }
}

/// The parameters of a query.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parameters(Vec<(String, String)>);

impl Parameters {
    fn parse(query: &str) -> Self {
        let pairs = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (form_decode(name), form_decode(value))
        });
        Self(pairs.collect())
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A parameter that is not there or empty counts as unset.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|value| !value.is_empty())
    }

    /// As `runtime.Convert_Slice_string_To_bool`: anything but `false` and `0` is true.
    pub(crate) fn flag(&self, name: &str) -> Option<bool> {
        self.get(name).map(|value| !matches!(value.to_ascii_lowercase().as_str(), "false" | "0"))
    }

    pub(crate) fn integer(&self, name: &str) -> Result<Option<i64>> {
        let parse = |value: &str| {
            value
                .parse()
                .map_err(|_| Failure::bad_request(format!("strconv.ParseInt: parsing {value:?}: invalid syntax")))
        };
        self.text(name).map(parse).transpose()
    }
}

fn decode(text: &str) -> Cow<'_, str> {
    percent_decode_str(text).decode_utf8_lossy()
}

fn form_decode(text: &str) -> String {
    decode(&text.replace('+', " ")).into_owned()
}
