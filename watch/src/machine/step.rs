//! The decisions of a machine, with a type for each kind of question.

use std::time::Duration;

use kubernetes_core::Str;

/// The next request.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum NextRequest {
    /// A watch of the changes after this version.
    Watch { from: Str },
    /// A watch that starts with the existing objects; objects of an unfinished list are discarded.
    StreamingList,
    /// A page of a list. Without a token it is the first one, and objects of an unfinished list are discarded.
    Page { token: Option<Str>, size: PageSize },
}

/// The size of a page of a list.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum PageSize {
    /// The request's limit.
    Limited,
    /// All objects.
    Unlimited,
}

/// The meaning of an object that was added, modified or deleted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum ChangeStep {
    /// The object is part of an incomplete list.
    Listed,
    /// The object has changed after the list.
    Changed,
}

/// The meaning of a bookmark.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum BookmarkStep {
    /// Deliver it.
    Deliver,
    /// The streaming list is complete, at this version; the connection continues as a watch.
    Complete { version: Str },
    /// The server does not support streaming lists: drop the connection and list page by page.
    ListInstead,
}

/// The next step after a page of a list.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum PageStep {
    /// Make the next request, which is for the next page.
    Next,
    /// The list is complete, at this version.
    Complete { version: Str },
    /// The list never ends in pages: discard it, wait, and request it as a single response.
    Restart { wait: Duration },
    /// The list never ends as a single response either: the watch ends.
    Endless,
    /// The list has no version to watch from: the watch ends.
    WithoutVersion,
}

/// The next step after a request has failed, or its connection has ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Recovery {
    /// Wait, then make the next request.
    Retry { wait: Duration },
    /// List page by page instead of a streaming list, at once; the caller does not see a new connection.
    ListInstead,
    /// The watch is over.
    Fail,
}
