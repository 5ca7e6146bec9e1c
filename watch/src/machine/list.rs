use kubernetes_core::{ContinueTokens, Str};

use super::{NextRequest, PageSize};

/// A list under way, page by page.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct PagedList {
    /// The page to ask for next; `None` for the first.
    token: Option<Str>,
    size: PageSize,
    /// The version of the first page.
    version: Option<Str>,
    tokens: ContinueTokens,
}

/// The meaning of a page for its list.
#[derive(Debug, PartialEq)]
pub(super) enum PageOutcome {
    /// Another page follows.
    Next,
    /// It was the last page, of a list at this version.
    Complete(Str),
    WithoutVersion,
    /// Pages would follow for ever.
    Endless,
}

impl PagedList {
    pub(super) fn new(size: PageSize) -> Self {
        Self { token: None, size, version: None, tokens: ContinueTokens::default() }
    }

    pub(super) fn next_request(&self) -> NextRequest {
        NextRequest::Page { token: self.token.clone(), size: self.size }
    }

    pub(super) fn size(&self) -> PageSize {
        self.size
    }

    /// Whether the page is a later one of a list in pages, which may expire while the list does not.
    pub(super) fn is_page_of_several(&self) -> bool {
        self.token.is_some() && self.size == PageSize::Limited
    }

    pub(super) fn add_page(&mut self, version: &str, next: Option<&str>, is_empty: bool) -> PageOutcome {
        // Should the pages not agree, the first version loses nothing: what changed since is sent again.
        let version = self.version.get_or_insert_with(|| version.into());
        match next {
            Some(next) if self.tokens.follow(next, is_empty).is_err() => PageOutcome::Endless,
            Some(next) => {
                self.token = Some(next.into());
                PageOutcome::Next
            }
            None if version.is_empty() => PageOutcome::WithoutVersion,
            None => PageOutcome::Complete(version.clone()),
        }
    }
}
