use std::marker::PhantomData;

use http::Method;

use super::{Encoded, Execute, Path, Request, resource_path};
use crate::json::Value;
use crate::meta::v1::DeleteOptions;
use crate::{ClusterResource, Deleted, NamespacedResource};

/// Deletes an object.
///
/// ```
/// use kubernetes_core::DeleteRequest;
/// # kubernetes_core::doc_test_resource!(Pod);
///
/// let request = DeleteRequest::<Pod>::namespaced("shop", "web").propagation_policy("Foreground");
/// assert_eq!(
///     format!("{:?}", request.request()),
///     "DELETE /api/v1/namespaces/shop/pods/web?propagationPolicy=Foreground"
/// );
/// ```
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct DeleteRequest<K> {
    pub(crate) request: Request,
    answer: PhantomData<fn() -> K>,
}

impl<K> DeleteRequest<K> {
    /// Deletes what is at `path`.
    pub fn at(path: Path) -> Self {
        Self { request: Request::new(Method::DELETE, path), answer: PhantomData }
    }

    /// The request as it will be sent.
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// Sends these options as the body, for what is no parameter: preconditions.
    ///
    /// The server ignores the request's parameters then.
    pub fn options(mut self, options: &DeleteOptions) -> Self {
        self.request = self.request.with_json(options);
        self
    }

    /// Deletes an object of a namespace.
    pub fn namespaced(namespace: impl AsRef<str>, name: impl AsRef<str>) -> Self
    where
        K: NamespacedResource,
    {
        Self::at(resource_path::named::<K>(Some(namespace.as_ref()), name.as_ref()))
    }

    /// Deletes an object of a cluster-scoped resource.
    pub fn cluster(name: impl AsRef<str>) -> Self
    where
        K: ClusterResource,
    {
        Self::at(resource_path::named::<K>(None, name.as_ref()))
    }

    /// Sends the request.
    ///
    /// # Errors
    /// As [`Execute::execute`].
    ///
    /// # Cancel safety
    /// Dropping the future leaves open whether the server has deleted the object.
    pub async fn send<E: Execute>(self, client: &E) -> Result<Deleted<K>, E::Error>
    where
        K: Value + Send,
    {
        client.execute(self.request, Encoded::decode).await
    }
}
