//! The decisions of a machine, with a type for each question that it is asked.

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

/// How many objects a page of a list may have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum PageSize {
    /// As many as the request's limit says.
    Limited,
    /// All of them.
    Unlimited,
}

/// How to take an object that was added, modified or deleted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum ChangeStep {
    /// It is part of a list that is not complete.
    Listed,
    /// It is a change after the list.
    Changed,
}

/// How to take a bookmark.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum BookmarkStep {
    /// Hand it over.
    Deliver,
    /// The streaming list is complete, at this version; the connection goes on as a watch.
    Complete { version: Str },
    /// The server does not know streaming lists: drop the connection and list page by page.
    ListInstead,
}

/// How to go on after a page of a list.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum PageStep {
    /// Ask for the next request, which is that of the next page.
    Next,
    /// The list is complete, at this version.
    Complete { version: Str },
    /// The list has no end in pages: discard it, wait, and list in one piece.
    Restart { wait: Duration },
    /// The list has no end in one piece either: the watch is over.
    Endless,
    /// The list has no version to watch from: the watch is over.
    WithoutVersion,
}

/// How to go on after a request has come to nothing, or its connection has ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Recovery {
    /// Wait, then ask for the next request.
    Retry { wait: Duration },
    /// List page by page in place of a streaming list, at once: the caller does not see it as a new connection.
    ListInstead,
    /// The watch is over.
    Fail,
}
