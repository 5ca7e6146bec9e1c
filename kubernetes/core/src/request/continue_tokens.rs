use std::fmt;

use crate::Str;

/// The number of consecutive pages that may be without objects. API servers send no such pages, as they look for
/// objects until they reach the limit.
const EMPTY_PAGES: u32 = 100;

/// Follows the continue tokens of a list, and detects a list that never ends: a server that does not understand the
/// tokens, or sends them in a cycle, would otherwise be asked for pages forever.
///
/// ```
/// use kubernetes_core::ContinueTokens;
///
/// let mut tokens = ContinueTokens::default();
/// tokens.follow("page-2", false)?;
/// tokens.follow("page-3", false)?;
/// assert!(tokens.follow("page-2", false).is_err());
/// # Ok::<(), kubernetes_core::EndlessList>(())
/// ```
///
/// [`Pages`](crate::Pages) and the watches of `kubernetes-watch` use it. Its memory does not grow with the list: it compares each token with a single earlier one (Brent's algorithm), so a cycle is detected in its third round at the latest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContinueTokens {
    /// An earlier token.
    mark: Option<Str>,
    /// The number of tokens since then.
    since_mark: u64,
    /// The number of tokens after which the mark moves.
    limit: u64,
    /// The number of consecutive pages without objects.
    empty_pages: u32,
}

impl ContinueTokens {
    /// Records the token of a page, with which the next is requested, and whether the page was empty.
    ///
    /// # Errors
    /// Returns an error if the token has occurred before, or after 100 consecutive empty pages.
    pub fn follow(&mut self, token: &str, is_empty: bool) -> Result<(), EndlessList> {
        self.empty_pages = if is_empty { self.empty_pages + 1 } else { 0 };
        if self.empty_pages >= EMPTY_PAGES {
            return Err(EndlessList("100 consecutive pages have no objects"));
        }
        if self.mark.as_deref() == Some(token) {
            return Err(EndlessList("a page has the continue token of an earlier page"));
        }
        self.since_mark += 1;
        if self.since_mark > self.limit {
            self.mark = Some(token.into());
            self.limit = (self.limit * 2).max(1);
            self.since_mark = 0;
        }
        Ok(())
    }
}

/// The error for a list that never ends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct EndlessList(&'static str);

crate::error_text!(EndlessList);

impl EndlessList {
    fn write_message(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the list never ends: {}", self.0)
    }
}

impl std::error::Error for EndlessList {}

#[cfg(test)]
mod tests {
    use super::*;

    /// The number of tokens that are followed before the list is found to be endless.
    fn followed(tokens: impl Iterator<Item = String>, is_empty: bool) -> Option<usize> {
        let mut follower = ContinueTokens::default();
        tokens.take(100_000).position(|token| follower.follow(&token, is_empty).is_err())
    }

    #[test]
    fn circles_are_noticed() {
        assert_eq!(followed(std::iter::repeat_n("a".to_owned(), 5), false), Some(1));
        for lead in [0, 1, 5, 100] {
            for length in [1, 2, 3, 7, 64, 1000] {
                let circle = (0..).map(|index: usize| {
                    if index < lead { format!("lead {index}") } else { ((index - lead) % length).to_string() }
                });
                let found = followed(circle, false).expect("it is noticed");
                assert!(found <= 3 * (lead + length), "lead {lead}, length {length}: {found}");
            }
        }
    }

    #[test]
    fn long_lists_and_some_empty_pages_are_none() {
        assert_eq!(followed((0..).map(|index: u32| index.to_string()), false), None);
        assert_eq!(followed((0..).map(|index: u32| index.to_string()), true), Some(99));
        let mut tokens = ContinueTokens::default();
        for index in 0..1000 {
            assert_eq!(tokens.follow(&index.to_string(), index % 99 != 0), Ok(()));
        }
    }
}
