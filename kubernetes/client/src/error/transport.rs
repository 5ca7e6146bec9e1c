//! Errors of connections, by which [`classify`](super::classify) tells what became of a request.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::BoxError;

/// No connection could be made. It is shared by all requests that waited for it.
#[derive(Clone)]
pub(crate) struct ConnectFailed(Arc<dyn StdError + Send + Sync>);

impl ConnectFailed {
    pub(crate) fn new(source: BoxError) -> Self {
        Self(source.into())
    }
}

kubernetes_core::error_text!(ConnectFailed);

impl ConnectFailed {
    fn write_message(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no connection could be made")
    }
}

impl StdError for ConnectFailed {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&*self.0)
    }
}

/// Connecting, TLS included, took too long.
pub(crate) struct ConnectTimeout(pub(crate) Duration);

kubernetes_core::error_text!(ConnectTimeout);

impl ConnectTimeout {
    fn write_message(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no connection within {:?}", self.0)
    }
}

impl StdError for ConnectTimeout {}

/// The connection was lost before anything of the request was sent.
pub(crate) struct NotSent(pub(crate) hyper::Error);

kubernetes_core::error_text!(NotSent);

impl NotSent {
    fn write_message(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection closed before the request was sent")
    }
}

impl StdError for NotSent {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&self.0)
    }
}

/// A stream yielded nothing for a time.
pub(crate) struct IdleTimeout(pub(crate) Duration);

kubernetes_core::error_text!(IdleTimeout);

impl IdleTimeout {
    fn write_message(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "nothing arrived for {:?}", self.0)
    }
}

impl StdError for IdleTimeout {}
