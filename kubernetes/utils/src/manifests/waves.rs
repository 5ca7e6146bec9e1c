//! Processes the objects of a plan wave by wave, those of a wave concurrently.

use std::collections::{BTreeMap, HashSet};
use std::future::Future;

use kubernetes_client::Client;
use kubernetes_dynamic::DynamicObject;

use super::concurrent::concurrently;
use super::event::ManifestEvent;
use super::plan::{Plan, Step};
use super::report::{Action, OperationError, Outcome};
use super::settings::Settings;

/// An operation on each object.
pub(super) trait Verb: Sync {
    fn run(
        &self,
        client: &Client,
        settings: &Settings,
        step: &Step,
    ) -> impl Future<Output = Result<Done, OperationError>> + Send;
}

/// The result for an object.
pub(super) struct Done {
    pub(super) action: Action,
    /// The object as the server sent it.
    pub(super) object: Option<DynamicObject>,
}

impl Done {
    pub(super) fn new(action: Action, object: impl Into<Option<DynamicObject>>) -> Self {
        Self { action, object: object.into() }
    }
}

/// Runs a verb on all objects; a failure only affects objects that need the failed one.
pub(super) async fn run<V: Verb>(client: &Client, settings: &Settings, plan: &Plan, verb: &V) -> Vec<Outcome> {
    let mut outcomes = plan.rejected.clone();
    settings.notify(&ManifestEvent::Planned { objects: plan.steps.len() });
    let mut failed: HashSet<usize> = HashSet::new();
    for wave in waves_of(&plan.steps).into_values() {
        let (blocked, open): (Vec<_>, Vec<_>) =
            wave.into_iter().partition(|index| plan.steps[*index].needs.iter().any(|needed| failed.contains(needed)));
        for index in blocked {
            let step = &plan.steps[index];
            let by = step.needs.iter().find(|needed| failed.contains(needed)).copied().unwrap_or(index);
            let error = OperationError::blocked(plan.steps[by].target.clone());
            failed.insert(index);
            let outcome = outcome(step, Err(error));
            settings.notify(&ManifestEvent::Finished(&outcome));
            outcomes.push(outcome);
        }
        let futures = open.into_iter().map(|index| one(client, settings, &plan.steps[index], index, verb));
        concurrently(futures, settings.concurrency, |(index, outcome)| {
            if outcome.result.is_err() {
                failed.insert(index);
            }
            settings.notify(&ManifestEvent::Finished(&outcome));
            outcomes.push(outcome);
        })
        .await;
    }
    outcomes
}

/// The indices of the steps of each wave.
pub(super) fn waves_of(steps: &[Step]) -> BTreeMap<usize, Vec<usize>> {
    let mut waves: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (index, step) in steps.iter().enumerate() {
        waves.entry(step.wave).or_default().push(index);
    }
    waves
}

async fn one<V: Verb>(client: &Client, settings: &Settings, step: &Step, index: usize, verb: &V) -> (usize, Outcome) {
    settings.notify(&ManifestEvent::Started(&step.target));
    (index, outcome(step, verb.run(client, settings, step).await))
}

/// The outcome of a step.
pub(super) fn outcome(step: &Step, result: Result<Done, OperationError>) -> Outcome {
    let mut target = step.target.clone();
    let (object, result) = match result {
        Ok(done) => (done.object, Ok(done.action)),
        Err(error) => (None, Err(error)),
    };
    if let Some(object) = &object {
        // The server may have generated the name.
        target = crate::Target { resource: target.resource, ..crate::Target::of(&step.target.resource, object) };
    }
    Outcome { target, location: step.location.clone(), object, result }
}
