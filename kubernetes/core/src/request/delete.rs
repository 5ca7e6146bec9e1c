use super::{Execute, shape};
use crate::Deleted;
use crate::json::Value;
use kubernetes_apimachinery::meta::v1::DeleteOptions;

shape::request_type! {
    /// Deletes an object.
    ///
    /// ```
    /// use kubernetes_core::DeleteRequest;
    /// # kubernetes_core::doc_test_resource!(Pod);
    ///
    /// let request = DeleteRequest::<Pod>::namespaced("shop", "web").propagation_policy("Foreground");
    /// assert_eq!(
    ///     format!("{:?}", request.request()),
    ///     "DELETE /api/v1/namespaces/shop/pods/web?propagationPolicy=Foreground"
    /// );
    /// ```
    DeleteRequest<K> { DELETE, "Deletes the object at `path`." }
}

impl<K> DeleteRequest<K> {
    /// Sends these options as the body, which can have preconditions.
    ///
    /// The server then ignores the request's parameters.
    pub fn options(mut self, options: &DeleteOptions) -> Self {
        self.request = self.request.with_json(options);
        self
    }

    shape::for_name!(K, "Deletes");

    /// Sends the request.
    ///
    /// # Errors
    /// See [`Execute::execute`].
    ///
    /// # Cancel safety
    /// If the future is dropped, the server may or may not have deleted the object.
    pub async fn send<E: Execute>(self, client: &E) -> Result<Deleted<K>, E::Error>
    where
        K: Value + Send,
    {
        client.execute(self.request, Deleted::from_answer).await
    }
}
