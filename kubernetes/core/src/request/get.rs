use std::marker::PhantomData;

use http::Method;

use super::{Encoded, Execute, Path, Request};
use crate::json::Value;

/// Gets what is no resource: a version, the API groups, a group's resources.
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct GetRequest<T> {
    pub(crate) request: Request,
    answer: PhantomData<fn() -> T>,
}

impl<T> GetRequest<T> {
    pub(super) fn from_request(request: Request) -> Self {
        Self { request, answer: PhantomData }
    }

    /// Gets what is at `path`.
    pub fn at(path: Path) -> Self {
        Self { request: Request::new(Method::GET, path), answer: PhantomData }
    }

    /// Asks for another media type than `application/json`, of an answer that is JSON under another name.
    pub fn accept(mut self, media_type: &'static str) -> Self {
        self.request.accept = http::HeaderValue::from_static(media_type);
        self
    }

    /// The request as it will be sent.
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// Sends the request.
    ///
    /// # Errors
    /// As [`Execute::execute`].
    ///
    /// # Cancel safety
    /// Dropping the future abandons the request; nothing is changed on the server.
    pub async fn send<E: Execute>(self, client: &E) -> Result<T, E::Error>
    where
        T: Value + Send,
    {
        client.execute(self.request, Encoded::decode).await
    }
}
