use std::time::Duration;

use kubernetes_client::Client;
use kubernetes_core::Str;

use super::Manifests;
use super::deletion::{Deletion, Waits};
use super::error::ManifestError;
use super::event::ManifestEvent;
use super::plan::{Names, Plan, not_empty};
use super::report::Report;
use super::settings::{Settings, setters, write_setters};

/// The deletion of the objects of manifests; made by [`Manifests::delete`].
///
/// Custom resources are waited for before their definitions and the built-in objects that come after them are deleted:
/// so a controller outlives the custom resources that it has to clean up after. If one of them does not go, nothing that
/// comes after it is deleted. All others are waited for at the end, as they may hold each other: a claim is there until
/// the pods that use it are gone.
#[derive(Clone, Debug)]
#[must_use = "nothing is deleted until it is sent"]
pub struct Delete<'a> {
    manifests: &'a Manifests,
    settings: Settings,
    deletion: Deletion,
}

impl<'a> Delete<'a> {
    pub(super) fn new(manifests: &'a Manifests) -> Self {
        Self { manifests, settings: Settings::default(), deletion: Deletion::default() }
    }

    setters!();
    write_setters!();

    /// The treatment of the objects that belong to a deleted one: `Background` (the default), `Foreground` or `Orphan`.
    pub fn propagation_policy(mut self, policy: impl Into<Str>) -> Self {
        self.deletion.propagation = Some(policy.into());
        self
    }

    /// The time that pods have to end, instead of their own.
    pub fn grace_period(mut self, period: Duration) -> Self {
        self.deletion.grace_period = Some(i64::try_from(period.as_secs()).unwrap_or(i64::MAX));
        self
    }

    /// Whether to wait until the objects are gone, as by default.
    pub fn wait(mut self, wait: bool) -> Self {
        self.deletion.waits = if wait { Waits::All } else { Waits::None };
        self
    }

    /// Checks all objects, and deletes them.
    ///
    /// # Errors
    /// If manifests are not valid, or the server's resources can't be read: nothing was sent then. That an object could
    /// not be deleted is a result in the report.
    ///
    /// # Cancel safety
    /// Dropping the future leaves open which objects were deleted.
    pub async fn send(self, client: &Client) -> Result<Report, ManifestError> {
        let mapper = self.settings.mapper(client);
        not_empty(self.manifests)?;
        let plan = Plan::new(self.manifests, Names::Required, &self.settings, &mapper, client).await?;
        self.settings.notify(&ManifestEvent::Planned { objects: plan.steps.len() });
        let mut outcomes = plan.rejected;
        outcomes.extend(self.deletion.run(client, &self.settings, &plan.steps).await);
        Ok(Report::new(outcomes))
    }
}
