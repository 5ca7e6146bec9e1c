//! A string that stays out of logs.

use std::fmt;

/// A token, password or private key, never shown by `Debug` and without `Display`.
///
/// ```
/// let secret = kubernetes_config::Secret::new("s3cret");
/// assert_eq!(secret.expose(), "s3cret");
/// assert_eq!(format!("{secret:?}"), "Secret(redacted)");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret string.
    pub fn new(secret: impl Into<String>) -> Self {
        Self(secret.into())
    }

    /// The secret itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(secret: String) -> Self {
        Self(secret)
    }
}

impl From<&str> for Secret {
    fn from(secret: &str) -> Self {
        Self(secret.to_owned())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(redacted)")
    }
}

/// Bytes whose `Debug` shows only their number, since a PEM text would drown out everything else.
pub(crate) struct Shortened<'a>(pub(crate) &'a [u8]);

impl fmt::Debug for Shortened<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{} bytes]", self.0.len())
    }
}
