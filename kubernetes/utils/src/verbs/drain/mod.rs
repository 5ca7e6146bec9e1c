//! Takes nodes out of service, like `kubectl cordon`, `kubectl uncordon` and `kubectl drain`.
//!
//! ```no_run
//! # async fn example(client: &kubernetes_client::Client) -> Result<(), Box<dyn std::error::Error>> {
//! use kubernetes_utils::drain::Drain;
//!
//! let plan = Drain::new("node-1").ignore_daemon_sets(true).plan(client).await?;
//! for pod in plan.pods() {
//!     println!("{pod} will be evicted");
//! }
//! plan.run(client).await?;
//! # Ok(())
//! # }
//! ```

mod cordon;
mod error;
mod event;
mod evict;
mod filter;
mod plan;
mod problem;
mod surge;

use std::time::Duration;

pub use cordon::{cordon, uncordon};
pub use error::DrainError;
pub use event::DrainEvent;
pub use plan::DrainPlan;
pub use problem::PodProblem;

/// The settings for evicting the pods of a node.
#[derive(Clone, Debug)]
#[must_use = "nothing is planned until `plan` is called"]
pub struct Drain {
    node: String,
    options: Options,
}

#[derive(Clone, Debug, Default)]
struct Options {
    ignore_daemon_sets: bool,
    delete_empty_dirs: bool,
    force: bool,
    delete_instead: bool,
    surge: bool,
    pod_selector: Option<String>,
    grace_period: Option<Duration>,
    limit: Option<Duration>,
    skip_deleted_for: Option<Duration>,
}

impl Drain {
    /// Creates the settings for the node with this name.
    pub fn new(node: impl Into<String>) -> Self {
        Self { node: node.into(), options: Options::default() }
    }

    /// Leaves pods of DaemonSets on the node; otherwise they are a problem.
    pub fn ignore_daemon_sets(mut self, ignore: bool) -> Self {
        self.options.ignore_daemon_sets = ignore;
        self
    }

    /// Evicts pods with an `emptyDir`, whose data is lost; otherwise they are a problem.
    pub fn delete_empty_dirs(mut self, delete: bool) -> Self {
        self.options.delete_empty_dirs = delete;
        self
    }

    /// Evicts pods that nothing will create again; otherwise they are a problem.
    pub fn force(mut self, force: bool) -> Self {
        self.options.force = force;
        self
    }

    /// Deletes pods instead of evicting them, ignoring disruption budgets.
    pub fn delete_instead_of_evict(mut self, delete: bool) -> Self {
        self.options.delete_instead = delete;
        self
    }

    /// Starts a new pod elsewhere before it evicts a ready pod that is the only replica of a Deployment, so that the
    /// service is not interrupted. This [restarts](crate::rollout::restart) the Deployment, which must use
    /// `RollingUpdate` with a `maxSurge`.
    ///
    /// Otherwise, a disruption budget for such a pod blocks the drain, or the service is down until its successor is
    /// ready. [`DrainPlan::surges`] lists these pods. If the rollout fails, the pod stays.
    pub fn surge(mut self, surge: bool) -> Self {
        self.options.surge = surge;
        self
    }

    /// Evicts only pods that match this label selector.
    pub fn pod_selector(mut self, selector: impl Into<String>) -> Self {
        self.options.pod_selector = Some(selector.into());
        self
    }

    /// Sets the grace period of pods, instead of their own.
    pub fn grace_period(mut self, period: Duration) -> Self {
        self.options.grace_period = Some(period);
        self
    }

    /// Sets the time limit of the whole drain. Without it, waiting for disruption budgets may never end.
    pub fn within(mut self, limit: Duration) -> Self {
        self.options.limit = Some(limit);
        self
    }

    /// Does not wait for pods that have been terminating for longer than this.
    pub fn skip_deleted_for(mut self, age: Duration) -> Self {
        self.options.skip_deleted_for = Some(age);
        self
    }

    /// Finds the pods to evict and the problems with others. Changes nothing.
    ///
    /// # Errors
    /// Returns an error if the node does not exist, or its pods can't be listed.
    ///
    /// # Cancel safety
    /// If the future is dropped, the requests are abandoned; they change nothing on the server.
    pub async fn plan(self, client: &kubernetes_client::Client) -> Result<DrainPlan, crate::VerbError> {
        DrainPlan::new(client, self.node, self.options).await
    }
}
