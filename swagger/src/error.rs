//! Problems of a description, each with its place.

use std::fmt;

/// The number of problems that [`Error`] prints before it only counts the rest.
const PRINTED: usize = 20;

/// The error for a refused document: all problems, each with its place.
///
/// ```
/// use kubernetes_swagger::parse;
///
/// let error = parse(br#"{"swagger": "2.0", "info": {"title": "t", "version": "v"}, "paths": {}, "hosts": 1}"#)
///     .expect_err("`hosts` is not a key of Swagger 2.0");
/// assert_eq!(error.problems()[0].pointer, "/hosts");
/// ```
pub struct Error {
    problems: Vec<Problem>,
    source: Option<serde_json::Error>,
}

/// A problem with a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The place, as a JSON pointer (RFC 6901). Empty for the whole document.
    pub pointer: String,
    /// The problem, and the expected value.
    pub message: String,
}

impl Error {
    /// All problems, in the order of the document. There is at least one.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    pub(crate) fn new(problems: Vec<Problem>) -> Self {
        Self { problems, source: None }
    }

    /// The text is not JSON. `serde_json` provides the line and the column.
    pub(crate) fn syntax(error: serde_json::Error) -> Self {
        let place = format!("at line {}, column {}", error.line(), error.column());
        let message = if error.is_eof() {
            format!("the JSON text ends too early, {place}: the file is truncated; fetch it again")
        } else {
            format!("invalid JSON {place}")
        };
        Self { problems: vec![Problem { pointer: String::new(), message }], source: Some(error) }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let [problem] = self.problems.as_slice() {
            fmt::Display::fmt(problem, f)?;
            return match &self.source {
                Some(source) if f.alternate() => write!(f, "; caused by: {source}"),
                _ => Ok(()),
            };
        }
        write!(f, "{} problems:", self.problems.len())?;
        for problem in self.problems.iter().take(PRINTED) {
            write!(f, "\n  {problem}")?;
        }
        match self.problems.len().saturating_sub(PRINTED) {
            0 => Ok(()),
            more => write!(f, "\n  and {more} more"),
        }
    }
}

impl fmt::Debug for Error {
    /// Like `Display`, followed by the source: a `main` that returns the error prints this.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:#}")
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|error| error as _)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.pointer.is_empty() {
            f.write_str(&self.message)
        } else {
            write!(f, "{}: {}", self.pointer, self.message)
        }
    }
}
