use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use kubernetes_client::{Client, Error};
use kubernetes_core::{FieldConflict, RequestError};
use kubernetes_dynamic::{DynamicObject, MapError};
use kubernetes_watch::{ObjectCondition, UntilError};

use super::error::Problem;
use super::location::Location;
use crate::conditions::object_current;
use crate::wait::{WaitError, WaitFor};
use crate::{ApplySetError, ObjectState, ObjectStatus, Target};

/// The results of an operation on manifests, one for each object, in order of completion.
#[derive(Clone, Debug, Default)]
#[must_use = "the operation may have failed for some objects: see `check`"]
pub struct Report(Vec<Outcome>);

/// The result for one object.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Outcome {
    /// The object, with its uid if the server sent it.
    pub target: Target,
    /// The place where it was read.
    pub location: Option<Location>,
    /// The object as the server last sent it.
    pub object: Option<DynamicObject>,
    /// The change of the object, or the reason why it failed.
    pub result: Result<Action, OperationError>,
}

/// A change of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Action {
    /// The object was applied: created, changed or left unchanged; [`skip_unchanged`](super::Apply::skip_unchanged)
    /// distinguishes these.
    Applied,
    /// The object was created.
    Created,
    /// The object existed and was changed.
    Configured,
    /// The object already matched its manifest.
    Unchanged,
    /// The object was replaced.
    Replaced,
    /// The object was deleted, and is gone unless waiting was disabled.
    Deleted,
    /// The object to delete did not exist.
    Absent,
    /// The object was deleted because it is no longer among the manifests of its set.
    Pruned,
    /// The server could not check the object in a dry run, because it needs a namespace or a definition that this run
    /// would create.
    Unchecked,
}

/// The reason why an operation failed for an object.
#[derive(Clone)]
pub struct OperationError(Kind);

#[derive(Clone)]
enum Kind {
    Request(std::sync::Arc<Error>),
    Wait(std::sync::Arc<UntilError>),
    Map(MapError),
    Invalid(Problem),
    Blocked(Target),
    Needed(Target),
    Set(std::sync::Arc<ApplySetError>),
    Terminating,
}

impl Report {
    pub(super) fn new(outcomes: Vec<Outcome>) -> Self {
        Self(outcomes)
    }

    /// The results.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Outcome> {
        self.0.iter()
    }

    /// The number of objects.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no objects.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The objects for which the operation failed.
    pub fn failures(&self) -> impl Iterator<Item = &Outcome> {
        self.0.iter().filter(|outcome| outcome.result.is_err())
    }

    /// Whether the operation succeeded for every object.
    pub fn is_success(&self) -> bool {
        self.failures().next().is_none()
    }

    /// Checks that the operation succeeded for every object.
    ///
    /// # Errors
    /// Returns an error, which has the report, if it failed for any object.
    pub fn check(&self) -> Result<(), ReportError> {
        if self.is_success() { Ok(()) } else { Err(ReportError(Box::new(self.clone()))) }
    }

    /// The objects that exist after the operation, to be [waited for](WaitFor).
    pub fn targets(&self) -> Vec<Target> {
        use Action::{Applied, Configured, Created, Replaced, Unchanged};
        let exists =
            |outcome: &&Outcome| matches!(outcome.result, Ok(Applied | Created | Configured | Unchanged | Replaced));
        self.0.iter().filter(exists).map(|outcome| outcome.target.clone()).collect()
    }

    /// Waits until all objects that were written are [current](crate::ObjectState::Current).
    ///
    /// # Errors
    /// Returns an error if an object fails, or the time limit is reached; the error says what each object still lacks.
    ///
    /// # Cancel safety
    /// Dropping the future ends the wait; it changes nothing on the server.
    pub async fn wait_until_current(&self, client: &Client, limit: Duration) -> Result<Vec<DynamicObject>, WaitError> {
        WaitFor::new(client, self.targets()).within(limit).all(object_current()).await
    }

    /// Waits until a condition holds for all objects that were written.
    ///
    /// # Errors
    /// Returns an error if it fails for one, or the time limit is reached; the error says what each object still lacks.
    ///
    /// # Cancel safety
    /// Dropping the future ends the wait; it changes nothing on the server.
    pub async fn wait_until(
        &self,
        client: &Client,
        condition: ObjectCondition<DynamicObject>,
        limit: Duration,
    ) -> Result<Vec<DynamicObject>, WaitError> {
        WaitFor::new(client, self.targets()).within(limit).all(condition).await
    }
}

impl IntoIterator for Report {
    type Item = Outcome;
    type IntoIter = std::vec::IntoIter<Outcome>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a Report {
    type Item = &'a Outcome;
    type IntoIter = std::slice::Iter<'a, Outcome>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl Outcome {
    /// The status of the object as the server last sent it.
    pub fn status(&self) -> ObjectStatus {
        ObjectStatus::of_option(self.object.as_ref())
    }

    /// Whether the object was being deleted when the server last sent it.
    pub fn is_terminating(&self) -> bool {
        self.status().state == ObjectState::Terminating
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.result {
            Ok(action) => write!(f, "{} {action}", self.target),
            Err(error) => {
                if let Some(location) = &self.location {
                    write!(f, "{location}: ")?;
                }
                write!(f, "{}: ", self.target)?;
                fmt::Display::fmt(error, f)
            }
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Applied => "applied",
            Self::Created => "created",
            Self::Configured => "configured",
            Self::Unchanged => "unchanged",
            Self::Replaced => "replaced",
            Self::Deleted => "deleted",
            Self::Absent => "not found",
            Self::Pruned => "pruned",
            Self::Unchecked => "not checked",
        })
    }
}

impl OperationError {
    pub(super) fn request(error: Error) -> Self {
        Self(Kind::Request(error.into()))
    }

    pub(super) fn wait(error: UntilError) -> Self {
        Self(Kind::Wait(error.into()))
    }

    pub(super) fn map(error: MapError) -> Self {
        Self(Kind::Map(error))
    }

    pub(super) fn invalid(problem: Problem) -> Self {
        Self(Kind::Invalid(problem))
    }

    pub(super) fn blocked(by: Target) -> Self {
        Self(Kind::Blocked(by))
    }

    pub(super) fn needed(by: Target) -> Self {
        Self(Kind::Needed(by))
    }

    pub(super) fn set(error: ApplySetError) -> Self {
        Self(Kind::Set(error.into()))
    }

    pub(super) const TERMINATING: Self = Self(Kind::Terminating);

    /// The error of the request that failed.
    pub fn request_error(&self) -> Option<&Error> {
        match &self.0 {
            Kind::Request(error) => Some(error),
            Kind::Set(error) => error.request_error(),
            _ => None,
        }
    }

    /// The conflicts with other managers that an apply was refused for.
    pub fn conflicts(&self) -> Vec<FieldConflict> {
        self.request_error().map(RequestError::conflicts).unwrap_or_default()
    }

    /// Whether the object was not sent because another one failed. In a deletion, that one may need this object to be
    /// deleted, as a custom resource needs its controller; otherwise this object needs it, as its namespace or
    /// definition.
    pub fn is_blocked(&self) -> bool {
        matches!(self.0, Kind::Blocked(_) | Kind::Needed(_))
    }

    /// Whether the object was not sent, because its manifest is not valid.
    pub fn is_invalid(&self) -> bool {
        matches!(self.0, Kind::Invalid(_))
    }

    /// Whether the object was written, but did not become usable for other objects within the time limit.
    pub fn is_timeout(&self) -> bool {
        match &self.0 {
            Kind::Wait(error) => error.is_timeout(),
            Kind::Map(error) => error.is_timeout(),
            _ => false,
        }
    }
}

kubernetes_core::error_text!(OperationError);

impl OperationError {
    fn write_message(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Request(error) => {
                write!(f, "{error}")?;
                for conflict in error.conflicts() {
                    write!(f, "; {conflict}")?;
                }
                Ok(())
            }
            Kind::Wait(error) => write!(f, "{error}"),
            Kind::Map(error) => write!(f, "{error}"),
            Kind::Invalid(problem) => write!(f, "{problem}"),
            Kind::Blocked(by) => write!(f, "not sent, because it needs {by}, which failed"),
            Kind::Needed(by) => write!(f, "not deleted, because {by}, which may need it, is not gone"),
            Kind::Set(error) => write!(f, "{error}"),
            Kind::Terminating => f.write_str("it is being deleted: try again when it is gone"),
        }
    }
}

impl StdError for OperationError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.0 {
            Kind::Request(error) => Some(&**error),
            Kind::Wait(error) => Some(&**error),
            Kind::Map(error) => Some(error),
            Kind::Invalid(problem) => Some(problem),
            Kind::Set(error) => Some(&**error),
            Kind::Blocked(_) | Kind::Needed(_) | Kind::Terminating => None,
        }
    }
}

/// The error of an operation that failed for some objects.
pub struct ReportError(Box<Report>);

impl ReportError {
    /// All results, including the successful ones.
    pub fn report(&self) -> &Report {
        &self.0
    }
}

/// The maximum number of failures in a message.
const SHOWN: usize = 20;

impl fmt::Display for ReportError {
    /// A line for each failure; `{error:#}` and `Debug` show the causes of each.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let failures = self.0.failures().count();
        write!(f, "the operation failed for {failures} of {} objects", self.0.len())?;
        for failure in self.0.failures().take(SHOWN) {
            match f.alternate() {
                true => write!(f, "\n{failure:#}")?,
                false => write!(f, "\n{failure}")?,
            }
        }
        if failures > SHOWN { write!(f, "\nand {} more", failures - SHOWN) } else { Ok(()) }
    }
}

impl fmt::Debug for ReportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:#}")
    }
}

impl StdError for ReportError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        let first = self.0.failures().find_map(|outcome| outcome.result.as_ref().err())?;
        Some(first)
    }
}
