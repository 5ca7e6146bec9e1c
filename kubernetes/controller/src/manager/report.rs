use kubernetes_election::Leadership;

use super::error::ManagerError;

/// Something that a task tells the manager. There are as many as services, and two of the election.
pub(super) enum Report {
    Ended { name: String, result: Result<(), ManagerError> },
    Leading(Leadership),
    Lost(ManagerError),
}
