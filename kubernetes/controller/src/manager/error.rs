use std::any::Any;
use std::error::Error as StdError;
use std::fmt;
use std::io;

use kubernetes_core::text::{MAX_MESSAGE_BYTES, printable};
use kubernetes_serving::CertificatesError;

use crate::panic;

/// The reason why a [`Manager`](super::Manager) has ended, other than a shutdown.
pub struct ManagerError(Kind);

/// The error of a service.
pub(super) type BoxError = Box<dyn StdError + Send + Sync>;

pub(super) enum Kind {
    Service { name: String, source: BoxError },
    Panic { name: String, message: String },
    Election(kubernetes_election::Error),
    Signals(io::Error),
    Admin { address: String, source: io::Error },
    AdminCertificates(CertificatesError),
    SameName { name: String },
    Unfinished { names: Vec<String> },
}

impl ManagerError {
    pub(super) fn new(kind: Kind) -> Self {
        Self(kind)
    }

    /// A panic of a service, with its message.
    pub(super) fn panic(name: String, payload: &(dyn Any + Send)) -> Self {
        let text = panic::message(payload);
        Self(Kind::Panic { name, message: printable(text.unwrap_or("unknown"), MAX_MESSAGE_BYTES) })
    }

    /// Whether leadership was lost. The program should exit and be restarted.
    ///
    /// # Troubleshooting
    ///
    /// See [the election's error](kubernetes_election::Error::is_lost) for the usual causes.
    pub fn is_lost(&self) -> bool {
        matches!(&self.0, Kind::Election(error) if error.is_lost())
    }

    /// Whether services have not ended in time after a shutdown, and were canceled.
    ///
    /// # Troubleshooting
    ///
    /// A service ignores its shutdown token, or a reconcile takes longer than `--graceful-shutdown-timeout`: check
    /// `context.shutdown()` in loops, or raise the limit and the pod's `terminationGracePeriodSeconds`.
    pub fn is_unfinished(&self) -> bool {
        matches!(self.0, Kind::Unfinished { .. })
    }

    /// The name of the service that has failed or panicked.
    pub fn service(&self) -> Option<&str> {
        match &self.0 {
            Kind::Service { name, .. } | Kind::Panic { name, .. } => Some(name),
            _ => None,
        }
    }
}

kubernetes_core::error_text!(ManagerError);

impl ManagerError {
    fn write_message(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Service { name, source } => write!(f, "the service {name} has failed: {source}"),
            Kind::Panic { name, message } => write!(f, "the service {name} has panicked: {message}"),
            Kind::SameName { name } => write!(f, "two services are named {name}"),
            Kind::Signals(source) => write!(f, "can't receive signals: {source}"),
            Kind::Election(error) => fmt::Display::fmt(error, f),
            Kind::Admin { address, source } => write!(f, "can't serve the admin endpoints at {address}: {source}"),
            Kind::AdminCertificates(source) => write!(f, "can't serve the admin endpoints over TLS: {source}"),
            Kind::Unfinished { names } => {
                write!(f, "services did not end within the graceful shutdown timeout: {}", names.join(", "))
            }
        }
    }
}

impl StdError for ManagerError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.0 {
            Kind::Service { source, .. } => Some(&**source),
            Kind::Election(error) => Some(error),
            Kind::Admin { source, .. } | Kind::Signals(source) => Some(source),
            Kind::AdminCertificates(source) => Some(source),
            Kind::Panic { .. } | Kind::SameName { .. } | Kind::Unfinished { .. } => None,
        }
    }
}
