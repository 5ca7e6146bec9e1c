use std::fmt;

use http::Method;

use super::{Encoded, Execute, Path, Request, resource_path};
use crate::json::Value;
use crate::{ClusterResource, NamespacedResource};

/// Replaces an object, or a subresource.
///
/// ```
/// use kubernetes_core::ReplaceRequest;
/// # kubernetes_core::doc_test_resource!(Pod);
///
/// let pod = Pod::named("web");
/// let request = ReplaceRequest::namespaced("shop", &pod);
/// assert_eq!(format!("{:?}", request.request()), "PUT /api/v1/namespaces/shop/pods/web");
/// ```
///
/// If the object carries a resourceVersion, the server refuses to replace any other one (a conflict).
#[must_use = "a request does nothing until it is sent"]
pub struct ReplaceRequest<'a, T> {
    pub(crate) request: Request,
    body: &'a T,
}

impl<'a, T> ReplaceRequest<'a, T> {
    /// Puts `body` at `path`.
    pub fn at(path: Path, body: &'a T) -> Self {
        Self { request: Request::new(Method::PUT, path), body }
    }

    /// The request as it will be sent, without its body.
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// Replaces the object of this name in a namespace.
    pub fn namespaced(namespace: impl AsRef<str>, object: &'a T) -> Self
    where
        T: NamespacedResource,
    {
        let name = object.metadata().name.as_deref().unwrap_or_default();
        Self::at(resource_path::named::<T>(Some(namespace.as_ref()), name), object)
    }

    /// Replaces the object of this name of a cluster-scoped resource.
    pub fn cluster(object: &'a T) -> Self
    where
        T: ClusterResource,
    {
        let name = object.metadata().name.as_deref().unwrap_or_default();
        Self::at(resource_path::named::<T>(None, name), object)
    }

    /// Replaces what hangs below the object and is of the same type: its `status`, for which the server takes nothing
    /// else of the object. (And where there is this subresource, replacing the object leaves the status as it is.)
    ///
    /// ```
    /// use kubernetes_core::ReplaceRequest;
    /// # kubernetes_core::doc_test_resource!(Pod);
    ///
    /// let pod = Pod::named("web");
    /// let request = ReplaceRequest::namespaced("shop", &pod).subresource("status");
    /// assert_eq!(format!("{:?}", request.request()), "PUT /api/v1/namespaces/shop/pods/web/status");
    /// ```
    ///
    /// One of another type has a [path](Path::subresource).
    pub fn subresource(mut self, name: impl AsRef<str>) -> Self {
        self.request = self.request.below(name.as_ref());
        self
    }

    /// Sends the request; the server answers with the object as it then is.
    ///
    /// # Errors
    /// As [`Execute::execute`].
    ///
    /// # Cancel safety
    /// Dropping the future leaves open whether the server has replaced the object.
    pub async fn send<E: Execute>(self, client: &E) -> Result<T, E::Error>
    where
        T: Value + Send,
    {
        let request = self.request.with_json(self.body);
        client.execute(request, Encoded::decode).await
    }
}

impl<T> fmt::Debug for ReplaceRequest<'_, T> {
    /// The body is left out: it may hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ReplaceRequest").field(&self.request).finish()
    }
}
