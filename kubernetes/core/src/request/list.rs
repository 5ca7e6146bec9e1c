use std::fmt;
use std::marker::PhantomData;

use http::Method;

use super::{Encoded, Execute, Path, Request, WatchRequest, resource_path};
use crate::{ClusterResource, List, NamespacedResource, Object, Str};

/// Lists objects; asked for its [watch form](Self::into_watch), it watches the same ones.
///
/// ```
/// use kubernetes_core::ListRequest;
/// # kubernetes_core::doc_test_resource!(Pod);
///
/// let request = ListRequest::<Pod>::namespaced("shop").label_selector("app=web").limit(500);
/// assert_eq!(format!("{:?}", request.request()), "GET /api/v1/namespaces/shop/pods?labelSelector=app%3Dweb&limit=500");
/// ```
#[must_use = "a request does nothing until it is sent"]
pub struct ListRequest<K> {
    pub(crate) request: Request,
    kind: PhantomData<fn() -> K>,
}

impl<K> ListRequest<K> {
    pub(super) fn from_request(request: Request) -> Self {
        Self { request, kind: PhantomData }
    }

    /// Lists what is at `path`.
    pub fn at(path: Path) -> Self {
        Self { request: Request::new(Method::GET, path), kind: PhantomData }
    }

    /// The request as it will be sent.
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// Starts where `list` ended: at its resourceVersion, so that a watch sees every later change.
    pub fn since<T>(self, list: &List<T>) -> Self {
        self.resource_version(list.resource_version())
    }

    /// Of the most recent state: without a resourceVersion, and without a `resourceVersionMatch`, which the server refuses
    /// where there is none.
    pub fn without_version(mut self) -> Self {
        self.request.query.remove("resourceVersion");
        self.request.query.remove("resourceVersionMatch");
        self
    }

    /// The watch of what this request lists, from its resourceVersion if one is set.
    ///
    /// Paging (`limit`, `continue`) and how a list may be stale (`resourceVersionMatch`) mean nothing to a watch
    /// and are left out.
    pub fn into_watch(self) -> WatchRequest<K> {
        WatchRequest::from_list(self.request)
    }

    /// The page after the one whose [`continue_token`](List::continue_token) this is.
    ///
    /// The token says which version is being listed. The server refuses a `resourceVersion` (but `0`) or a
    /// `resourceVersionMatch` beside it, so that both are left out (`ValidateListOptions` in
    /// <https://github.com/kubernetes/apiserver/blob/v0.37.2/pkg/storage/interfaces.go> and in apimachinery's
    /// `pkg/apis/meta/internalversion/validation`).
    pub fn next_page(self, token: impl Into<Str>) -> Self {
        let mut page = self.without_version();
        page.request.query.set("continue", token.into());
        page
    }

    /// The objects to list and from which version, without what concerns a single answer: its paging (`limit`,
    /// `continue`) and its time (`timeoutSeconds`). An empty resourceVersion, which is none, is left out as well.
    pub fn selection(mut self) -> Self {
        let query = &mut self.request.query;
        for name in ["limit", "continue", "timeoutSeconds"] {
            query.remove(name);
        }
        if query.get("resourceVersion") == Some("") {
            query.remove("resourceVersion");
        }
        self
    }

    /// The request that a transport is given.
    pub fn into_request(self) -> Request {
        self.request
    }

    /// Lists the objects of one namespace.
    pub fn namespaced(namespace: impl AsRef<str>) -> Self
    where
        K: NamespacedResource,
    {
        Self::at(resource_path::namespaced::<K>(namespace.as_ref()))
    }

    /// Lists the objects of all namespaces.
    pub fn all_namespaces() -> Self
    where
        K: NamespacedResource,
    {
        Self::at(resource_path::all::<K>())
    }

    /// Lists the objects of a cluster-scoped resource.
    pub fn cluster() -> Self
    where
        K: ClusterResource,
    {
        Self::at(resource_path::all::<K>())
    }

    /// Sends the request.
    ///
    /// # Errors
    /// As [`Execute::execute`].
    ///
    /// # Cancel safety
    /// Dropping the future abandons the request; nothing is changed on the server.
    pub async fn send<E: Execute>(self, client: &E) -> Result<List<K>, E::Error>
    where
        K: Object,
    {
        client.execute(self.request, Encoded::decode).await
    }
}

// Not derived: a request can be cloned and shown whatever it lists.
impl<K> Clone for ListRequest<K> {
    fn clone(&self) -> Self {
        Self { request: self.request.clone(), kind: PhantomData }
    }
}

impl<K> fmt::Debug for ListRequest<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ListRequest").field(&self.request).finish()
    }
}
