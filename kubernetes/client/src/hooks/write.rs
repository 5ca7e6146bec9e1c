use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, UPGRADE};
use http::{HeaderValue, Method, Request};
use http_body::Body as _;
use kubernetes_core::meta::v1::DeleteOptions;
use kubernetes_core::{Encoded, GroupVersionResource, ObjectKey, ObjectMeta};

use super::object::WrittenObject;
use crate::body::Body;
use crate::error::RequestLine;
use crate::path::ResourcePath;

/// A write, for a [`WriteHook`](super::WriteHook), before and after it is sent.
#[derive(Clone, Debug)]
pub struct Write {
    line: Arc<RequestLine>,
    content_type: Option<HeaderValue>,
    /// Empty if it is not in memory.
    body: Bytes,
    is_upgrade: bool,
}

impl Write {
    /// `None` for a request that is not a write.
    pub(crate) fn of(request: &Request<Body>, line: &Arc<RequestLine>) -> Option<Self> {
        let is_upgrade = request.headers().contains_key(UPGRADE);
        let is_read = [Method::GET, Method::HEAD, Method::OPTIONS, Method::TRACE].contains(request.method());
        if is_read && !is_upgrade || is_dry_run(request) {
            return None;
        }
        Some(Self {
            line: Arc::clone(line),
            content_type: request.headers().get(CONTENT_TYPE).cloned(),
            body: request.body().bytes(),
            is_upgrade,
        })
    }

    /// The method of the request.
    pub fn method(&self) -> &Method {
        self.line.method()
    }

    /// The path of the request, without its query.
    pub fn path(&self) -> &str {
        self.line.path()
    }

    /// The resource; `None` for a path that is not a resource's, such as `/metrics`.
    pub fn resource(&self) -> Option<GroupVersionResource> {
        self.resource_path().map(|path| path.group_version_resource())
    }

    /// The subresource, such as `status` or `eviction`.
    pub fn subresource(&self) -> Option<Cow<'_, str>> {
        self.resource_path()?.subresource()
    }

    /// The namespace in the path.
    pub fn namespace(&self) -> Option<Cow<'_, str>> {
        self.resource_path()?.namespace()
    }

    /// The object, from the path or the body of a create. `None` for a collection, and for a create with
    /// `generateName`.
    pub fn key(&self) -> Option<ObjectKey> {
        let path = self.resource_path()?;
        path.key().or_else(|| {
            let name = self.sent_metadata()?.name.filter(|name| !name.is_empty())?;
            (self.method() == Method::POST).then(|| ObjectKey::new(path.namespace().as_deref(), &name))
        })
    }

    /// The metadata in the body, if that is an object or part of one: for a create, a replace, an apply or a merge
    /// patch.
    pub fn sent_metadata(&self) -> Option<ObjectMeta> {
        let body = Encoded::new(self.content_type.clone(), self.body.clone());
        body.decode::<WrittenObject>().ok().map(|object| object.metadata)
    }

    /// Whether it deletes a collection: the objects that match the request's selectors.
    pub fn is_collection_delete(&self) -> bool {
        self.method() == Method::DELETE && self.resource_path().is_some_and(|path| path.name.is_none())
    }

    /// Whether it [upgrades](crate::Client::upgrade) the connection, such as an exec.
    pub fn is_upgrade(&self) -> bool {
        self.is_upgrade
    }

    /// Whether the API server answers it with an object or `Status`, not with whatever is behind a proxy or path.
    pub(super) fn has_object_response(&self) -> bool {
        self.resource_path().is_some_and(|path| path.subresource().as_deref() != Some("proxy"))
    }

    pub(super) fn line(&self) -> &Arc<RequestLine> {
        &self.line
    }

    fn resource_path(&self) -> Option<ResourcePath<'_>> {
        ResourcePath::parse(self.path())
    }
}

/// The server ignores the query of a DELETE that has a body (`apiserver/pkg/endpoints/handlers/delete.go`).
fn is_dry_run(request: &Request<Body>) -> bool {
    if request.method() == Method::DELETE && !request.body().is_end_stream() {
        let body = Encoded::new(request.headers().get(CONTENT_TYPE).cloned(), request.body().bytes());
        let options = body.decode::<DeleteOptions>();
        return options.is_ok_and(|options| options.dry_run.iter().any(|stages| stages == "All"));
    }
    let query = request.uri().query();
    query.is_some_and(|query| query.split('&').any(|parameter| parameter == "dryRun=All"))
}
