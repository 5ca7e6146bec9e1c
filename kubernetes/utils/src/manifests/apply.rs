use kubernetes_client::{Client, Error};
use kubernetes_core::{CLIENT_SIDE_APPLY_MANAGER, Patch, Str, migrate_client_side_apply};
use kubernetes_dynamic::{DynamicObject, Mapper};

use super::error::ManifestError;
use super::plan::{Names, Plan, Step, not_empty};
use super::report::{Action, OperationError, Report};
use super::served::{await_definition, when_served};
use super::settings::{STRICT, Settings, setters, write_setters};
use super::waves::{self, Done, Verb};
use super::{Manifests, compare, prune};
use crate::{ApplySet, Retry};

/// The application of manifests on the server; created by [`Manifests::apply`].
///
/// ```no_run
/// # async fn example(client: &kubernetes_client::Client) -> Result<(), Box<dyn std::error::Error>> {
/// use kubernetes_utils::manifests::{ManifestEvent, Manifests};
///
/// Manifests::from_path("deploy")?
///     .apply("shop-deployer")
///     .namespace("shop")
///     .force(true)
///     .observe(|event| {
///         if let ManifestEvent::Finished(outcome) = event {
///             println!("{outcome}");
///         }
///     })
///     .send(client)
///     .await?
///     .check()?;
/// # Ok(())
/// # }
/// ```
///
/// One request is sent for each object, or two with [`skip_unchanged`](Self::skip_unchanged). Fields owned by `kubectl
/// apply` without `--server-side` become this manager's, so that fields which are no longer in the manifests are
/// removed.
#[derive(Clone, Debug)]
#[must_use = "nothing is applied until it is sent"]
pub struct Apply<'a> {
    manifests: &'a Manifests,
    settings: Settings,
    fields: Fields,
    set: Option<ApplySet>,
}

#[derive(Clone, Debug)]
struct Fields {
    manager: Str,
    force: bool,
    validation: Str,
    skips_unchanged: bool,
}

impl<'a> Apply<'a> {
    pub(super) fn new(manifests: &'a Manifests, manager: Str) -> Self {
        let fields = Fields { manager, force: false, validation: STRICT, skips_unchanged: false };
        Self { manifests, settings: Settings::default(), fields, set: None }
    }

    setters!();
    write_setters!();

    /// Takes ownership of fields from other managers instead of failing with a conflict.
    pub fn force(mut self, force: bool) -> Self {
        self.fields.force = force;
        self
    }

    /// Sets the treatment of unknown fields: `Ignore`, `Warn` or `Strict` (the default).
    pub fn field_validation(mut self, validation: impl Into<Str>) -> Self {
        self.fields.validation = validation.into();
        self
    }

    /// Reads each object first, and does not send it if it already matches its manifest.
    ///
    /// The report then distinguishes objects that were [created](Action::Created), [configured](Action::Configured) and
    /// [unchanged](Action::Unchanged); otherwise all are [applied](Action::Applied), since the server's response is the
    /// same. For the server, a read is cheaper than an apply that changes nothing.
    pub fn skip_unchanged(mut self, skip: bool) -> Self {
        self.fields.skips_unchanged = skip;
        self
    }

    /// Makes the objects the members of a set, and deletes its previous members.
    ///
    /// Deletes nothing unless all objects could be applied.
    pub fn prune(mut self, set: ApplySet) -> Self {
        self.set = Some(set);
        self
    }

    /// Checks all objects, and applies them.
    ///
    /// # Errors
    /// Returns an error, before anything is written, if manifests are not valid, the server's resources can't be read,
    /// or the parent of the set can't be used. Later failures, such as an object that could not be applied, are results
    /// in the report.
    ///
    /// # Cancel safety
    /// If the future is dropped, it is unknown which objects were applied. Applying them again is safe.
    pub async fn send(self, client: &Client) -> Result<Report, ManifestError> {
        if self.set.is_none() {
            not_empty(self.manifests)?;
        }
        let mapper = self.settings.mapper(client);
        let mut plan = Plan::new(self.manifests, Names::Required, &self.settings, &mapper, client).await?;
        let started = match &self.set {
            Some(set) => Some(prune::start(set, &mut plan, &self.settings, &mapper, client).await?),
            None => None,
        };
        let verb = ApplyVerb { fields: self.fields, mapper: mapper.clone() };
        let mut outcomes = waves::run(client, &self.settings, &plan, &verb).await;
        if let (Some(set), Some(started)) = (&self.set, started) {
            prune::finish(set, started, &mut outcomes, &self.settings, &mapper, client).await;
        }
        Ok(Report::new(outcomes))
    }
}

struct ApplyVerb {
    fields: Fields,
    mapper: Mapper,
}

impl Verb for ApplyVerb {
    async fn run(&self, client: &Client, settings: &Settings, step: &Step) -> Result<Done, OperationError> {
        let before = match self.fields.skips_unchanged {
            true => Some(step.live(client).await?),
            false => None,
        };
        let current = before.as_ref().and_then(Option::as_ref);
        let Some(mut object) = when_served(settings, step, || self.apply(client, settings, step, current)).await?
        else {
            return Ok(Done::new(Action::Unchecked, None));
        };
        if !settings.dry_run && self.migrate(client, step, &object).await? {
            object = self.apply(client, settings, step, None).await.map_err(OperationError::request)?;
        }
        await_definition(client, settings, &self.mapper, step, &object).await?;
        let action = before.map_or(Action::Applied, |before| change(before.as_ref(), &object, settings.dry_run));
        Ok(Done::new(action, object))
    }
}

/// The change that an apply has made.
fn change(before: Option<&DynamicObject>, after: &DynamicObject, is_dry_run: bool) -> Action {
    let Some(before) = before else { return Action::Created };
    let (old, new) = (&before.metadata, &after.metadata);
    // In a dry run, the version never changes.
    let is_same = old.resource_version == new.resource_version
        && (!is_dry_run || compare::fields(before, after, true).is_empty());
    match old.uid == new.uid {
        true if is_same => Action::Unchanged,
        true => Action::Configured,
        // The object was deleted in the meantime.
        false => Action::Created,
    }
}

impl ApplyVerb {
    async fn apply(
        &self,
        client: &Client,
        settings: &Settings,
        step: &Step,
        current: Option<&DynamicObject>,
    ) -> Result<DynamicObject, Error> {
        let scope = step.target.scope();
        let request = scope.apply(&step.object, self.fields.manager.clone()).force(self.fields.force);
        let mut request = request.field_validation(self.fields.validation.clone());
        if settings.dry_run {
            request = request.dry_run("All");
        }
        if let Some(current) = current {
            request = request.unless_equal(current);
        }
        request.send(client).await
    }

    /// Moves the fields of client-side apply to this manager; returns whether there were any.
    async fn migrate(&self, client: &Client, step: &Step, applied: &DynamicObject) -> Result<bool, OperationError> {
        let patch_of = |object: &DynamicObject| {
            let patch = migrate_client_side_apply(object, &[CLIENT_SIDE_APPLY_MANAGER], self.fields.manager.clone());
            // Managed fields that can't be read stay unchanged.
            patch.ok().flatten().map(|patch| Patch::from(&patch))
        };
        if patch_of(applied).is_none() {
            return Ok(false);
        }
        let scope = step.target.scope();
        let name = step.target.key.name();
        let migrated = crate::retry_on_conflict(Retry::default(), || async {
            let current = scope.read(name).send(client).await?;
            match patch_of(&current) {
                Some(patch) => scope.patch(name, &patch).send(client).await.map(drop),
                None => Ok(()),
            }
        });
        migrated.await.map_err(OperationError::request)?;
        Ok(true)
    }
}
