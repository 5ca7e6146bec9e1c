use std::fmt;
use std::path::Path;

/// Why nothing was generated: one problem, the file it is in, and the place there.
///
/// `Display` prints one line, `source()` has what caused it.
#[derive(Debug)]
pub struct Error {
    file: Option<String>,
    pointer: String,
    message: String,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// What everything here returns.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// A problem that no place in the description explains.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { file: None, pointer: String::new(), message: message.into(), source: None }
    }

    /// A problem at a place in the description, named by its JSON pointer (RFC 6901).
    pub(crate) fn at(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), ..Self::new(message) }
    }

    /// A file that could not be read or written.
    pub(crate) fn io(action: &str, path: &Path, error: std::io::Error) -> Self {
        Self::new(format!("can't {action} it")).in_file(path.display()).caused_by(error)
    }

    /// A file that the program was given and can't read.
    pub fn unreadable(path: &Path, error: std::io::Error) -> Self {
        Self::io("read", path, error)
    }

    /// What is wrong with a file that the program was given.
    pub fn of_file(file: &str, message: impl Into<String>) -> Self {
        Self::new(message).in_file(file)
    }

    /// The same problem of a file that is known by another name.
    #[must_use]
    pub fn renamed(mut self, from: &str, to: &str) -> Self {
        if self.file.as_deref() == Some(from) {
            self.file = Some(to.to_owned());
        }
        self
    }

    /// The same problem at another place, which its reader knows.
    pub(crate) fn moved(mut self, pointer: String) -> Self {
        self.pointer = pointer;
        self
    }

    pub(crate) fn in_file(mut self, file: impl fmt::Display) -> Self {
        self.file.get_or_insert_with(|| file.to_string());
        self
    }

    pub(crate) fn caused_by(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The JSON pointer of the place; empty if the problem has none.
    pub fn pointer(&self) -> &str {
        &self.pointer
    }

    /// The file that is to be mended.
    pub fn file(&self) -> Option<&str> {
        self.file.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{file}: ")?;
        }
        if !self.pointer.is_empty() {
            write!(f, "{}: ", self.pointer)?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|source| &**source as _)
    }
}

/// A place in the description, as a chain of keys; the pointer is only built when a problem is reported.
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
