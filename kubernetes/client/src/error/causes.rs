//! The causes in a `Status`, each about a field.

use std::error::Error as StdError;
use std::fmt;

use kubernetes_core::Status;
use kubernetes_core::text::printable;

/// The maximum number of causes that are shown; an object may have thousands of wrong fields.
const MOST_SHOWN: usize = 50;

/// The maximum length of a cause that is shown.
const SHOWN_BYTES: usize = 1024;

/// One of the causes in `details.causes` of a `Status`: the field and the problem. The next cause is its source, so
/// that printing the chain of errors prints all.
pub(crate) struct Cause {
    text: String,
    next: Option<Box<Cause>>,
}

impl Cause {
    pub(crate) fn chain(status: &Status) -> Option<Box<Self>> {
        let causes = &status.details.as_ref()?.causes;
        let rest = causes.len().saturating_sub(MOST_SHOWN);
        let rest = (rest > 0).then(|| Box::new(Self { text: format!("and {rest} more causes"), next: None }));
        causes.iter().take(MOST_SHOWN).rev().fold(rest, |next, cause| {
            let field = cause.field.as_deref().unwrap_or_default();
            let message = cause.message.as_deref().or(cause.reason.as_deref()).unwrap_or_default();
            let text = match (field, message) {
                ("", "") => return next,
                ("", message) => message.to_owned(),
                (field, "") => field.to_owned(),
                (field, message) => format!("{field}: {message}"),
            };
            Some(Box::new(Self { text: printable(&text, SHOWN_BYTES), next }))
        })
    }
}

kubernetes_core::error_text!(Cause);

impl Cause {
    fn write_message(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl StdError for Cause {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.next.as_deref().map(|next| next as &(dyn StdError + 'static))
    }
}
