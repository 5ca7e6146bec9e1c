use std::marker::PhantomData;

use http::Method;

use super::{Encoded, Execute, Path, Request, RequestError, resource_path};
use crate::json::Value;
use crate::{ClusterResource, NamespacedResource};

/// Reads one object, or one of its subresources.
///
/// ```
/// use kubernetes_core::ReadRequest;
/// # kubernetes_core::doc_test_resource!(Pod);
///
/// let request = ReadRequest::<Pod>::namespaced("shop", "web");
/// assert_eq!(format!("{:?}", request.request()), "GET /api/v1/namespaces/shop/pods/web");
/// ```
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct ReadRequest<K> {
    pub(crate) request: Request,
    kind: PhantomData<fn() -> K>,
}

impl<K> ReadRequest<K> {
    pub(super) fn from_request(request: Request) -> Self {
        Self { request, kind: PhantomData }
    }

    /// Reads what is at `path`.
    pub fn at(path: Path) -> Self {
        Self { request: Request::new(Method::GET, path), kind: PhantomData }
    }

    /// The request as it will be sent.
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// Reads an object of a namespace.
    pub fn namespaced(namespace: impl AsRef<str>, name: impl AsRef<str>) -> Self
    where
        K: NamespacedResource,
    {
        Self::at(resource_path::named::<K>(Some(namespace.as_ref()), name.as_ref()))
    }

    /// Reads an object of a cluster-scoped resource.
    pub fn cluster(name: impl AsRef<str>) -> Self
    where
        K: ClusterResource,
    {
        Self::at(resource_path::named::<K>(None, name.as_ref()))
    }

    /// Reads what hangs below the object and is of the same type: its `status`.
    ///
    /// One of another type has a [path](Path::subresource).
    pub fn subresource(mut self, name: impl AsRef<str>) -> Self {
        self.request = self.request.below(name.as_ref());
        self
    }

    /// Sends the request.
    ///
    /// # Errors
    /// As [`Execute::execute`].
    ///
    /// # Cancel safety
    /// Dropping the future abandons the request; nothing is changed on the server.
    pub async fn send<E: Execute>(self, client: &E) -> Result<K, E::Error>
    where
        K: Value + Send,
    {
        client.execute(self.request, Encoded::decode).await
    }

    /// Sends the request; an object that does not exist is `None`, and no error.
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
    /// As [`Execute::execute`]. That the server does not know the resource, as when the definition of a custom one is
    /// missing, is an error.
    ///
    /// # Cancel safety
    /// Dropping the future abandons the request; nothing is changed on the server.
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
