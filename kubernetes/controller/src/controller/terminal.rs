use std::error::Error as StdError;
use std::fmt;

use kubernetes_client::support::find_error;

use super::BoxError;

/// An error that a retry can't fix: after it, the reconcile function runs only when something changes.
///
/// ```
/// use kubernetes_controller::Terminal;
///
/// fn check(schedule: &str) -> Result<(), Terminal> {
///     match schedule {
///         "" => Err(Terminal::new("spec.schedule must not be empty")),
///         _ => Ok(()),
///     }
/// }
/// ```
///
/// It may be anywhere in the chain of [sources](StdError::source), also inside an [`io::Error`](std::io::Error). (controller-runtime's `TerminalError`.)
pub struct Terminal(BoxError);

impl Terminal {
    /// Makes an error, or a message, terminal.
    pub fn new(error: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self(error.into())
    }

    /// Whether an error, or one of its sources, is terminal.
    pub(crate) fn is(error: &(dyn StdError + 'static)) -> bool {
        find_error::<Self>(error).is_some()
    }
}

kubernetes_core::error_text!(Terminal);

impl Terminal {
    fn write_message(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl StdError for Terminal {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&*self.0)
    }
}
