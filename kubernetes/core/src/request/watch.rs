use super::{Execute, QueryValue, Request, shape};
use crate::Str;

shape::request_type! {
    /// Watches the objects of a list request over a single connection.
    ///
    /// The watch ends when the server ends it. Most programs use `kubernetes-watch`, which reconnects and resumes.
    ///
    /// ```
    /// use kubernetes_core::ListRequest;
    /// # kubernetes_core::doc_test_resource!(Pod);
    ///
    /// let watch = ListRequest::<Pod>::namespaced("shop").limit(500).into_watch().resource_version("42");
    /// assert_eq!(format!("{:?}", watch.request()), "GET /api/v1/namespaces/shop/pods?watch=true&resourceVersion=42");
    /// ```
    WatchRequest<K> {}
}

impl<K> WatchRequest<K> {
    pub(super) fn from_list(mut request: Request) -> Self {
        for name in ["limit", "continue", "resourceVersionMatch"] {
            request.query.remove(name);
        }
        request.query.set("watch", true);
        request.accept_for_watch();
        Self::from_request(request)
    }

    /// The request for a transport.
    pub fn into_request(self) -> Request {
        self.request
    }

    /// Watches the changes after this version; the version is opaque.
    pub fn resource_version(self, version: impl Into<Str>) -> Self {
        self.with("resourceVersion", version.into())
    }

    /// Sets the number of seconds after which the server ends the watch.
    pub fn timeout_seconds(self, seconds: u32) -> Self {
        self.with("timeoutSeconds", seconds)
    }

    /// Sets whether the server sends bookmarks, which report the progress of the watch.
    pub fn allow_watch_bookmarks(self, allow: bool) -> Self {
        self.with("allowWatchBookmarks", allow)
    }

    /// Sets whether the server first sends all existing objects followed by a bookmark (a streaming list, KEP-3157).
    /// Bookmarks must be allowed.
    ///
    /// The server requires `resourceVersionMatch=NotOlderThan` with either value.
    pub fn send_initial_events(self, send: bool) -> Self {
        self.with("sendInitialEvents", send).with("resourceVersionMatch", "NotOlderThan")
    }

    /// Sends the request; each line of the body is an event, a JSON object.
    ///
    /// # Errors
    /// See [`Execute::open`].
    ///
    /// # Cancel safety
    /// Dropping the future or the body ends the watch; it changes nothing on the server.
    pub async fn open<E: Execute>(self, client: &E) -> Result<E::Body, E::Error> {
        client.open(self.request).await
    }

    fn with(mut self, name: &'static str, value: impl Into<QueryValue>) -> Self {
        self.request.query.set(name, value);
        self
    }
}
