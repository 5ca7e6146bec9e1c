use std::time::Duration;

use kubernetes_core::{ListRequest, Request, Str, WatchRequest};

use crate::machine::PageSize;
use crate::settings::Settings;

/// The size of a page of a list, unless the request has a `limit`; the same as kubectl's and client-go's.
const PAGE: i64 = 500;

/// The number of seconds after which a server ends a watch by default; the same as in client-go's reflector. It is
/// random, so that watches that start together do not end together.
const TIMEOUT_SECONDS: std::ops::RangeInclusive<u32> = 300..=600;

/// Placeholder for the type of the objects, on which requests do not depend.
#[derive(Debug)]
pub(super) enum AnyType {}

/// The requests of a watch, created from its list request.
#[derive(Debug)]
pub(super) struct Requests {
    list: ListRequest<AnyType>,
    limit: i64,
    bookmarks: bool,
    timeout_seconds: Option<u32>,
}

impl Requests {
    pub(super) fn new(list: ListRequest<AnyType>, settings: &Settings) -> Self {
        let query = &list.request().query;
        let limit = query.get("limit").and_then(|limit| limit.parse().ok()).unwrap_or(PAGE);
        let asked = || query.get("timeoutSeconds").and_then(|seconds| seconds.parse().ok());
        let timeout_seconds = settings.timeout_seconds.or_else(asked).filter(|seconds| *seconds > 0);
        Self { list: list.selection(), limit, bookmarks: settings.bookmarks, timeout_seconds }
    }

    /// The list request that all are created from.
    pub(super) fn list(&self) -> &Request {
        self.list.request()
    }

    /// The version from which to watch, if the request has one.
    pub(super) fn version(&self) -> Option<Str> {
        // Version 0 is not a starting point: it allows the list to be any state that the server has in memory.
        self.list().query.get("resourceVersion").filter(|version| *version != "0").map(Str::from)
    }

    /// Makes later lists return the most recent state.
    pub(super) fn forget_version(&mut self) {
        self.list = self.list.clone().without_version();
    }

    /// Whether bookmarks are requested. Streaming lists need them.
    pub(super) fn bookmarks(&self) -> bool {
        self.bookmarks
    }

    /// The minimum duration of a watch.
    pub(super) fn least_timeout(&self) -> Duration {
        Duration::from_secs(self.timeout_seconds.unwrap_or(*TIMEOUT_SECONDS.start()).into())
    }

    /// The duration of the next watch.
    pub(super) fn next_timeout(&self) -> u32 {
        self.timeout_seconds.unwrap_or_else(|| fastrand::u32(TIMEOUT_SECONDS))
    }

    /// A watch of the changes after a version, for this number of seconds.
    pub(super) fn watch(&self, from: Str, timeout_seconds: u32) -> WatchRequest<AnyType> {
        self.any_watch(timeout_seconds).resource_version(from)
    }

    /// A watch of the existing objects and later changes, for this number of seconds.
    pub(super) fn streaming_list(&self, timeout_seconds: u32) -> WatchRequest<AnyType> {
        self.any_watch(timeout_seconds).send_initial_events(true)
    }

    /// A page of the existing objects.
    pub(super) fn page(&self, token: Option<Str>, size: PageSize) -> ListRequest<AnyType> {
        let list = self.list.clone();
        let list = match size {
            PageSize::Limited => list.limit(self.limit),
            PageSize::Unlimited => list,
        };
        match token {
            Some(token) => list.next_page(token),
            None => list,
        }
    }

    fn any_watch(&self, timeout_seconds: u32) -> WatchRequest<AnyType> {
        let watch = self.list.clone().into_watch();
        let watch = if self.bookmarks { watch.allow_watch_bookmarks(true) } else { watch };
        watch.timeout_seconds(timeout_seconds)
    }
}
