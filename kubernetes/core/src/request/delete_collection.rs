use super::{Execute, shape};
use crate::{Deleted, List, Object};
use kubernetes_apimachinery::meta::v1::DeleteOptions;

shape::request_type! {
    /// Deletes all selected objects.
    ///
    /// ```
    /// use kubernetes_core::DeleteCollectionRequest;
    /// # kubernetes_core::doc_test_resource!(Pod);
    ///
    /// let request = DeleteCollectionRequest::<Pod>::namespaced("shop").label_selector("app=web");
    /// assert_eq!(format!("{:?}", request.request()), "DELETE /api/v1/namespaces/shop/pods?labelSelector=app%3Dweb");
    /// ```
    DeleteCollectionRequest<K> { DELETE, "Deletes the objects at `path`." }
}

impl<K> DeleteCollectionRequest<K> {
    /// Sends these options as the body, which can have preconditions.
    pub fn options(mut self, options: &DeleteOptions) -> Self {
        self.request = self.request.with_json(options);
        self
    }

    shape::for_objects!(K, "Deletes", "objects");

    /// Sends the request; the response has the deleted objects, or is a Status.
    ///
    /// # Errors
    /// See [`Execute::execute`].
    ///
    /// # Cancel safety
    /// If the future is dropped, the server may have deleted any of the objects.
    pub async fn send<E: Execute>(self, client: &E) -> Result<Deleted<List<K>>, E::Error>
    where
        K: Object,
    {
        client.execute(self.request, Deleted::from_answer).await
    }
}
