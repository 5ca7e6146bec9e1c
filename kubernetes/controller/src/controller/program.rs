use std::sync::Arc;

use kubernetes_election::Leadership;
use tokio_util::task::TaskTracker;

use super::stop_by::StopBy;
use crate::Recorder;

/// The parts of a program that its controllers share.
pub(crate) struct Program {
    pub(crate) stop_by: StopBy,
    pub(crate) recorder: Recorder,
    pub(crate) leadership: CurrentLeadership,
    /// All runs, which end before the Lease is released.
    pub(crate) runs: TaskTracker,
}

/// The token of leadership, if the program leads.
pub(crate) type CurrentLeadership = Arc<dyn Fn() -> Option<Leadership> + Send + Sync>;
