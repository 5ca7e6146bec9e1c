use super::{Encoded, Execute, shape};
use crate::json::Value;

shape::request_type! {
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
    /// If the object has a resourceVersion, the server refuses to replace any other version, which is a conflict.
    ///
    /// If the resource has the subresource `status`, replacing the object does not change its status, and replacing the
    /// [subresource](Self::subresource) changes nothing else:
    ///
    /// ```
    /// use kubernetes_core::ReplaceRequest;
    /// # kubernetes_core::doc_test_resource!(Pod);
    ///
    /// let pod = Pod::named("web");
    /// let request = ReplaceRequest::namespaced("shop", &pod).subresource("status");
    /// assert_eq!(format!("{:?}", request.request()), "PUT /api/v1/namespaces/shop/pods/web/status");
    /// ```
    ReplaceRequest<'a, T> { PUT, "Puts `body` at `path`.", body: &'a T }
}

impl<'a, T> ReplaceRequest<'a, T> {
    shape::for_object!(T, 'a, "Replaces");

    shape::subresource!("Replaces");

    /// Sends the request, and returns the resulting object.
    ///
    /// # Errors
    /// See [`Execute::execute`].
    ///
    /// # Cancel safety
    /// If the future is dropped, the server may or may not have replaced the object.
    pub async fn send<E: Execute>(self, client: &E) -> Result<T, E::Error>
    where
        T: Value + Send,
    {
        let request = self.request.with_json(self.body);
        client.execute(request, Encoded::decode).await
    }
}
