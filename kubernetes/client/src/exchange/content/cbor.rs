//! Requests in CBOR, for a server that may not speak it.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard};

use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderValue, Request, StatusCode};
use kubernetes_core::cbor;

use crate::body::Body;
use crate::error::Error;
use crate::path;
use crate::sync::lock;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const CBOR: HeaderValue = HeaderValue::from_static(cbor::MEDIA_TYPE);

/// Like client-go's dynamic client, so that a server without CBOR answers in JSON.
const CBOR_OR_JSON: HeaderValue = HeaderValue::from_static("application/cbor,application/json;q=0.9");

/// Patches that are whole objects; the other kinds have no form in CBOR.
const APPLY_JSON: HeaderValue = HeaderValue::from_static("application/apply-patch+yaml");
const APPLY_CBOR: HeaderValue = HeaderValue::from_static("application/apply-patch+cbor");

/// The groups with their versions that have refused a body in CBOR, and are sent no other: each may have a server of
/// its own.
#[derive(Debug, Default)]
pub(super) struct Refused(Mutex<BTreeSet<Box<str>>>);

impl Refused {
    /// Turns a request in JSON into one in CBOR. Any other is left as it is.
    pub(super) fn prefer_cbor(&self, request: &mut Request<Body>) {
        if let Some(accept) = request.headers_mut().get_mut(ACCEPT)
            && let Some(preferred) = preferring_cbor(accept)
        {
            *accept = preferred;
        }
        let cbor = match request.headers().get(CONTENT_TYPE) {
            Some(content_type) if content_type == JSON => CBOR,
            Some(content_type) if content_type == APPLY_JSON => APPLY_CBOR,
            _ => return,
        };
        if self.lock().contains(group_version(request)) {
            return;
        }
        // An apply may be YAML that is not JSON. What can't be encoded is for the server to refuse.
        if let Some(body) =
            std::str::from_utf8(&request.body().bytes()).ok().and_then(|json| cbor::from_json(json).ok())
        {
            *request.body_mut() = body.into();
            request.headers_mut().insert(CONTENT_TYPE, cbor);
        }
    }

    /// Turns a request in CBOR into one in JSON, if the server refused it for that: nothing was done, so that any
    /// request may be sent again. From now on all bodies to the same group and version are JSON, as in client-go, whose
    /// clients are for one each (`rest/client.go`).
    pub(super) fn fall_back(&self, request: &mut Request<Body>, error: &Error) -> bool {
        if error.http_status() != Some(StatusCode::UNSUPPORTED_MEDIA_TYPE) {
            return false;
        }
        let json = match request.headers().get(CONTENT_TYPE) {
            Some(content_type) if content_type == CBOR => JSON,
            Some(content_type) if content_type == APPLY_CBOR => APPLY_JSON,
            _ => return false,
        };
        let Ok(body) = cbor::to_json(&request.body().bytes()) else { return false };
        *request.body_mut() = body.into();
        request.headers_mut().insert(CONTENT_TYPE, json);
        let group_version = group_version(request);
        if self.lock().insert(group_version.into()) {
            tracing::debug!(group_version, "CBOR was refused (415): bodies are sent as JSON from now on");
        }
        true
    }

    fn lock(&self) -> MutexGuard<'_, BTreeSet<Box<str>>> {
        lock(&self.0)
    }
}

/// The group and version of a request, or the path that stands for them.
fn group_version(request: &Request<Body>) -> &str {
    let path = request.uri().path();
    path::root(path).unwrap_or(path)
}

/// The media types that a request accepts, those of JSON also as CBOR and before; `None` if the first is not JSON.
fn preferring_cbor(accept: &HeaderValue) -> Option<HeaderValue> {
    if accept == JSON {
        return Some(CBOR_OR_JSON);
    }
    // A view of objects, such as `application/json;as=Table;v=v1;g=meta.k8s.io,application/json`.
    let accept = accept.to_str().ok()?;
    let view = accept.split(',').next()?.strip_prefix("application/json;as=")?;
    HeaderValue::try_from(format!("{};as={view},{accept}", cbor::MEDIA_TYPE)).ok()
}
