use super::{Encoded, Execute, shape};
use crate::json::Value;

shape::request_type! {
    /// Creates an object, or posts to a subresource. The response is an `O`, usually the created object.
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
    CreateRequest<'a, T, O = T> { POST, "Posts `body` to `path`.", body: &'a T }
}

impl<T, O> CreateRequest<'_, T, O> {
    /// Sends the request.
    ///
    /// # Errors
    /// See [`Execute::execute`].
    ///
    /// # Cancel safety
    /// If the future is dropped, the server may or may not have created the object.
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
    shape::for_objects!(K, "Creates", "an object", object: &'a K);
}
