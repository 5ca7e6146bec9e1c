//! The reason why there are no credentials.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use super::BoxError;

/// A reason, shared by all requests that waited for the same credentials.
#[derive(Clone)]
pub(crate) struct AuthenticationError(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    message: String,
    cause: Cause,
    source: Option<BoxError>,
}

/// Whether another attempt can succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cause {
    /// It fails in the same way until something is changed.
    Lasting,
    /// It may succeed.
    Passing,
    /// It timed out, so it may succeed.
    Timeout,
}

impl AuthenticationError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(Arc::new(Inner { message: message.into(), cause: Cause::Lasting, source: None }))
    }

    pub(crate) fn with_source(message: impl Into<String>, source: impl Into<BoxError>) -> Self {
        let source = Some(source.into());
        Self(Arc::new(Inner { message: message.into(), cause: Cause::Lasting, source }))
    }

    /// A transient reason, such as a network failure.
    pub(crate) fn passing(message: impl Into<String>, source: Option<BoxError>) -> Self {
        Self(Arc::new(Inner { message: message.into(), cause: Cause::Passing, source }))
    }

    pub(crate) fn timeout(message: impl Into<String>) -> Self {
        Self(Arc::new(Inner { message: message.into(), cause: Cause::Timeout, source: None }))
    }

    pub(crate) fn is_passing(&self) -> bool {
        self.0.cause != Cause::Lasting
    }

    pub(crate) fn is_timeout(&self) -> bool {
        self.0.cause == Cause::Timeout
    }
}

kubernetes_core::error_text!(AuthenticationError);

impl AuthenticationError {
    fn write_message(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl StdError for AuthenticationError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}
