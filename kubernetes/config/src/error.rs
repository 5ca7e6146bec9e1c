//! The error type of this crate, with the place and the reason.

use std::error::Error as StdError;
use std::fmt;
use std::path::{Path, PathBuf};

/// The error for a configuration that can't be loaded, which names the file, line and field to fix.
///
/// `Display` has the form `file:line: field: reason`, as far as these are known, and never contains a token, password
/// or key; [`source`](StdError::source) is the operating system's or decoder's reason.
pub struct Error(Box<Inner>);

struct Inner {
    place: Place,
    message: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
    is_not_found: bool,
}

/// The place of a value.
#[derive(Clone, Debug, Default)]
pub(crate) struct Place {
    pub(crate) file: Option<PathBuf>,
    pub(crate) line: Option<u64>,
    pub(crate) field: Option<String>,
}

impl Place {
    pub(crate) fn file(file: &Path) -> Self {
        Self { file: Some(file.to_owned()), ..Self::default() }
    }
}

impl Error {
    pub(crate) fn new(place: Place, message: impl Into<String>) -> Self {
        Self(Box::new(Inner { place, message: message.into(), source: None, is_not_found: false }))
    }

    /// There is no configuration, and none was named.
    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        let mut error = Self::new(Place::default(), message);
        error.0.is_not_found = true;
        error
    }

    pub(crate) fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Whether there is no configuration: no kubeconfig in the default place, and no variables of a pod, if these were
    /// considered. A program may then continue without a cluster.
    ///
    /// ```
    /// use kubernetes_config::{Config, Environment};
    ///
    /// let mut environment = Environment::default();
    /// assert!(Config::from_environment(&environment).unwrap_err().is_not_found());
    ///
    /// environment.kubeconfig = Some("/does/not/exist".into());
    /// assert!(!Config::from_environment(&environment).unwrap_err().is_not_found());
    /// ```
    ///
    /// False for a wrong or incomplete configuration, and if `$KUBECONFIG` is set but none of its files exists.
    ///
    /// # Troubleshooting
    ///
    /// - `$HOME` is not set or is another user's, for example under sudo, cron or systemd: set `$KUBECONFIG`.
    /// - In a pod, `automountServiceAccountToken: false` withholds the token that the program needs.
    pub fn is_not_found(&self) -> bool {
        self.0.is_not_found
    }

    /// The file with the error, or that could not be read.
    pub fn file(&self) -> Option<&Path> {
        self.0.place.file.as_deref()
    }

    /// The line in [`file`](Self::file), counted from 1.
    pub fn line(&self) -> Option<u64> {
        self.0.place.line
    }

    /// The field, as a path such as `users[name=admin].user.client-key-data`.
    pub fn field(&self) -> Option<&str> {
        self.0.place.field.as_deref()
    }
}

impl fmt::Debug for Error {
    /// Like `Display`, followed by all sources: a `main` that returns the error prints this.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:#}")
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Place { file, line, field } = &self.0.place;
        if let Some(file) = file {
            write!(f, "{}:", file.display())?;
            if let Some(line) = line {
                write!(f, "{line}:")?;
            }
            f.write_str(" ")?;
        }
        if let Some(field) = field {
            write!(f, "{field}: ")?;
        }
        f.write_str(&self.0.message)?;
        let mut source = self.source().filter(|_| f.alternate());
        while let Some(error) = source {
            write!(f, "; caused by: {error}")?;
            source = error.source();
        }
        Ok(())
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}
