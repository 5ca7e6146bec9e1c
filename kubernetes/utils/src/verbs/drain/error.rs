use std::fmt;
use std::time::Duration;

use kubernetes_core::text::{MAX_MESSAGE_BYTES, printable};

use super::problem::PodProblem;
use crate::{Target, VerbError};

/// The error of a drain.
pub struct DrainError(Box<Inner>);

struct Inner {
    node: String,
    kind: Kind,
}

enum Kind {
    Problems(Vec<PodProblem>),
    Cordon(VerbError),
    Left { pods: Vec<Left>, limit: Option<Duration> },
}

/// A pod that remains.
pub(super) struct Left {
    pub(super) pod: Target,
    pub(super) reason: Box<str>,
}

impl DrainError {
    pub(super) fn problems(node: &str, problems: &[PodProblem]) -> Self {
        Self::new(node, Kind::Problems(problems.to_vec()))
    }

    pub(super) fn cordon(node: &str, error: VerbError) -> Self {
        Self::new(node, Kind::Cordon(error))
    }

    pub(super) fn left(node: &str, pods: Vec<Left>, limit: Option<Duration>) -> Self {
        Self::new(node, Kind::Left { pods, limit })
    }

    fn new(node: &str, kind: Kind) -> Self {
        Self(Box::new(Inner { node: node.to_owned(), kind }))
    }

    /// Whether the time limit was reached.
    ///
    /// # Troubleshooting
    ///
    /// A PodDisruptionBudget that allows no disruption keeps pods from being evicted: check its
    /// `status.disruptionsAllowed`, and that the replacements on other nodes become ready. Pods with a long grace
    /// period or a finalizer stay until these end.
    pub fn is_timeout(&self) -> bool {
        matches!(self.0.kind, Kind::Left { limit: Some(_), .. })
    }

    /// Whether pods can't be evicted with these options; nothing was changed.
    ///
    /// # Troubleshooting
    ///
    /// The message lists the pods: DaemonSet pods, pods without a controller and pods with `emptyDir` volumes need the
    /// options of [`Drain`](crate::drain::Drain) that allow them, as for `kubectl drain`.
    pub fn is_refused(&self) -> bool {
        matches!(self.0.kind, Kind::Problems(_))
    }

    /// The remaining pods, with reasons.
    pub fn pods(&self) -> Vec<(&Target, &str)> {
        match &self.0.kind {
            Kind::Problems(problems) => problems.iter().map(|problem| (&problem.pod, problem.reason)).collect(),
            Kind::Cordon(_) => Vec::new(),
            Kind::Left { pods, .. } => pods.iter().map(|left| (&left.pod, &*left.reason)).collect(),
        }
    }
}

/// The maximum number of pods in a message.
const SHOWN: usize = 20;

kubernetes_core::error_text!(DrainError, kubernetes_core::debug::lines);

impl DrainError {
    /// A line for each pod.
    fn write_message(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let node = printable(&self.0.node, MAX_MESSAGE_BYTES);
        match &self.0.kind {
            Kind::Problems(_) => write!(f, "the node {node} can't be drained")?,
            Kind::Cordon(error) => return write!(f, "the node {node} can't be cordoned: {error}"),
            Kind::Left { limit: Some(limit), .. } => write!(f, "timed out after {limit:?} draining the node {node}")?,
            Kind::Left { limit: None, .. } => write!(f, "the node {node} could not be drained")?,
        }
        let pods = self.pods();
        for (pod, reason) in pods.iter().take(SHOWN) {
            write!(f, "\n{pod}: {}", printable(reason, MAX_MESSAGE_BYTES))?;
        }
        if pods.len() > SHOWN { write!(f, "\nand {} more", pods.len() - SHOWN) } else { Ok(()) }
    }
}

impl std::error::Error for DrainError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0.kind {
            Kind::Cordon(error) => Some(error),
            Kind::Problems(_) | Kind::Left { .. } => None,
        }
    }
}
