use std::fmt;

use kubernetes_client::Client;
use kubernetes_core::Str;

use super::compare::FieldDifference;
use super::concurrent::concurrently;
use super::error::ManifestError;
use super::location::Location;
use super::plan::{Names, Plan, Step, not_empty};
use super::report::{OperationError, Outcome};
use super::settings::{STRICT, Settings, setters};
use super::{Manifests, compare, prune};
use crate::{ApplySet, Target};

/// The comparison of manifests with the server's objects; created by [`Manifests::diff`].
///
/// The server computes the result of an apply in a dry run, so default values and fields of other managers do not show
/// as differences.
#[derive(Clone, Debug)]
#[must_use = "nothing is compared until it is sent"]
pub struct Diff<'a> {
    manifests: &'a Manifests,
    settings: Settings,
    manager: Str,
    force: bool,
    set: Option<ApplySet>,
}

/// The comparison of one object.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ObjectDiff {
    /// The object.
    pub target: Target,
    /// The place where it was read.
    pub location: Option<Location>,
    /// The difference, or the reason why the server would refuse the object.
    pub result: Result<Difference, OperationError>,
}

/// The change that an apply would make to an object.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Difference {
    /// The object would not change.
    None,
    /// The object would be created.
    Created,
    /// The object would be deleted, because it is no longer among the manifests of its set.
    Pruned,
    /// These fields would change.
    Changed(Vec<FieldDifference>),
}

impl<'a> Diff<'a> {
    pub(super) fn new(manifests: &'a Manifests, manager: Str) -> Self {
        Self {
            manifests,
            settings: Settings { dry_run: true, ..Settings::default() },
            manager,
            force: false,
            set: None,
        }
    }

    setters!();

    /// Takes ownership of fields from other managers instead of failing with a conflict.
    pub fn force(mut self, force: bool) -> Self {
        self.force = force;
        self
    }

    /// Compares with an apply that makes the objects the members of a set, including the members that it would delete.
    pub fn prune(mut self, set: ApplySet) -> Self {
        self.set = Some(set);
        self
    }

    /// Checks all objects, and compares them; changes nothing on the server.
    ///
    /// # Errors
    /// Returns an error if manifests are not valid, or the server's resources can't be read. An object that the server
    /// would refuse is a result.
    ///
    /// # Cancel safety
    /// If the future is dropped, the requests are abandoned.
    pub async fn send(self, client: &Client) -> Result<Vec<ObjectDiff>, ManifestError> {
        let mapper = self.settings.mapper(client);
        if self.set.is_none() {
            not_empty(self.manifests)?;
        }
        let mut plan = Plan::new(self.manifests, Names::Required, &self.settings, &mapper, client).await?;
        let orphans = match &self.set {
            Some(set) => prune::preview(set, &mut plan, &self.settings, &mapper, client).await?,
            None => Ok(Vec::new()),
        };
        let mut diffs: Vec<ObjectDiff> = Vec::new();
        diffs.extend(plan.rejected.iter().cloned().filter_map(|outcome| {
            let Outcome { target, location, result, .. } = outcome;
            Some(ObjectDiff { target, location, result: Err(result.err()?) })
        }));
        let (steps, manager, force) = (&plan.steps, &self.manager, self.force);
        let futures = (0..steps.len())
            .map(|index| async move { (index, difference(client, &steps[index], manager, force).await) });
        let mut results = Vec::new();
        concurrently(futures, self.settings.concurrency, |(index, result)| {
            let Step { target, location, .. } = &plan.steps[index];
            let diff = ObjectDiff { target: target.clone(), location: location.clone(), result };
            results.push((index, diff));
        })
        .await;
        // In the order of the manifests.
        results.sort_by_key(|(index, _)| *index);
        diffs.extend(results.into_iter().map(|(_, diff)| diff));
        let pruned = |target: Target| ObjectDiff { target, location: None, result: Ok(Difference::Pruned) };
        match orphans {
            Ok(orphans) => diffs.extend(orphans.into_iter().map(pruned)),
            Err(failure) => {
                let Outcome { target, result, .. } = *failure;
                diffs.extend(result.err().map(|error| ObjectDiff { target, location: None, result: Err(error) }));
            }
        }
        Ok(diffs)
    }
}

async fn difference(client: &Client, step: &Step, manager: &Str, force: bool) -> Result<Difference, OperationError> {
    let scope = step.target.scope();
    let live = step.live(client).await?;
    let apply = scope.apply(&step.object, manager.clone()).force(force).field_validation(STRICT).dry_run("All");
    match (apply.send(client).await, live) {
        (Ok(applied), Some(live)) => {
            let is_secret = step.is("", "Secret");
            let changed = compare::fields(&live, &applied, is_secret);
            Ok(if changed.is_empty() { Difference::None } else { Difference::Changed(changed) })
        }
        (Ok(_), None) => Ok(Difference::Created),
        // The server does not know the namespaces and definitions that the manifests would create.
        (Err(error), None) if error.is_not_found() && !step.needs.is_empty() => Ok(Difference::Created),
        (Err(error), _) => Err(OperationError::request(error)),
    }
}

impl fmt::Display for ObjectDiff {
    /// A line for each field that would change.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let (Err(_), Some(location)) = (&self.result, &self.location) {
            write!(f, "{location}: ")?;
        }
        match &self.result {
            Ok(Difference::None) => write!(f, "{} unchanged", self.target),
            Ok(Difference::Created) => write!(f, "{} would be created", self.target),
            Ok(Difference::Pruned) => write!(f, "{} would be pruned", self.target),
            Ok(Difference::Changed(fields)) => {
                write!(f, "{} would change", self.target)?;
                fields.iter().try_for_each(|field| write!(f, "\n  {field}"))
            }
            Err(error) => write!(f, "{}: {error}", self.target),
        }
    }
}
