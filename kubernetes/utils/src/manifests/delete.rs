use std::time::Duration;

use kubernetes_client::Client;
use kubernetes_core::Str;
use kubernetes_core::meta::v1::{DeleteOptions, Preconditions};
use kubernetes_watch::until;

use super::Manifests;
use super::error::ManifestError;
use super::event::ManifestEvent;
use super::plan::{Names, Plan, Step, not_empty};
use super::report::{Action, OperationError, Report};
use super::settings::{Settings, setters, write_setters};
use super::waves::{self, Direction, Done, Verb};
use crate::Target;

/// The deletion of the objects of manifests; made by [`Manifests::delete`].
///
/// Those of a kind are waited for before the next kind is deleted: so a controller outlives the custom resources that
/// it has to clean up after.
#[derive(Clone, Debug)]
#[must_use = "nothing is deleted until it is sent"]
pub struct Delete<'a> {
    manifests: &'a Manifests,
    settings: Settings,
    deletion: Deletion,
}

/// How objects are deleted.
#[derive(Clone, Debug, Default)]
pub(super) struct Deletion {
    pub(super) propagation: Option<Str>,
    pub(super) grace_period: Option<i64>,
    /// Whether to return before the objects are gone.
    pub(super) without_wait: bool,
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
        self.deletion.without_wait = !wait;
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
        Ok(Report::new(waves::run(client, &self.settings, &plan, Direction::Reverse, &self.deletion).await))
    }
}

impl Verb for Deletion {
    async fn run(&self, client: &Client, settings: &Settings, step: &Step) -> Result<Done, OperationError> {
        self.delete(client, settings, &step.target).await
    }
}

impl Deletion {
    /// Deletes an object, the one with this uid if it is known, and waits until it is gone.
    pub(super) async fn delete(
        &self,
        client: &Client,
        settings: &Settings,
        target: &Target,
    ) -> Result<Done, OperationError> {
        let (scope, name) = (target.scope(), target.key.name());
        let options = DeleteOptions {
            propagation_policy: Some(self.propagation.clone().unwrap_or_else(|| "Background".into())),
            grace_period_seconds: self.grace_period,
            dry_run: settings.dry_run.then(|| "All".into()).into_iter().collect(),
            preconditions: target
                .uid
                .clone()
                .map(|uid| Box::new(Preconditions { uid: Some(uid), ..Preconditions::default() })),
            ..DeleteOptions::default()
        };
        let deleted = match scope.delete(name).options(&options).send(client).await {
            Ok(deleted) => deleted,
            Err(error) if error.is_not_found() => return Ok(Done::new(Action::Absent, None)),
            // Another object has taken the name.
            Err(error) if error.is_conflict() && target.uid.is_some() => return Ok(Done::new(Action::Absent, None)),
            Err(error) => return Err(OperationError::request(error)),
        };
        // A server that answers with a status has removed the object; otherwise finalizers or a grace period may hold it.
        let object = deleted.object();
        let uid = object.as_ref().and_then(|object| object.metadata.uid.clone());
        if !settings.dry_run
            && !self.without_wait
            && let Some(uid) = uid
        {
            settings.tell(&ManifestEvent::Waiting(target));
            let gone = until(client, scope.list()).named(name.to_owned()).uid(uid).within(settings.wait_limit);
            gone.deleted().await.map_err(OperationError::wait)?;
        }
        Ok(Done::new(Action::Deleted, object))
    }
}
