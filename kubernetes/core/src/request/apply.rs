use bytes::Bytes;
use http::{HeaderValue, Method};

use super::{Encoded, Execute, InvalidRequest, Path, QueryValue, Request, shape};
use crate::json::Value;
use crate::{Str, json};

shape::request_type! {
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
    ApplyRequest<'a, K> { object: &'a K }
}

impl<'a, K> ApplyRequest<'a, K> {
    /// Applies `object` at `path`, which may be that of a subresource.
    pub fn at(path: Path, object: &'a K, field_manager: impl Into<Str>) -> Self {
        let mut request = Request::new(Method::PATCH, path);
        request.query.set("fieldManager", field_manager.into());
        Self::from_request(request, object)
    }

    shape::for_object!(K, 'a, "Applies", field_manager: impl Into<Str>);

    shape::subresource!("Applies");

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

    fn with(mut self, name: &'static str, value: impl Into<QueryValue>) -> Self {
        self.request.query.set(name, value);
        self
    }
}
