use std::marker::PhantomData;

use http::Method;

use super::{Encoded, Execute, Path, Request, resource_path};
use crate::meta::v1::DeleteOptions;
use crate::{ClusterResource, Deleted, List, NamespacedResource, Object};

/// Deletes all objects that it selects.
///
/// ```
/// use kubernetes_core::DeleteCollectionRequest;
/// # kubernetes_core::doc_test_resource!(Pod);
///
/// let request = DeleteCollectionRequest::<Pod>::namespaced("shop").label_selector("app=web");
/// assert_eq!(format!("{:?}", request.request()), "DELETE /api/v1/namespaces/shop/pods?labelSelector=app%3Dweb");
/// ```
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct DeleteCollectionRequest<K> {
    pub(crate) request: Request,
    answer: PhantomData<fn() -> K>,
}

impl<K> DeleteCollectionRequest<K> {
    /// Deletes what is at `path`.
    pub fn at(path: Path) -> Self {
        Self { request: Request::new(Method::DELETE, path), answer: PhantomData }
    }

    /// The request as it will be sent.
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// Sends these options as the body, for what is no parameter: preconditions.
    pub fn options(mut self, options: &DeleteOptions) -> Self {
        self.request = self.request.with_json(options);
        self
    }

    /// Deletes objects of one namespace.
    pub fn namespaced(namespace: impl AsRef<str>) -> Self
    where
        K: NamespacedResource,
    {
        Self::at(resource_path::namespaced::<K>(namespace.as_ref()))
    }

    /// Deletes objects of a cluster-scoped resource.
    pub fn cluster() -> Self
    where
        K: ClusterResource,
    {
        Self::at(resource_path::all::<K>())
    }

    /// Sends the request; the server answers with the objects deleted, or a Status.
    ///
    /// # Errors
    /// As [`Execute::execute`].
    ///
    /// # Cancel safety
    /// Dropping the future leaves open which objects the server has deleted.
    pub async fn send<E: Execute>(self, client: &E) -> Result<Deleted<List<K>>, E::Error>
    where
        K: Object,
    {
        client.execute(self.request, Encoded::decode).await
    }
}
