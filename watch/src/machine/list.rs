use kubernetes_core::{ContinueTokens, Str};

use super::{NextRequest, PageSize};

/// An incomplete list, page by page.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct PagedList {
    /// The token of the next page; `None` for the first.
    token: Option<Str>,
    size: PageSize,
    /// The version of the first page.
    version: Option<Str>,
    tokens: ContinueTokens,
}

/// The state of a list after a page.
#[derive(Debug, PartialEq)]
pub(super) enum PageOutcome {
    /// Another page follows.
    Next,
    /// That was the last page of a list at this version.
    Complete(Str),
    WithoutVersion,
    /// The pages would never end.
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

    /// Whether the page is not the first one, so that it may expire.
    pub(super) fn is_page_of_several(&self) -> bool {
        self.token.is_some() && self.size == PageSize::Limited
    }

    pub(super) fn add_page(&mut self, version: &str, next: Option<&str>, is_empty: bool) -> PageOutcome {
        // If the pages disagree, the first version is safe: later changes are sent again.
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
