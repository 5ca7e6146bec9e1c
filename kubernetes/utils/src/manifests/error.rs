use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use kubernetes_core::text::{MAX_MESSAGE_BYTES, printable};

use super::location::Location;

/// The error for manifests that can't be read or applied, with the place of each problem.
///
/// ```
/// use kubernetes_utils::manifests::{Manifests, ProblemKind};
///
/// let error = Manifests::from_text("web.yaml", "kind: Pod\nmetadata: {name: web}").unwrap_err();
/// assert_eq!(error.to_string(), "web.yaml:1:1: the object has no apiVersion");
/// assert_eq!(error.problems()[0].kind(), ProblemKind::InvalidObject);
/// ```
///
/// A function that returns it has written nothing.
#[derive(Clone)]
pub struct ManifestError {
    problems: Vec<Problem>,
}

/// A problem with manifests.
#[derive(Clone)]
pub struct Problem {
    kind: ProblemKind,
    location: Option<Location>,
    message: Box<str>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

/// The kinds of [`Problem`]s.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProblemKind {
    /// A file or stream can't be read.
    Unreadable,
    /// The text is too large, or there are too many objects.
    TooLarge,
    /// There are no objects.
    Empty,
    /// The text is not YAML or JSON.
    Syntax,
    /// A document is not a Kubernetes object, or lacks `apiVersion`, `kind` or a name.
    InvalidObject,
    /// The server has no resource for the object's type.
    UnknownKind,
    /// The object's namespace is not the required one.
    WrongNamespace,
    /// The same object appears twice.
    Duplicate,
    /// The object is a member of another set.
    ForeignMember,
    /// The resources of the server, or the parent of a set, could not be read.
    Server,
    /// The parent of a set can't be used.
    Parent,
}

/// The maximum number of problems in a message.
const SHOWN: usize = 20;

impl Problem {
    pub(crate) fn new(kind: ProblemKind, location: Option<Location>, message: impl Into<Box<str>>) -> Self {
        Self { kind, location, message: message.into(), source: None }
    }

    pub(crate) fn caused_by(mut self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.source = Some(Arc::new(source));
        self
    }

    /// The kind of the problem.
    pub fn kind(&self) -> ProblemKind {
        self.kind
    }

    /// The place of the object or the error, if known.
    pub fn location(&self) -> Option<&Location> {
        self.location.as_ref()
    }
}

kubernetes_core::error_text!(Problem);

impl Problem {
    fn write_message(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(location) = &self.location {
            write!(f, "{location}: ")?;
        }
        f.write_str(&printable(&self.message, MAX_MESSAGE_BYTES))
    }
}

impl StdError for Problem {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_ref().map(|source| &**source as &(dyn StdError + 'static))
    }
}

impl ManifestError {
    pub(crate) fn new(problems: Vec<Problem>) -> Self {
        Self { problems }
    }

    /// All problems, in the order of the texts.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Whether one of the problems is of this kind.
    pub fn has(&self, kind: ProblemKind) -> bool {
        self.problems.iter().any(|problem| problem.kind == kind)
    }
}

impl From<Problem> for ManifestError {
    fn from(problem: Problem) -> Self {
        Self { problems: vec![problem] }
    }
}

impl fmt::Display for ManifestError {
    /// A line for each problem; `{error:#}` and `Debug` show the causes of each.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().take(SHOWN).enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            match f.alternate() {
                true => write!(f, "{problem:#}")?,
                false => write!(f, "{problem}")?,
            }
        }
        match self.problems.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => write!(f, "\nand {more} more problems"),
        }
    }
}

impl fmt::Debug for ManifestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:#}")
    }
}

impl StdError for ManifestError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.problems.first().map(|problem| problem as _)
    }
}
