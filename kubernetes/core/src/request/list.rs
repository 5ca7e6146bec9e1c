use super::{Encoded, Execute, Request, WatchRequest, shape};
use crate::{List, NamespacedResource, Object, Path, Str};

shape::request_type! {
    /// Lists objects. [`into_watch`](Self::into_watch) turns it into a watch of the same objects.
    ///
    /// ```
    /// use kubernetes_core::ListRequest;
    /// # kubernetes_core::doc_test_resource!(Pod);
    ///
    /// let request = ListRequest::<Pod>::namespaced("shop").label_selector("app=web").limit(500);
    /// assert_eq!(format!("{:?}", request.request()), "GET /api/v1/namespaces/shop/pods?labelSelector=app%3Dweb&limit=500");
    /// ```
    ListRequest<K> { GET, "Lists the objects at `path`." }
}

impl<K> ListRequest<K> {
    /// Starts at the resourceVersion of `list`, so that a watch sees every later change.
    pub fn since<T>(self, list: &List<T>) -> Self {
        self.resource_version(list.resource_version())
    }

    /// Lists the most recent state: removes the resourceVersion, and with it the `resourceVersionMatch`, which the
    /// server refuses on its own.
    pub fn without_version(mut self) -> Self {
        self.request.query.remove("resourceVersion");
        self.request.query.remove("resourceVersionMatch");
        self
    }

    /// The watch of the objects that this request lists, from its resourceVersion if one is set.
    ///
    /// Parameters for paging (`limit`, `continue`) and staleness (`resourceVersionMatch`) do not apply to watches and
    /// are removed.
    pub fn into_watch(self) -> WatchRequest<K> {
        WatchRequest::from_list(self.request)
    }

    /// Requests the page after the one with this [`continue_token`](List::continue_token).
    ///
    /// The token determines the version. Since the server refuses a `resourceVersion` (except `0`) or a
    /// `resourceVersionMatch` beside it, both are removed (`ValidateListOptions` in
    /// <https://github.com/kubernetes/apiserver/blob/v0.37.2/pkg/storage/interfaces.go> and in apimachinery's
    /// `pkg/apis/meta/internalversion/validation`).
    pub fn next_page(self, token: impl Into<Str>) -> Self {
        let mut page = self.without_version();
        page.request.query.set("continue", token.into());
        page
    }

    /// The objects to list and the version, without the parameters of a single response: paging (`limit`, `continue`)
    /// and time (`timeoutSeconds`). An empty resourceVersion, which counts as absent, is removed as well.
    pub fn selection(mut self) -> Self {
        let query = &mut self.request.query;
        for name in ["limit", "continue", "timeoutSeconds"] {
            query.remove(name);
        }
        if query.get("resourceVersion") == Some("") {
            query.remove("resourceVersion");
        }
        self
    }

    /// The request for a transport.
    pub fn into_request(self) -> Request {
        self.request
    }

    shape::for_objects!(K, "Lists", "the objects");

    /// Creates a request that lists the objects of all namespaces.
    pub fn all_namespaces() -> Self
    where
        K: NamespacedResource,
    {
        Self::at(Path::of::<K>(None))
    }

    /// Sends the request.
    ///
    /// # Errors
    /// See [`Execute::execute`].
    ///
    /// # Cancel safety
    /// If the future is dropped, the request is abandoned; it changes nothing on the server.
    pub async fn send<E: Execute>(self, client: &E) -> Result<List<K>, E::Error>
    where
        K: Object,
    {
        client.execute(self.request, Encoded::decode).await
    }
}
