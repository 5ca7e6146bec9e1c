use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use kubernetes_client::Error;
use kubernetes_core::GroupVersion;

/// A version of a group whose resources could not be discovered.
#[derive(Clone)]
pub struct DiscoveryFailure {
    group_version: GroupVersion,
    cause: Cause,
}

#[derive(Clone, Debug)]
enum Cause {
    /// The server reports that the API server behind it does not respond.
    Stale,
    /// The request for its resources failed.
    Failed(Arc<Error>),
    /// The disk cache lacks its resources.
    NotCached,
}

impl DiscoveryFailure {
    pub(crate) fn stale(group_version: GroupVersion) -> Self {
        Self { group_version, cause: Cause::Stale }
    }

    pub(crate) fn failed(group_version: GroupVersion, error: Error) -> Self {
        Self { group_version, cause: Cause::Failed(Arc::new(error)) }
    }

    pub(crate) fn not_cached(group_version: GroupVersion) -> Self {
        Self { group_version, cause: Cause::NotCached }
    }

    /// The group and version.
    pub fn group_version(&self) -> &GroupVersion {
        &self.group_version
    }

    /// The error of the request for the resources; `None` if the server itself reports that they are
    /// [stale](Self::is_stale).
    pub fn error(&self) -> Option<&Error> {
        match &self.cause {
            Cause::Failed(error) => Some(error),
            Cause::Stale | Cause::NotCached => None,
        }
    }

    /// Whether the server reports that the API server of this version does not respond (`freshness: Stale`).
    pub fn is_stale(&self) -> bool {
        matches!(self.cause, Cause::Stale)
    }
}

kubernetes_core::error_text!(DiscoveryFailure);

impl DiscoveryFailure {
    fn write_message(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.group_version)?;
        match &self.cause {
            Cause::Stale => f.write_str("its API server does not respond"),
            Cause::Failed(error) => write!(f, "{error}"),
            Cause::NotCached => f.write_str("the disk cache lacks its resources"),
        }
    }
}

impl StdError for DiscoveryFailure {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.error().map(|error| error as _)
    }
}
