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
    /// If the object carries a resourceVersion, the server refuses to replace any other one (a conflict).
    ///
    /// The server takes only the status from a request for the [subresource](Self::subresource) `status`, and where there
    /// is this subresource, it leaves the status as it is when the object is replaced:
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
