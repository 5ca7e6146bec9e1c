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

/// The deletion of the objects of manifests; created by [`Manifests::delete`].
///
/// Before definitions and the built-in objects that come after custom resources are deleted, the operation waits until
/// the custom resources are gone, so that their controller can clean up after them. If one of them remains, nothing
/// that comes after it is deleted. It waits for all other objects at the end, as they may depend on each other: a claim
/// remains until the pods that use it are gone.
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

    /// Sets the treatment of objects owned by a deleted one: `Background` (the default), `Foreground` or `Orphan`.
    pub fn propagation_policy(mut self, policy: impl Into<Str>) -> Self {
        self.deletion.propagation = Some(policy.into());
        self
    }

    /// Sets the grace period of pods, instead of their own.
    pub fn grace_period(mut self, period: Duration) -> Self {
        self.deletion.grace_period = Some(i64::try_from(period.as_secs()).unwrap_or(i64::MAX));
        self
    }

    /// Sets whether to wait until the objects are gone; true by default.
    pub fn wait(mut self, wait: bool) -> Self {
        self.deletion.waits = if wait { Waits::All } else { Waits::None };
        self
    }

    /// Checks all objects, and deletes them.
    ///
    /// # Errors
    /// Returns an error, before anything is deleted, if manifests are not valid or the server's resources can't be
    /// read. An object that could not be deleted is a result in the report.
    ///
    /// # Cancel safety
    /// If the future is dropped, it is unknown which objects were deleted.
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
