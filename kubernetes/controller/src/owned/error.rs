use std::error::Error as StdError;
use std::fmt;

use kubernetes_client::Error;
use kubernetes_core::{InvalidOwner, ObjectKey};

/// The error of a child of an [`OwnedSet`](crate::OwnedSet) that could not be applied or deleted.
pub struct OwnedError {
    kind: &'static str,
    key: ObjectKey,
    cause: Cause,
}

pub(super) enum Cause {
    NoManager,
    Owner(InvalidOwner),
    Read(Error),
    Apply(Error),
    Recreate(Error),
    Delete(Error),
    List(Error),
}

impl OwnedError {
    pub(super) fn new(kind: &'static str, key: &ObjectKey, cause: Cause) -> Self {
        Self { kind, key: key.clone(), cause }
    }

    pub(super) fn no_manager() -> Self {
        Self::new("", &ObjectKey::default(), Cause::NoManager)
    }

    /// The key of the child; empty if the error is not about a single one.
    pub fn key(&self) -> &ObjectKey {
        &self.key
    }

    /// The error of the request that failed; `None` if none was sent, as for a child that the owner can't own.
    pub fn client_error(&self) -> Option<&Error> {
        match &self.cause {
            Cause::Read(error)
            | Cause::Apply(error)
            | Cause::Recreate(error)
            | Cause::Delete(error)
            | Cause::List(error) => Some(error),
            Cause::NoManager | Cause::Owner(_) => None,
        }
    }
}

kubernetes_core::error_text!(OwnedError);

impl OwnedError {
    fn write_message(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, key, cause } = self;
        match cause {
            Cause::NoManager => f.write_str(
                "can't apply children: the controller needs a name of its own, by which to tell them from those of other \
                 programs; see `Controller::named`",
            ),
            Cause::Read(error) => write!(f, "reading {kind} {key} failed: {error}"),
            Cause::Owner(error) => write!(f, "can't apply {kind} {key}: {error}"),
            Cause::Apply(error) => write!(f, "applying {kind} {key} failed: {error}"),
            Cause::Recreate(error) => write!(f, "recreating {kind} {key} failed: {error}"),
            Cause::Delete(error) => write!(f, "deleting {kind} {key}, which is no longer wanted, failed: {error}"),
            Cause::List(error) => write!(f, "listing the {kind} objects of the owner failed: {error}"),
        }
    }
}

impl StdError for OwnedError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.cause {
            Cause::Owner(error) => Some(error),
            _ => self.client_error().map(|error| error as _),
        }
    }
}
