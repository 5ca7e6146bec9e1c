use std::fmt;

use bytes::Bytes;
use http::{HeaderValue, Method};

use super::{Encoded, Execute, InvalidRequest, Path, Request, resource_path};
use crate::json::Value;
use crate::{ClusterResource, NamespacedResource, Str, json};

/// Makes an object what it should be, as one of its managers: a server-side apply (KEP-555). It is created if it does
/// not exist.
///
/// ```
/// use kubernetes_core::ApplyRequest;
/// # kubernetes_core::doc_test_resource!(Pod);
///
/// let pod = Pod::named("web");
/// let request = ApplyRequest::namespaced("shop", &pod, "shop-operator").force(true);
/// assert_eq!(
///     format!("{:?}", request.request()),
///     "PATCH /api/v1/namespaces/shop/pods/web?fieldManager=shop-operator&force=true"
/// );
/// ```
///
/// The manager owns the fields that are written; fields that it owned and that are left out now are removed. A field
/// that another manager owns with another value is a conflict, unless the request is [forced](Self::force).
///
/// Every field that the object's type always writes is owned too, empty or not. The object must not have
/// `metadata.managedFields`. To apply some fields only, patch with [`Patch::apply`](crate::Patch::apply).
#[must_use = "a request does nothing until it is sent"]
pub struct ApplyRequest<'a, K> {
    request: Request,
    object: &'a K,
}

impl<'a, K> ApplyRequest<'a, K> {
    /// Applies `object` at `path`, which may be that of a subresource.
    pub fn at(path: Path, object: &'a K, field_manager: impl Into<Str>) -> Self {
        let mut request = Request::new(Method::PATCH, path);
        request.query.set("fieldManager", field_manager.into());
        Self { request, object }
    }

    /// Applies the object of this name in a namespace.
    pub fn namespaced(namespace: impl AsRef<str>, object: &'a K, field_manager: impl Into<Str>) -> Self
    where
        K: NamespacedResource,
    {
        let name = object.metadata().name.as_deref().unwrap_or_default();
        Self::at(resource_path::named::<K>(Some(namespace.as_ref()), name), object, field_manager)
    }

    /// Applies the object of this name of a cluster-scoped resource.
    pub fn cluster(object: &'a K, field_manager: impl Into<Str>) -> Self
    where
        K: ClusterResource,
    {
        let name = object.metadata().name.as_deref().unwrap_or_default();
        Self::at(resource_path::named::<K>(None, name), object, field_manager)
    }

    /// Applies what hangs below the object and is of the same type: its `status`.
    pub fn subresource(mut self, name: impl AsRef<str>) -> Self {
        self.request = self.request.below(name.as_ref());
        self
    }

    /// Takes fields away from other managers, instead of failing with a conflict. Controllers should; people should
    /// look first.
    pub fn force(self, force: bool) -> Self {
        self.with("force", force)
    }

    /// With `All`, everything is checked and nothing is kept.
    pub fn dry_run(self, dry_run: impl Into<Str>) -> Self {
        self.with("dryRun", dry_run.into())
    }

    /// What becomes of unknown fields: `Ignore`, `Warn` (the default) or `Strict`.
    pub fn field_validation(self, field_validation: impl Into<Str>) -> Self {
        self.with("fieldValidation", field_validation.into())
    }

    /// The request as it will be sent, without its body.
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// Sends the request; the server answers with the object as it then is.
    ///
    /// # Errors
    /// As [`Execute::execute`].
    ///
    /// # Cancel safety
    /// Dropping the future leaves open whether the server has changed the object. Applying it again is safe.
    pub async fn send<E: Execute>(mut self, client: &E) -> Result<K, E::Error>
    where
        K: Value + Send,
    {
        let body = json::to_string(self.object).map(Bytes::from).map_err(InvalidRequest::from_encoding);
        self.request.body = Some((HeaderValue::from_static("application/apply-patch+yaml"), body));
        client.execute(self.request, Encoded::decode).await
    }

    fn with(mut self, name: &'static str, value: impl Into<super::QueryValue>) -> Self {
        self.request.query.set(name, value);
        self
    }
}

impl<K> fmt::Debug for ApplyRequest<'_, K> {
    /// The body is left out: it may hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ApplyRequest").field(&self.request).finish()
    }
}
