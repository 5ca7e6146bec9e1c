use std::future::Future;
use std::time::Duration;

use kubernetes_client::{Backoff, Client, Error};
use kubernetes_core::{CLIENT_SIDE_APPLY_MANAGER, Patch, Str, migrate_client_side_apply};
use kubernetes_dynamic::{DynamicObject, Mapper};
use kubernetes_watch::until;

use super::Manifests;
use super::error::{ManifestError, Problem, ProblemKind};
use super::event::ManifestEvent;
use super::plan::{self, Names, Plan, Step};
use super::prune;
use super::report::{Action, OperationError, Report};
use super::settings::{Settings, setters, write_setters};
use super::waves::{self, Direction, Done, Verb};
use crate::conditions::object_current;
use crate::{ApplySet, ObjectState, ObjectStatus, Retry, retry};

/// The application of manifests on the server; made by [`Manifests::apply`].
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
/// One request is sent for each object. Fields that `kubectl apply` without `--server-side` owned become this manager's,
/// so that those which the manifests no longer have are removed.
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
}

/// kubectl's default treatment of unknown fields.
pub(super) const STRICT: Str = Str::from_static("Strict");

impl<'a> Apply<'a> {
    pub(super) fn new(manifests: &'a Manifests, manager: Str) -> Self {
        let fields = Fields { manager, force: false, validation: STRICT };
        Self { manifests, settings: Settings::default(), fields, set: None }
    }

    setters!();
    write_setters!();

    /// Takes fields away from other managers, instead of failing with a conflict.
    pub fn force(mut self, force: bool) -> Self {
        self.fields.force = force;
        self
    }

    /// The treatment of unknown fields: `Ignore`, `Warn` or `Strict` (the default).
    pub fn field_validation(mut self, validation: impl Into<Str>) -> Self {
        self.fields.validation = validation.into();
        self
    }

    /// Makes the objects the members of a set, and deletes those that were members before.
    ///
    /// Nothing is deleted unless all objects could be applied.
    pub fn prune(mut self, set: ApplySet) -> Self {
        self.set = Some(set);
        self
    }

    /// Checks all objects, and applies them.
    ///
    /// # Errors
    /// If manifests are not valid, the server's resources can't be read, or the parent of the set can't be used: nothing
    /// was sent then. That an object could not be applied or pruned is a result in the report.
    ///
    /// # Cancel safety
    /// Dropping the future leaves open which objects were applied. Applying them again is safe.
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
        let mut outcomes = waves::run(client, &self.settings, &plan, Direction::Forward, &verb).await;
        if let (Some(set), Some(started)) = (&self.set, started) {
            prune::finish(set, started, &mut outcomes, &self.settings, &mapper, client).await?;
        }
        Ok(Report::new(outcomes))
    }
}

pub(super) fn not_empty(manifests: &Manifests) -> Result<(), ManifestError> {
    match manifests.is_empty() {
        true => Err(Problem::new(ProblemKind::Empty, None, "there are no objects in the manifests").into()),
        false => Ok(()),
    }
}

struct ApplyVerb {
    fields: Fields,
    mapper: Mapper,
}

impl Verb for ApplyVerb {
    async fn run(&self, client: &Client, settings: &Settings, step: &Step) -> Result<Done, OperationError> {
        let Some(mut object) = when_served(settings, step, || self.apply(client, settings, step)).await? else {
            return Ok(Done::new(Action::Unchecked, None));
        };
        if !settings.dry_run && self.migrate(client, step, &object).await? {
            object = self.apply(client, settings, step).await.map_err(OperationError::request)?;
        }
        await_definition(client, settings, &self.mapper, step, &object).await?;
        Ok(Done::new(Action::Applied, object))
    }
}

impl ApplyVerb {
    async fn apply(&self, client: &Client, settings: &Settings, step: &Step) -> Result<DynamicObject, Error> {
        let scope = step.target.scope();
        let request = scope.apply(&step.object, self.fields.manager.clone()).force(self.fields.force);
        let request = request.field_validation(self.fields.validation.clone());
        let request = if settings.dry_run { request.dry_run("All") } else { request };
        request.send(client).await
    }

    /// Moves the fields of client-side apply to this manager; returns whether there were any.
    async fn migrate(&self, client: &Client, step: &Step, applied: &DynamicObject) -> Result<bool, OperationError> {
        let patch_of = |object: &DynamicObject| {
            let patch = migrate_client_side_apply(object, &[CLIENT_SIDE_APPLY_MANAGER], self.fields.manager.clone());
            // Managed fields that can't be read stay as they are.
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

/// How often an object is sent whose namespace or definition was just created: another API server of the cluster may
/// not know it yet.
const UNTIL_SERVED: Retry =
    Retry { attempts: 6, backoff: Backoff::new(Duration::from_millis(50), Duration::from_secs(1)).jitter(1.0, 1.1) };

/// The answer to a request, which is repeated while the server does not know yet what was created before it.
///
/// `None` in a dry run, where that was not created.
pub(super) async fn when_served<F>(
    settings: &Settings,
    step: &Step,
    send: impl FnMut() -> F,
) -> Result<Option<DynamicObject>, OperationError>
where
    F: Future<Output = Result<DynamicObject, Error>>,
{
    let may_come = !step.needs.is_empty() && !settings.dry_run;
    let is_early = |error: &Error| may_come && (error.is_not_found() || lacks_account(error));
    match retry(UNTIL_SERVED, is_early, send).await {
        Ok(object) => Ok(Some(object)),
        Err(error) if settings.dry_run && !step.needs.is_empty() && error.is_not_found() => Ok(None),
        Err(error) => Err(OperationError::request(error)),
    }
}

/// Whether a pod was refused because its new namespace has no service account yet.
fn lacks_account(error: &Error) -> bool {
    let message = error.status().and_then(|status| status.message.as_deref()).unwrap_or_default();
    error.is_forbidden() && message.contains("error looking up service account")
}

/// Waits until a definition's kinds are served, and refuses a namespace that is being deleted.
pub(super) async fn await_definition(
    client: &Client,
    settings: &Settings,
    mapper: &Mapper,
    step: &Step,
    object: &DynamicObject,
) -> Result<(), OperationError> {
    if settings.dry_run {
        return Ok(());
    }
    if step.is("", "Namespace") && ObjectStatus::of(object).state == ObjectState::Terminating {
        return Err(OperationError::TERMINATING);
    }
    if !step.is_definition() {
        return Ok(());
    }
    if ObjectStatus::of(object).state != ObjectState::Current {
        settings.tell(&ManifestEvent::Waiting(&step.target));
        let named = until(client, step.target.scope().list()).named(step.target.key.name().to_owned());
        named.within(settings.wait_limit).is(object_current()).await.map_err(OperationError::wait)?;
    }
    for resource in plan::defined(&step.object) {
        let served = mapper.wait_for(&resource.group_version_kind()).within(settings.wait_limit);
        served.await.map_err(OperationError::map)?;
    }
    Ok(())
}
