use super::{Encoded, Execute, RequestError, shape};
use crate::json::Value;

shape::request_type! {
    /// Reads one object, or one of its subresources.
    ///
    /// ```
    /// use kubernetes_core::ReadRequest;
    /// # kubernetes_core::doc_test_resource!(Pod);
    ///
    /// let request = ReadRequest::<Pod>::namespaced("shop", "web");
    /// assert_eq!(format!("{:?}", request.request()), "GET /api/v1/namespaces/shop/pods/web");
    /// ```
    ReadRequest<K> { GET, "Reads the object at `path`." }
}

impl<K> ReadRequest<K> {
    shape::for_name!(K, "Reads");

    shape::subresource!("Reads");

    /// Sends the request.
    ///
    /// # Errors
    /// See [`Execute::execute`].
    ///
    /// # Cancel safety
    /// If the future is dropped, the request is abandoned; it changes nothing on the server.
    pub async fn send<E: Execute>(self, client: &E) -> Result<K, E::Error>
    where
        K: Value + Send,
    {
        client.execute(self.request, Encoded::decode).await
    }

    /// Sends the request; returns `None` if the object does not exist.
    ///
    /// ```
    /// # use kubernetes_core::{Execute, ReadRequest, RequestError};
    /// # kubernetes_core::doc_test_resource!(Pod);
    /// # async fn example<E: Execute<Error: RequestError>>(client: &E) -> Result<(), E::Error> {
    /// match ReadRequest::<Pod>::namespaced("shop", "web").send_opt(client).await? {
    ///     Some(pod) => println!("{}", pod.uid()),
    ///     None => println!("not there"),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// See [`Execute::execute`]. It is also an error if the server does not know the resource, for example because the
    /// definition of a custom resource is missing.
    ///
    /// # Cancel safety
    /// If the future is dropped, the request is abandoned; it changes nothing on the server.
    pub async fn send_opt<E>(self, client: &E) -> Result<Option<K>, E::Error>
    where
        K: Value + Send,
        E: Execute<Error: RequestError>,
    {
        match self.send(client).await {
            Ok(object) => Ok(Some(object)),
            Err(error) if error.status().is_some_and(|status| status.is_not_found() && !status.is_unknown_path()) => {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}
