use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use kubernetes_client::{Body, Client};
use kubernetes_core::GroupVersionKind;
use kubernetes_core::json::{DecodeError, Reader};
use kubernetes_dynamic::{Discovery, Mapper};
use serde_json::Value;
use tower_service::Service;

/// A document at `/apis` is read as a naive walk over it reads it, or is an error; whatever is read can be found.
pub(super) fn check(data: &[u8]) {
    if kinds(data).is_ok_and(|kinds| kinds > 1) {
        // Of two, the first decides how the document is read.
        return;
    }
    let server = Server(Bytes::copy_from_slice(data));
    let client = Client::with_service(server, "default");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let discovery = runtime.block_on(Discovery::run(&client));
    let document: Option<Value> = serde_json::from_slice(data).ok();
    // serde_json takes numbers that no double holds for an error only where they are read.
    let expected = document.as_ref().and_then(names);
    match (&discovery, &expected) {
        (Ok(discovery), Some(expected)) => {
            let found: Vec<_> =
                discovery.resources().map(|resource| (resource.to_string(), resource.namespaced)).collect();
            assert_eq!(&found, expected, "{}", String::from_utf8_lossy(data));
        }
        (Err(_), None) => return,
        (discovery, expected) => {
            let text = String::from_utf8_lossy(data);
            panic!("{:?}, expected {expected:?}: {text}", discovery.as_ref().map(|_| ()).map_err(ToString::to_string))
        }
    }
    let Ok(discovery) = discovery else { return };
    let mapper = Mapper::new(&client);
    for resource in discovery.resources().take(20) {
        let GroupVersionKind { group, version, kind } = resource.group_version_kind();
        if version.is_empty() {
            continue;
        }
        match runtime.block_on(mapper.kind(&resource.group_version_kind())) {
            Ok(found) => assert_eq!((found.group, found.version, found.kind), (group, version, kind)),
            Err(error) => assert!(error.is_ambiguous(), "{resource}: {error}"),
        }
        let _ = runtime.block_on(mapper.resource(&resource.to_string()));
    }
}

/// The number of times that a document says its kind.
fn kinds(data: &[u8]) -> Result<usize, DecodeError> {
    let mut reader = Reader::from_slice(data)?;
    let (mut first, mut count) = (true, 0);
    reader.begin_object()?;
    while let Some(key) = reader.next_key(&mut first)? {
        count += usize::from(key == "kind");
        reader.skip()?;
    }
    Ok(count)
}

/// Answers every request with the same document, but `/api` with no group, and no version with its resources.
#[derive(Clone)]
struct Server(Bytes);

impl Service<Request<Body>> for Server {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let (status, body) = match request.uri().path() {
            "/api" => (200, Bytes::from_static(br#"{"kind": "APIGroupDiscoveryList", "items": []}"#)),
            "/apis" => (200, self.0.clone()),
            _ => (404, Bytes::new()),
        };
        let mut response = Response::new(Full::from(body));
        *response.status_mut() = http::StatusCode::from_u16(status).unwrap();
        ready(Ok(response))
    }
}

/// The resources of a document, and whether they are namespaced; `None` if it is not one of the forms.
fn names(document: &Value) -> Option<Vec<(String, bool)>> {
    match document.as_object()?.get("kind")?.as_str()? {
        "APIGroupDiscoveryList" => aggregated(document),
        "APIVersions" => classic_versions(document),
        "APIGroupList" => classic(document),
        _ => None,
    }
}

fn aggregated(document: &Value) -> Option<Vec<(String, bool)>> {
    let mut names = Vec::new();
    text(document, "apiVersion")?;
    for group in list(document, "items")? {
        let name = text(object(group, "metadata")?, "name")?;
        for version in list(group, "versions")? {
            let of_version = text(version, "version")?;
            text(version, "freshness")?;
            for resource in list(version, "resources")? {
                let plural = text(resource, "resource")?;
                let namespaced = text(resource, "scope")? == "Namespaced";
                text(resource, "singularResource")?;
                for key in ["verbs", "shortNames", "categories"] {
                    texts(resource, key)?;
                }
                for subresource in list(resource, "subresources")? {
                    text(subresource, "subresource")?;
                    texts(subresource, "verbs")?;
                    kind(subresource)?;
                }
                if !kind(resource)?.is_empty() {
                    names.push((format!("{plural}.{of_version}.{name}"), namespaced));
                }
            }
        }
    }
    Some(names)
}

fn kind(resource: &Value) -> Option<&str> {
    let of_type = object(resource, "responseKind")?;
    text(of_type, "group")?;
    text(of_type, "version")?;
    text(of_type, "kind")
}

/// The classic forms name no resources themselves.
fn classic(document: &Value) -> Option<Vec<(String, bool)>> {
    is_one_of(text(document, "apiVersion")?, &["", "v1"])?;
    for group in list(document, "groups")? {
        is_one_of(text(group, "apiVersion")?, &["", "v1"])?;
        is_one_of(text(group, "kind")?, &["", "APIGroup"])?;
        text(group, "name")?;
        let versions = list(group, "versions")?.iter().chain([object(group, "preferredVersion")?]);
        for version in versions {
            text(version, "groupVersion")?;
            text(version, "version")?;
        }
        addresses(group)?;
    }
    Some(Vec::new())
}

fn classic_versions(document: &Value) -> Option<Vec<(String, bool)>> {
    is_one_of(text(document, "apiVersion")?, &["", "v1"])?;
    texts(document, "versions")?;
    addresses(document)?;
    Some(Vec::new())
}

fn addresses(document: &Value) -> Option<()> {
    for address in list(document, "serverAddressByClientCIDRs")? {
        text(address, "clientCIDR")?;
        text(address, "serverAddress")?;
    }
    Some(())
}

fn is_one_of(text: &str, values: &[&str]) -> Option<()> {
    values.contains(&text).then_some(())
}

const NOTHING: &Value = &Value::Null;

/// A field of an object, for which null will do.
fn field<'a>(of: &'a Value, key: &str) -> Option<&'a Value> {
    match of {
        Value::Null => Some(NOTHING),
        Value::Object(fields) => Some(fields.get(key).unwrap_or(NOTHING)),
        _ => None,
    }
}

fn text<'a>(of: &'a Value, key: &str) -> Option<&'a str> {
    match field(of, key)? {
        Value::Null => Some(""),
        value => value.as_str(),
    }
}

fn list<'a>(of: &'a Value, key: &str) -> Option<&'a [Value]> {
    match field(of, key)? {
        Value::Null => Some(&[]),
        value => value.as_array().map(Vec::as_slice),
    }
}

fn texts(of: &Value, key: &str) -> Option<()> {
    list(of, key)?.iter().all(|value| value.is_null() || value.is_string()).then_some(())
}

fn object<'a>(of: &'a Value, key: &str) -> Option<&'a Value> {
    field(of, key).filter(|value| value.is_null() || value.is_object())
}
