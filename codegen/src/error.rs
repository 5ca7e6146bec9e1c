use std::fmt;
use std::path::Path;

use crate::locate::{Location, excerpt, locate};
use crate::text::single_line;

/// The number of problems that `Display` prints before it only counts the rest.
const PRINTED: usize = 20;

/// The error of a generation: a problem with its file and place, and further problems of the same file.
///
/// `Display` prints one line for each problem, whatever the names and messages contain; `source()` is the cause of the
/// first.
pub struct Error(Box<Problem>);

#[derive(Debug)]
struct Problem {
    others: Vec<Error>,
    excerpt: String,
    file: Option<String>,
    pointer: String,
    message: String,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// The result type of this crate.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// A problem without a place in the description.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(Box::new(Problem {
            others: Vec::new(),
            excerpt: String::new(),
            file: None,
            pointer: String::new(),
            message: message.into(),
            source: None,
        }))
    }

    /// A problem at a place in the description, named by its JSON pointer (RFC 6901).
    pub(crate) fn at(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(message).moved(pointer.into())
    }

    /// All problems of a file as one error, if there is any.
    pub(crate) fn of_all(errors: impl IntoIterator<Item = Self>) -> Option<Self> {
        let mut errors = errors.into_iter();
        let mut first = errors.next()?;
        for mut error in errors {
            first.0.others.append(&mut error.0.others);
            first.0.others.push(error);
        }
        Some(first)
    }

    /// Adds the lines around the places to those problems that are printed, as each needs a pass over the text.
    pub(crate) fn with_excerpts(mut self, text: &str) -> Self {
        self = self.with_own_excerpt(text);
        let others = self.0.others.into_iter().enumerate();
        let shown = |index: usize, error: Self| if index < PRINTED { error.with_own_excerpt(text) } else { error };
        self.0.others = others.map(|(index, error)| shown(index, error)).collect();
        self
    }

    fn with_own_excerpt(self, text: &str) -> Self {
        if self.0.pointer.is_empty() || !self.0.excerpt.is_empty() || text.is_empty() {
            return self;
        }
        let location = locate(text, &self.0.pointer);
        self.with_excerpt_at(text, location)
    }

    /// Adds the lines of the text around a place.
    pub(crate) fn with_excerpt_at(mut self, text: &str, location: Location) -> Self {
        let Location { line, column } = location;
        self.0.excerpt = format!("  line {line}, column {column}\n{}", excerpt(text, location));
        self
    }

    /// Maps every problem.
    pub(crate) fn each(mut self, change: &mut dyn FnMut(Self) -> Self) -> Self {
        let others = std::mem::take(&mut self.0.others);
        let mut changed = change(self);
        changed.0.others = others.into_iter().map(change).collect();
        changed
    }

    /// Every problem, this one first.
    pub fn problems(&self) -> impl Iterator<Item = &Self> {
        std::iter::once(self).chain(&self.0.others)
    }

    /// The lines around the place, with its line and column; empty if the place is not known.
    pub fn excerpt(&self) -> &str {
        &self.0.excerpt
    }

    /// A file that could not be read or written.
    pub(crate) fn io(action: &str, path: &Path, error: std::io::Error) -> Self {
        Self::new(format!("can't {action} it")).in_file(path.display()).caused_by(error)
    }

    /// An input file that can't be read.
    pub fn unreadable(path: &Path, error: std::io::Error) -> Self {
        Self::io("read", path, error)
    }

    /// A problem of an input file.
    pub fn of_file(file: &str, message: impl Into<String>) -> Self {
        Self::new(message).in_file(file)
    }

    /// The same problem in a file with another name.
    #[must_use]
    pub fn renamed(mut self, from: &str, to: &str) -> Self {
        if self.0.file.as_deref() == Some(from) {
            self.0.file = Some(to.to_owned());
        }
        self.0.others = self.0.others.into_iter().map(|other| other.renamed(from, to)).collect();
        self
    }

    /// The same problem at another place, which its reader knows.
    pub(crate) fn moved(mut self, pointer: String) -> Self {
        self.0.pointer = pointer;
        self
    }

    pub(crate) fn in_file(mut self, file: impl fmt::Display) -> Self {
        let file = self.0.file.get_or_insert_with(|| file.to_string());
        for other in &mut self.0.others {
            other.0.file.get_or_insert_with(|| file.clone());
        }
        self
    }

    pub(crate) fn caused_by(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// The JSON pointer of the place; empty if the problem has none.
    pub fn pointer(&self) -> &str {
        &self.0.pointer
    }

    /// The file to fix.
    pub fn file(&self) -> Option<&str> {
        self.0.file.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.0.file {
            write!(f, "{}: ", single_line(file))?;
        }
        if !self.0.pointer.is_empty() {
            write!(f, "{}: ", single_line(&self.0.pointer))?;
        }
        f.write_str(&single_line(&self.0.message))?;
        if let Some(source) = self.0.source.as_ref().filter(|_| f.alternate()) {
            write!(f, "; caused by: {}", single_line(&source.to_string()))?;
        }
        for other in self.0.others.iter().take(PRINTED - 1) {
            write!(f, "\n{other}")?;
        }
        match (self.0.others.len() + 1).saturating_sub(PRINTED) {
            0 => Ok(()),
            more => write!(f, "\nand {more} more problems"),
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
        self.0.source.as_ref().map(|source| &**source as _)
    }
}

/// A place in the description, as a chain of keys; the pointer is built only when a problem is reported.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    parent: Option<&'a Place<'a>>,
    key: &'a str,
}

impl<'a> Place<'a> {
    pub(crate) fn root(key: &'a str) -> Self {
        Self { parent: None, key }
    }

    pub(crate) fn key<'b>(&'b self, key: &'b str) -> Place<'b> {
        Place { parent: Some(self), key }
    }

    pub(crate) fn pointer(&self) -> String {
        let mut pointer = self.parent.map(Place::pointer).unwrap_or_default();
        pointer.push('/');
        pointer.push_str(&self.key.replace('~', "~0").replace('/', "~1"));
        pointer
    }

    pub(crate) fn error(&self, message: impl Into<String>) -> Error {
        Error::at(self.pointer(), message)
    }
}
