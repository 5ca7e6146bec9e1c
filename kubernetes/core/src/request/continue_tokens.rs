use std::fmt;

use crate::Str;

/// How many pages without an object may follow each other. An API server sends none, as it looks for objects until it
/// has as many as the limit allows.
const EMPTY_PAGES: u32 = 100;

/// Follows the continue tokens of a list, and notices one that has no end: a server that does not understand them, or
/// sends them in a circle, would otherwise be asked for pages for ever.
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
/// [`Pages`](crate::Pages) and the watches of `kubernetes-watch` use it. Its memory does not grow with the list: it
/// compares each token with one of those before (Brent's algorithm), so that a circle is noticed in its third round at
/// the latest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContinueTokens {
    /// A token that came before.
    mark: Option<Str>,
    /// How many tokens have come since.
    since_mark: u64,
    /// After how many the mark moves on.
    limit: u64,
    /// How many pages in a row had no object.
    empty_pages: u32,
}

impl ContinueTokens {
    /// Takes in the token of a page, which is the one to ask for next, and whether the page had no objects.
    ///
    /// # Errors
    /// If the token has come before, or if there were 100 empty pages in a row.
    pub fn follow(&mut self, token: &str, is_empty: bool) -> Result<(), EndlessList> {
        self.empty_pages = if is_empty { self.empty_pages + 1 } else { 0 };
        if self.empty_pages >= EMPTY_PAGES {
            return Err(EndlessList("100 pages in a row have no objects"));
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

/// A list has no end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndlessList(&'static str);

impl fmt::Display for EndlessList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the list has no end: {}", self.0)
    }
}

impl std::error::Error for EndlessList {}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many tokens are followed until the list is found to be endless.
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
