use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use http::header::{CONTENT_TYPE, UPGRADE};
use http::{HeaderValue, Method, Request};
use http_body::Body as _;
use kubernetes_core::meta::v1::DeleteOptions;
use kubernetes_core::{Encoded, GroupVersionResource, ObjectKey, ObjectMeta, Str};

use super::object::WrittenObject;
use crate::body::Body;
use crate::error::RequestLine;
use crate::path::ResourcePath;

/// A write, for a [`WriteHook`](super::WriteHook), before and after it is sent.
///
/// A clone shares the body, which stays in memory as long as any of them.
#[derive(Clone, Debug)]
pub struct Write(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    line: Arc<RequestLine>,
    target: Option<Target>,
    /// The object that a create names in its body.
    created: OnceLock<Option<ObjectKey>>,
    content_type: Option<HeaderValue>,
    /// Empty if it is not in memory.
    body: Bytes,
    is_upgrade: bool,
}

/// The resource and object in the path.
#[derive(Debug)]
struct Target {
    resource: GroupVersionResource,
    subresource: Option<Str>,
    namespace: Option<Str>,
    /// `None` for a collection.
    key: Option<ObjectKey>,
}

impl Target {
    /// `None` for a path that is not a resource's.
    fn of(path: &str) -> Option<Self> {
        let path = ResourcePath::parse(path)?;
        Some(Self {
            resource: path.group_version_resource(),
            subresource: path.subresource().map(Str::from),
            namespace: path.namespace().map(Str::from),
            key: path.key(),
        })
    }
}

impl Write {
    /// `None` for a request that is not a write.
    pub(crate) fn of(request: &Request<Body>, line: &Arc<RequestLine>) -> Option<Self> {
        let is_upgrade = request.headers().contains_key(UPGRADE);
        let is_read = [Method::GET, Method::HEAD, Method::OPTIONS, Method::TRACE].contains(request.method());
        if is_read && !is_upgrade || is_dry_run(request) {
            return None;
        }
        Some(Self(Arc::new(Parts {
            target: Target::of(line.path()),
            line: Arc::clone(line),
            created: OnceLock::new(),
            content_type: request.headers().get(CONTENT_TYPE).cloned(),
            body: request.body().bytes(),
            is_upgrade,
        })))
    }

    /// The method of the request.
    pub fn method(&self) -> &Method {
        self.0.line.method()
    }

    /// The path of the request, without its query.
    pub fn path(&self) -> &str {
        self.0.line.path()
    }

    /// The resource; `None` for a path that is not a resource's, such as `/metrics`.
    pub fn resource(&self) -> Option<&GroupVersionResource> {
        self.target().map(|target| &target.resource)
    }

    /// The subresource, such as `status` or `eviction`.
    pub fn subresource(&self) -> Option<&str> {
        self.target()?.subresource.as_deref()
    }

    /// The namespace in the path.
    pub fn namespace(&self) -> Option<&str> {
        self.target()?.namespace.as_deref()
    }

    /// The object, from the path or the body of a create. `None` for a collection, and for a create with
    /// `generateName`.
    pub fn key(&self) -> Option<&ObjectKey> {
        let target = self.target()?;
        target.key.as_ref().or_else(|| self.0.created.get_or_init(|| self.created(target)).as_ref())
    }

    fn created(&self, target: &Target) -> Option<ObjectKey> {
        if self.method() != Method::POST {
            return None;
        }
        let name = self.sent_metadata()?.name.filter(|name| !name.is_empty())?;
        Some(ObjectKey::new(target.namespace.as_deref(), &name))
    }

    /// The metadata in the body, if that is an object or part of one: for a create, a replace, an apply or a merge
    /// patch.
    pub fn sent_metadata(&self) -> Option<ObjectMeta> {
        let body = Encoded::new(self.0.content_type.clone(), self.0.body.clone());
        body.decode::<WrittenObject>().ok().map(|object| object.metadata)
    }

    /// Whether it deletes a collection: the objects that match the request's selectors.
    pub fn is_collection_delete(&self) -> bool {
        self.method() == Method::DELETE && self.target().is_some_and(|target| target.key.is_none())
    }

    /// Whether it [upgrades](crate::Client::upgrade) the connection, such as an exec.
    pub fn is_upgrade(&self) -> bool {
        self.0.is_upgrade
    }

    /// Whether the API server answers it with an object or `Status`, not with whatever is behind a proxy or path.
    pub(super) fn has_object_response(&self) -> bool {
        self.target().is_some_and(|target| target.subresource.as_deref() != Some("proxy"))
    }

    pub(super) fn line(&self) -> &Arc<RequestLine> {
        &self.0.line
    }

    fn target(&self) -> Option<&Target> {
        self.0.target.as_ref()
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
