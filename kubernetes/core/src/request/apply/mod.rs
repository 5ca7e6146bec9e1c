//! Server-side apply: the fields that are sent, their owners, and changes to earlier applies.

mod body;
mod extract;
mod extract_error;
mod field_set;
mod migrate;
mod path_element;
mod type_path;
mod unchanged;
mod unowned;

use std::sync::OnceLock;

use bytes::Bytes;
use http::{HeaderValue, Method};

use super::{Encoded, Execute, QueryValue, Request, shape};
use crate::json::{Tree, Value};
use crate::{InvalidRequest, JsonPointer, Object, Path, Str};

pub(super) use body::body;
pub use extract::{Extracted, extract};
pub use extract_error::ExtractError;
pub use field_set::FieldSet;
pub use migrate::{CLIENT_SIDE_APPLY_MANAGER, migrate_client_side_apply};
pub use path_element::{PathElement, Step};
use unowned::Unowned;

shape::request_type! {
    /// Sets the fields of an object that one manager owns: a server-side apply (KEP-555). Creates the object if it does
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
    /// The manager becomes an owner of the fields that are sent. Fields that it owned before and that are now left out
    /// are removed. If another manager owns a field with a different value, the request fails with a
    /// [conflict](crate::RequestError::conflicts) unless it is [forced](Self::force). The object must not have
    /// `metadata.managedFields`.
    ///
    /// # Fields that are sent
    /// A required field with its type's default value (`""`, `0`, `false`, an empty list, map or object) counts as not
    /// set and is not sent, unless [`keep`](Self::keep) names it. Optional fields that are `Some`, all entries of maps,
    /// and all fields of items of lists are sent. So a Deployment with only `spec.replicas` set sends `apiVersion`,
    /// `kind`, `metadata.name` and `spec.replicas`. A type with serde derives of its own (`resource!(…, serde)`) is
    /// sent exactly as it serializes.
    ///
    /// To change an earlier apply without losing fields, start from [`extract`](crate::extract).
    ApplyRequest<'a, K> { applied: Applied<'a, K> }
}

/// Encodes the object to apply.
pub(crate) struct Applied<'a, K> {
    object: &'a K,
    manager: Str,
    subresource: Option<Str>,
    kept: Vec<JsonPointer>,
    empties: &'a [(JsonPointer, Tree)],
    unowned: &'a [Unowned],
    /// The current object, and a function that checks whether a body leaves it unchanged.
    current: Option<(&'a K, Unchanged<K>)>,
    /// The encoded object, once it was needed.
    body: OnceLock<Result<String, InvalidRequest>>,
}

/// Returns a copy of the current object if an apply with this body would not change it.
type Unchanged<K> = fn(&str, &K, &str, Option<&str>) -> Option<K>;

impl<'a, K> ApplyRequest<'a, K> {
    /// Creates a request that applies `object` at `path`, which may be that of a subresource.
    pub fn at(path: Path, object: &'a K, field_manager: impl Into<Str>) -> Self {
        let manager = field_manager.into();
        let mut request = Request::new(Method::PATCH, path);
        request.query.set("fieldManager", &manager);
        let applied = Applied {
            object,
            manager,
            subresource: None,
            kept: Vec::new(),
            empties: &[],
            unowned: &[],
            current: None,
            body: OnceLock::new(),
        };
        Self::from_request(request, applied)
    }

    shape::for_object!(K, 'a, "Applies", field_manager: impl Into<Str>);

    /// Applies a subresource of the object's own type, such as `status`.
    ///
    /// For a subresource of another type, use [`Path::subresource`](crate::Path::subresource).
    pub fn subresource(mut self, name: impl AsRef<str>) -> Self {
        self.applied.subresource = Some(name.as_ref().into());
        self.request.path = self.request.path.subresource(name);
        self
    }

    /// Sends a required field even if it has its type's default value; `*` in the pointer matches every entry.
    ///
    /// ```
    /// use kubernetes_core::ApplyRequest;
    /// # kubernetes_core::doc_test_resource!(Pod);
    ///
    /// let pod = Pod::named("web");
    /// let request = ApplyRequest::namespaced("shop", &pod, "shop-operator").keep("/spec/priority");
    /// ```
    ///
    /// Sending the request fails if the object's type does not have the field.
    pub fn keep(mut self, pointer: impl Into<JsonPointer>) -> Self {
        self.applied.kept.push(pointer.into());
        self.applied.body = OnceLock::new();
        self
    }

    pub(crate) fn keep_owned(
        mut self,
        kept: &[JsonPointer],
        empties: &'a [(JsonPointer, Tree)],
        unowned: &'a [Unowned],
    ) -> Self {
        self.applied.kept.extend_from_slice(kept);
        self.applied.empties = empties;
        self.applied.unowned = unowned;
        self.applied.body = OnceLock::new();
        self
    }

    /// Skips the request if the manager owns exactly the fields of this apply in `current`, with the same values;
    /// `send` then returns a copy of `current`.
    ///
    /// Values are compared as their types do, so quantities by amount. If `current` has no managed fields, for example
    /// because a store has stripped them, the request is always sent.
    pub fn unless_equal(mut self, current: &'a K) -> Self
    where
        K: Object + Clone + PartialEq,
    {
        let unchanged: Unchanged<K> = |body, current, manager, subresource| {
            unchanged::is_unchanged(body, current, manager, subresource).then(|| current.clone())
        };
        self.applied.current = Some((current, unchanged));
        self
    }

    /// Takes ownership of conflicting fields from other managers instead of failing. Recommended for controllers;
    /// people should look at the conflict first.
    pub fn force(self, force: bool) -> Self {
        self.with("force", force)
    }

    /// With `All`, the server checks the request without storing the result.
    pub fn dry_run(self, dry_run: impl Into<Str>) -> Self {
        self.with("dryRun", dry_run.into())
    }

    /// The treatment of unknown fields: `Ignore`, `Warn` (the default) or `Strict`.
    pub fn field_validation(self, field_validation: impl Into<Str>) -> Self {
        self.with("fieldValidation", field_validation.into())
    }

    /// The body: the fields of the object that are set, as JSON.
    ///
    /// ```
    /// use kubernetes_core::ApplyRequest;
    /// # kubernetes_core::doc_test_resource!(Pod);
    ///
    /// let pod = Pod::named("web");
    /// let body = ApplyRequest::namespaced("shop", &pod, "shop-operator").body()?;
    /// assert_eq!(body, r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web"}}"#);
    /// # Ok::<(), kubernetes_core::InvalidRequest>(())
    /// ```
    ///
    /// # Errors
    /// If the object can't be encoded, or does not have a field that is to be [kept](Self::keep).
    pub fn body(&self) -> Result<String, InvalidRequest>
    where
        K: Value,
    {
        self.applied.encoded().clone()
    }

    /// Sends the request, and returns the resulting object.
    ///
    /// # Errors
    /// See [`Execute::execute`].
    ///
    /// # Cancel safety
    /// If the future is dropped, the server may or may not have changed the object. Applying it again is safe.
    pub async fn send<E: Execute>(self, client: &E) -> Result<K, E::Error>
    where
        K: Value + Send,
    {
        let Self { mut request, applied, .. } = self;
        let same = match (applied.encoded(), applied.current) {
            (Ok(body), Some((current, unchanged))) => {
                unchanged(body, current, &applied.manager, applied.subresource.as_deref())
            }
            _ => None,
        };
        if let Some(current) = same {
            return Ok(current);
        }
        let body = applied.into_encoded().map(Bytes::from);
        request.body = Some((HeaderValue::from_static("application/apply-patch+yaml"), body));
        client.execute(request, Encoded::decode).await
    }

    fn with(mut self, name: &'static str, value: impl Into<QueryValue>) -> Self {
        self.request.query.set(name, value);
        self
    }
}

impl<K: Value> Applied<'_, K> {
    fn encoded(&self) -> &Result<String, InvalidRequest> {
        self.body.get_or_init(|| self.encode())
    }

    fn into_encoded(mut self) -> Result<String, InvalidRequest> {
        self.body.take().unwrap_or_else(|| self.encode())
    }

    fn encode(&self) -> Result<String, InvalidRequest> {
        body(self.object, &self.kept, self.empties, self.unowned)
    }
}

// Not derived, so that it does not depend on the type of the object.
impl<K> Clone for Applied<'_, K> {
    fn clone(&self) -> Self {
        Self {
            object: self.object,
            manager: self.manager.clone(),
            subresource: self.subresource.clone(),
            kept: self.kept.clone(),
            empties: self.empties,
            unowned: self.unowned,
            current: self.current,
            body: self.body.clone(),
        }
    }
}
