use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use kubernetes_client::Error;

use crate::{ApiResource, DiscoveryFailure};

/// The error for a name or type that does not lead to a single resource.
///
/// ```
/// use kubernetes_dynamic::MapError;
///
/// fn explain(error: &MapError) -> String {
///     if error.is_ambiguous() {
///         let names: Vec<_> = error.candidates().iter().map(ToString::to_string).collect();
///         format!("say which one: {}", names.join(", "))
///     } else if error.is_no_match() {
///         "is its CustomResourceDefinition installed?".to_owned()
///     } else {
///         "the server could not be asked".to_owned()
///     }
/// }
/// ```
#[derive(Clone)]
pub struct MapError(Box<Kind>);

#[derive(Clone)]
enum Kind {
    Invalid { text: String, reason: &'static str },
    NoMatch { wanted: String, near: Vec<ApiResource>, failures: Vec<DiscoveryFailure> },
    Ambiguous { wanted: String, candidates: Vec<ApiResource> },
    Discovery(Arc<Error>),
    TimedOut { wanted: String, limit: Duration, last: Option<Arc<Error>> },
}

/// The maximum number of resources in a message.
const NAMED: usize = 5;

impl MapError {
    pub(crate) fn invalid(text: &str, reason: &'static str) -> Self {
        Self(Box::new(Kind::Invalid { text: text.chars().take(80).collect(), reason }))
    }

    pub(crate) fn no_match(wanted: impl fmt::Display, near: Vec<ApiResource>, failures: Vec<DiscoveryFailure>) -> Self {
        Self(Box::new(Kind::NoMatch { wanted: wanted.to_string().chars().take(200).collect(), near, failures }))
    }

    pub(crate) fn ambiguous(wanted: impl fmt::Display, candidates: Vec<ApiResource>) -> Self {
        Self(Box::new(Kind::Ambiguous { wanted: wanted.to_string(), candidates }))
    }

    pub(crate) fn discovery(error: Arc<Error>) -> Self {
        Self(Box::new(Kind::Discovery(error)))
    }

    pub(crate) fn timed_out(wanted: impl fmt::Display, limit: Duration, last: Option<Arc<Error>>) -> Self {
        Self(Box::new(Kind::TimedOut { wanted: wanted.to_string(), limit, last }))
    }

    /// Whether the server has no such resource.
    ///
    /// # Troubleshooting
    ///
    /// - The name is misspelled: [`candidates`](Self::candidates) has similar ones.
    /// - The definition of the custom resource is missing or not established yet:
    ///   [`Mapper::wait_for`](crate::Mapper::wait_for) waits for it.
    /// - The aggregated API server that has it is down: [`failures`](Self::failures) lists it.
    pub fn is_no_match(&self) -> bool {
        matches!(*self.0, Kind::NoMatch { .. })
    }

    /// Whether several resources have this name.
    ///
    /// # Troubleshooting
    ///
    /// Add the group, as in `widgets.example.com`: [`candidates`](Self::candidates) has the full names.
    pub fn is_ambiguous(&self) -> bool {
        matches!(*self.0, Kind::Ambiguous { .. })
    }

    /// Whether the resource did not appear within the time limit.
    ///
    /// # Troubleshooting
    ///
    /// The definition was not applied, or the server has not established it: its conditions name the cause.
    pub fn is_timeout(&self) -> bool {
        matches!(*self.0, Kind::TimedOut { .. })
    }

    /// The resources with this name, if it is [ambiguous](Self::is_ambiguous); resources with a similar name, or with
    /// the same name in another group or version, if there is [no match](Self::is_no_match).
    pub fn candidates(&self) -> &[ApiResource] {
        match &*self.0 {
            Kind::Ambiguous { candidates, .. } => candidates,
            Kind::NoMatch { near, .. } => near,
            Kind::Invalid { .. } | Kind::Discovery(_) | Kind::TimedOut { .. } => &[],
        }
    }

    /// The versions whose resources could not be discovered; one of them may have the missing resource.
    pub fn failures(&self) -> &[DiscoveryFailure] {
        match &*self.0 {
            Kind::NoMatch { failures, .. } => failures,
            _ => &[],
        }
    }

    pub(super) fn discovery_error(&self) -> Option<Arc<Error>> {
        match &*self.0 {
            Kind::Discovery(error) => Some(Arc::clone(error)),
            _ => None,
        }
    }

    /// The error of the requests to the server, if these failed.
    pub fn request_error(&self) -> Option<&Error> {
        match &*self.0 {
            Kind::Discovery(error) => Some(error),
            Kind::TimedOut { last, .. } => last.as_deref(),
            _ => None,
        }
    }
}

kubernetes_core::error_text!(MapError);

impl MapError {
    fn write_message(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Kind::Invalid { text, reason } => write!(f, "{text:?} does not name a resource: {reason}"),
            Kind::NoMatch { wanted, near, failures } => {
                write!(f, "the server has no resource {wanted}")?;
                list(f, "; similar: ", near)?;
                list(f, "; could not discover the resources of ", failures)
            }
            Kind::Ambiguous { wanted, candidates } => {
                write!(f, "{wanted} matches several resources")?;
                list(f, ": ", candidates)
            }
            Kind::Discovery(_) => f.write_str("can't discover the server's resources"),
            Kind::TimedOut { wanted, limit, .. } => {
                write!(f, "timed out after {limit:?} waiting for the server to have {wanted}")
            }
        }
    }
}

fn list<T: fmt::Display>(f: &mut fmt::Formatter<'_>, before: &str, items: &[T]) -> fmt::Result {
    for (index, item) in items.iter().take(NAMED).enumerate() {
        write!(f, "{}{item}", if index == 0 { before } else { ", " })?;
    }
    if items.len() > NAMED { write!(f, " and {} more", items.len() - NAMED) } else { Ok(()) }
}

impl StdError for MapError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.request_error().map(|error| error as &(dyn StdError + 'static))
    }
}
