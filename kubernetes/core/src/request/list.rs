use super::path::resource;
use super::{Encoded, Execute, Request, WatchRequest, shape};
use crate::{List, NamespacedResource, Object, Str};

shape::request_type! {
    /// Lists objects; asked for its [watch form](Self::into_watch), it watches the same ones.
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
    /// Starts where `list` ended: at its resourceVersion, so that a watch sees every later change.
    pub fn since<T>(self, list: &List<T>) -> Self {
        self.resource_version(list.resource_version())
    }

    /// Lists the most recent state: removes the resourceVersion, and the `resourceVersionMatch`, which the server refuses
    /// without one.
    pub fn without_version(mut self) -> Self {
        self.request.query.remove("resourceVersion");
        self.request.query.remove("resourceVersionMatch");
        self
    }

    /// The watch of what this request lists, from its resourceVersion if one is set.
    ///
    /// Paging (`limit`, `continue`) and how a list may be stale (`resourceVersionMatch`) mean nothing to a watch
    /// and are left out.
    pub fn into_watch(self) -> WatchRequest<K> {
        WatchRequest::from_list(self.request)
    }

    /// The page after the one whose [`continue_token`](List::continue_token) this is.
    ///
    /// The token says which version is being listed. The server refuses a `resourceVersion` (but `0`) or a
    /// `resourceVersionMatch` beside it, so that both are left out (`ValidateListOptions` in
    /// <https://github.com/kubernetes/apiserver/blob/v0.37.2/pkg/storage/interfaces.go> and in apimachinery's
    /// `pkg/apis/meta/internalversion/validation`).
    pub fn next_page(self, token: impl Into<Str>) -> Self {
        let mut page = self.without_version();
        page.request.query.set("continue", token.into());
        page
    }

    /// The objects to list and the version, without the parameters of a single response: its paging (`limit`,
    /// `continue`) and its time (`timeoutSeconds`). An empty resourceVersion, which is none, is left out as well.
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

    /// The request that a transport is given.
    pub fn into_request(self) -> Request {
        self.request
    }

    shape::for_objects!(K, "Lists", "the objects");

    /// Lists the objects of all namespaces.
    pub fn all_namespaces() -> Self
    where
        K: NamespacedResource,
    {
        Self::at(resource::of::<K>(None))
    }

    /// Sends the request.
    ///
    /// # Errors
    /// As [`Execute::execute`].
    ///
    /// # Cancel safety
    /// Dropping the future abandons the request; nothing is changed on the server.
    pub async fn send<E: Execute>(self, client: &E) -> Result<List<K>, E::Error>
    where
        K: Object,
    {
        client.execute(self.request, Encoded::decode).await
    }
}
