use std::marker::PhantomData;

use http::Method;

use super::{Execute, Path, Request, WatchRequest, resource_path};
use crate::{ClusterResource, List, NamespacedResource, Object, json};

/// Lists objects; asked for its [watch form](Self::into_watch), it watches the same ones.
///
/// ```
/// use kubernetes_core::ListRequest;
/// # kubernetes_core::doc_test_resource!(Pod);
///
/// let request = ListRequest::<Pod>::namespaced("shop").label_selector("app=web").limit(500);
/// assert_eq!(format!("{:?}", request.request()), "GET /api/v1/namespaces/shop/pods?labelSelector=app%3Dweb&limit=500");
/// ```
#[derive(Clone, Debug)]
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

    /// The watch of what this request lists, from its resourceVersion if one is set.
    ///
    /// Paging (`limit`, `continue`) and how a list may be stale (`resourceVersionMatch`) mean nothing to a watch
    /// and are left out.
    pub fn into_watch(self) -> WatchRequest<K> {
        WatchRequest::from_list(self.request)
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
        client.execute(self.request, json::from_slice).await
    }
}
