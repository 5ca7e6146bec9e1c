use kubernetes_core::{Request, Str};

/// How many objects a page of a list has, unless the request has a `limit`; the same as kubectl's and client-go's.
const PAGE: u32 = 500;

/// The requests of one watch, made from the list request that it was given.
#[derive(Debug)]
pub(crate) struct Requests {
    list: Request,
    bookmarks: bool,
    timeout_seconds: Option<Str>,
}

impl Requests {
    /// The version from which to watch, if the request has one, and the requests.
    pub(crate) fn new(mut list: Request, bookmarks: bool, timeout_seconds: Option<u32>) -> (Option<Str>, Self) {
        let query = &mut list.query;
        let asked = query.get("timeoutSeconds").map(Str::from);
        let timeout_seconds = timeout_seconds.map(|seconds| seconds.max(1).to_string().into()).or(asked);
        for name in ["watch", "allowWatchBookmarks", "sendInitialEvents", "timeoutSeconds", "continue"] {
            query.remove(name);
        }
        let version = query.get("resourceVersion").map(Str::from);
        if version.as_deref() == Some("") {
            query.remove("resourceVersion");
        }
        // The version 0 is none: it allows the list to be any state that the server has in memory.
        (version.filter(|version| !matches!(&**version, "" | "0")), Self { list, bookmarks, timeout_seconds })
    }

    /// The list request that all are made from.
    pub(crate) fn list(&self) -> &Request {
        &self.list
    }

    /// Whether bookmarks are asked for. A streaming list needs them.
    pub(crate) fn bookmarks(&self) -> bool {
        self.bookmarks
    }

    /// The changes after a version.
    pub(crate) fn watch(&self, from: &Str) -> Request {
        let mut request = self.any_watch();
        request.query.remove("resourceVersionMatch");
        request.query.set("resourceVersion", from);
        request
    }

    /// The existing objects and what follows.
    pub(crate) fn streaming_list(&self) -> Request {
        let mut request = self.any_watch();
        request.query.set("sendInitialEvents", true);
        request.query.set("resourceVersionMatch", "NotOlderThan");
        request
    }

    /// A page of the existing objects.
    pub(crate) fn page(&self, next: Option<&Str>, paged: bool) -> Request {
        let mut request = self.list.clone();
        if !paged {
            request.query.remove("limit");
        } else if request.query.get("limit").is_none() {
            request.query.set("limit", PAGE);
        }
        if let Some(next) = next {
            // The token says which version is being listed.
            request.query.remove("resourceVersion");
            request.query.remove("resourceVersionMatch");
            request.query.set("continue", next);
        }
        request
    }

    fn any_watch(&self) -> Request {
        let mut request = self.list.clone();
        request.query.remove("limit");
        request.query.set("watch", true);
        request.accept_for_watch();
        if self.bookmarks {
            request.query.set("allowWatchBookmarks", true);
        }
        match &self.timeout_seconds {
            Some(seconds) => request.query.set("timeoutSeconds", seconds),
            // Random, as in client-go's reflector, so that watches that began together do not end together.
            None => request.query.set("timeoutSeconds", fastrand::u32(300..=600)),
        }
        request
    }
}
