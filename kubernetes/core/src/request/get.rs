use super::{Encoded, Execute, shape};
use crate::json::Value;

shape::request_type! {
    /// Gets a document that is not a resource: the version, the API groups, the resources of a group.
    GetRequest<T> { GET, "Gets the document at `path`." }
}

impl<T> GetRequest<T> {
    /// Asks for another media type than `application/json`, for a response that is JSON under another name.
    pub fn accept(mut self, media_type: &'static str) -> Self {
        self.request.accept = http::HeaderValue::from_static(media_type);
        self
    }

    /// Sends the request.
    ///
    /// # Errors
    /// See [`Execute::execute`].
    ///
    /// # Cancel safety
    /// If the future is dropped, the request is abandoned; it changes nothing on the server.
    pub async fn send<E: Execute>(self, client: &E) -> Result<T, E::Error>
    where
        T: Value + Send,
    {
        client.execute(self.request, Encoded::decode).await
    }
}
