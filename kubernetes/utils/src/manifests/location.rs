use std::fmt;
use std::sync::Arc;

use kubernetes_core::text::printable;

/// The place of an object in the text that it was read from.
///
/// Its `Display` is `deploy/web.yaml:12:3`, which editors and terminals turn into a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    source: Arc<str>,
    line: usize,
    column: usize,
}

/// The maximum number of bytes of a source's name that are shown.
const NAME_BYTES: usize = 4096;

impl Location {
    pub(crate) fn new(source: &Arc<str>, line: usize, column: usize) -> Self {
        Self { source: Arc::clone(source), line, column }
    }

    /// The path of the file, or the name of another source, such as `<stdin>`.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The line, counted from 1.
    pub fn line(&self) -> usize {
        self.line
    }

    /// The column in characters, counted from 1.
    pub fn column(&self) -> usize {
        self.column
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", printable(&self.source, NAME_BYTES), self.line, self.column)
    }
}
