use super::{Execute, QueryValue, Request, shape};
use crate::Str;

shape::request_type! {
    /// Watches the objects of a list request over a single connection.
    ///
    /// It ends when the server ends it. Most programs use `kubernetes-watch`, which reconnects and resumes.
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

    /// The request that a transport is given.
    pub fn into_request(self) -> Request {
        self.request
    }

    /// The changes after this version; the version is opaque.
    pub fn resource_version(self, version: impl Into<Str>) -> Self {
        self.with("resourceVersion", version.into())
    }

    /// The number of seconds after which the server ends the watch.
    pub fn timeout_seconds(self, seconds: u32) -> Self {
        self.with("timeoutSeconds", seconds)
    }

    /// Whether the server sends bookmarks, which report the progress of the watch.
    pub fn allow_watch_bookmarks(self, allow: bool) -> Self {
        self.with("allowWatchBookmarks", allow)
    }

    /// Whether the server first sends all existing objects, and a bookmark after the last of them
    /// (a streaming list, KEP-3157), which must be allowed.
    ///
    /// Either way the server wants `resourceVersionMatch=NotOlderThan` beside it.
    pub fn send_initial_events(self, send: bool) -> Self {
        self.with("sendInitialEvents", send).with("resourceVersionMatch", "NotOlderThan")
    }

    /// Sends the request; the events are the lines of the body, a JSON object each.
    ///
    /// # Errors
    /// As [`Execute::open`].
    ///
    /// # Cancel safety
    /// Dropping the future or the body ends the watch; nothing is changed on the server.
    pub async fn open<E: Execute>(self, client: &E) -> Result<E::Body, E::Error> {
        client.open(self.request).await
    }

    fn with(mut self, name: &'static str, value: impl Into<QueryValue>) -> Self {
        self.request.query.set(name, value);
        self
    }
}
