use std::fmt;
use std::marker::PhantomData;

use http::Method;

use super::{Encoded, Execute, Path, Request, resource_path};
use crate::json::Value;
use crate::{ClusterResource, NamespacedResource, Patch};

/// Changes parts of an object, or of a subresource.
///
/// ```
/// use kubernetes_core::{Patch, PatchRequest};
/// use serde_json::json;
/// # kubernetes_core::doc_test_resource!(Pod);
///
/// let patch = Patch::merge(&json!({"metadata": {"labels": {"tier": "web"}}}));
/// let request = PatchRequest::<Pod>::namespaced("shop", "web", &patch);
/// assert_eq!(format!("{:?}", request.request()), "PATCH /api/v1/namespaces/shop/pods/web");
/// ```
#[must_use = "a request does nothing until it is sent"]
pub struct PatchRequest<'a, K> {
    pub(crate) request: Request,
    patch: &'a Patch,
    answer: PhantomData<fn() -> K>,
}

impl<'a, K> PatchRequest<'a, K> {
    /// Patches what is at `path`.
    pub fn at(path: Path, patch: &'a Patch) -> Self {
        Self { request: Request::new(Method::PATCH, path), patch, answer: PhantomData }
    }

    /// The request as it will be sent, without its body.
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// Patches an object of a namespace.
    pub fn namespaced(namespace: impl AsRef<str>, name: impl AsRef<str>, patch: &'a Patch) -> Self
    where
        K: NamespacedResource,
    {
        Self::at(resource_path::named::<K>(Some(namespace.as_ref()), name.as_ref()), patch)
    }

    /// Patches an object of a cluster-scoped resource.
    pub fn cluster(name: impl AsRef<str>, patch: &'a Patch) -> Self
    where
        K: ClusterResource,
    {
        Self::at(resource_path::named::<K>(None, name.as_ref()), patch)
    }

    /// Patches what hangs below the object and is of the same type: its `status`.
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
    /// Dropping the future leaves open whether the server has changed the object.
    pub async fn send<E: Execute>(mut self, client: &E) -> Result<K, E::Error>
    where
        K: Value + Send,
    {
        self.request.body = Some(self.patch.to_body());
        client.execute(self.request, Encoded::decode).await
    }
}

impl<K> fmt::Debug for PatchRequest<'_, K> {
    /// The body is left out: it may hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PatchRequest").field(&self.request).finish()
    }
}
