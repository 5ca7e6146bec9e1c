mod body;

use super::{Encoded, Execute, shape};
use crate::json::Value;

pub use body::Patch;

shape::request_type! {
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
    PatchRequest<'a, K> { PATCH, "Patches the object at `path`.", patch: &'a Patch }
}

impl<'a, K> PatchRequest<'a, K> {
    shape::for_name!(K, "Patches", patch: &'a Patch);

    shape::subresource!("Patches");

    /// Sends the request, and returns the resulting object.
    ///
    /// # Errors
    /// See [`Execute::execute`].
    ///
    /// # Cancel safety
    /// If the future is dropped, the server may or may not have changed the object.
    pub async fn send<E: Execute>(mut self, client: &E) -> Result<K, E::Error>
    where
        K: Value + Send,
    {
        self.request.body = Some(self.patch.to_body());
        client.execute(self.request, Encoded::decode).await
    }
}
