use std::fmt;
use std::marker::PhantomData;

use http::Method;

use super::{Encoded, Execute, Path, Request, resource_path};
use crate::json::Value;
use crate::{ClusterResource, NamespacedResource};

/// Creates an object, or posts to a subresource; the server answers with an `O`, as a rule the object as created.
///
/// ```
/// use kubernetes_core::CreateRequest;
/// # kubernetes_core::doc_test_resource!(Pod);
///
/// let pod = Pod::named("web");
/// let request = CreateRequest::namespaced("shop", &pod).field_manager("demo");
/// assert_eq!(format!("{:?}", request.request()), "POST /api/v1/namespaces/shop/pods?fieldManager=demo");
/// ```
///
/// The object is encoded when the request is sent.
#[must_use = "a request does nothing until it is sent"]
pub struct CreateRequest<'a, T, O = T> {
    pub(crate) request: Request,
    body: &'a T,
    answer: PhantomData<fn() -> O>,
}

impl<'a, T, O> CreateRequest<'a, T, O> {
    /// Posts `body` to `path`.
    pub fn at(path: Path, body: &'a T) -> Self {
        Self { request: Request::new(Method::POST, path), body, answer: PhantomData }
    }

    /// The request as it will be sent, without its body.
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// Sends the request.
    ///
    /// # Errors
    /// As [`Execute::execute`].
    ///
    /// # Cancel safety
    /// Dropping the future leaves open whether the server has created the object.
    pub async fn send<E: Execute>(self, client: &E) -> Result<O, E::Error>
    where
        T: Value,
        O: Value + Send,
    {
        let request = self.request.with_json(self.body);
        client.execute(request, Encoded::decode).await
    }
}

impl<'a, K> CreateRequest<'a, K> {
    /// Creates an object in a namespace.
    pub fn namespaced(namespace: impl AsRef<str>, object: &'a K) -> Self
    where
        K: NamespacedResource,
    {
        Self::at(resource_path::namespaced::<K>(namespace.as_ref()), object)
    }

    /// Creates an object of a cluster-scoped resource.
    pub fn cluster(object: &'a K) -> Self
    where
        K: ClusterResource,
    {
        Self::at(resource_path::all::<K>(), object)
    }
}

impl<T, O> fmt::Debug for CreateRequest<'_, T, O> {
    /// The body is left out: it may hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CreateRequest").field(&self.request).finish()
    }
}
