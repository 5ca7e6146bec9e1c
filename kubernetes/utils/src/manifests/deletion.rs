//! Deletes objects in the reverse of the order in which they are applied.

use std::collections::BTreeMap;

use kubernetes_client::Client;
use kubernetes_core::Str;
use kubernetes_core::meta::v1::{DeleteOptions, Preconditions};
use kubernetes_dynamic::DynamicObject;
use kubernetes_watch::until;

use super::concurrent::concurrently;
use super::event::ManifestEvent;
use super::order;
use super::plan::Step;
use super::report::{Action, OperationError, Outcome};
use super::settings::Settings;
use super::waves::{Done, outcome, waves_of};
use crate::Target;

/// The settings of a deletion.
#[derive(Clone, Debug, Default)]
pub(super) struct Deletion {
    pub(super) propagation: Option<Str>,
    pub(super) grace_period: Option<i64>,
    pub(super) waits: Waits,
    /// Whether the objects are former members of a set.
    pub(super) is_pruning: bool,
}

/// The objects to wait for until they are gone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Waits {
    #[default]
    All,
    /// Only custom resources, which later waves must outlive.
    Needed,
    None,
}

impl Deletion {
    /// Deletes the objects wave by wave; an object that remains protects those that it needs.
    pub(super) async fn run(&self, client: &Client, settings: &Settings, steps: &[Step]) -> Vec<Outcome> {
        let waits = if settings.dry_run { Waits::None } else { self.waits };
        let mut run = Run {
            client,
            settings,
            deletion: self,
            steps,
            terminating: BTreeMap::new(),
            failed: Vec::new(),
            outcomes: Vec::new(),
        };
        let mut waves = waves_of(steps);
        while let Some((_, mut wave)) = waves.pop_last() {
            wave.reverse();
            run.send(wave).await;
            let must_go = |index: &usize| match waits {
                Waits::None => false,
                // All together at the end, as one may depend on another.
                Waits::All if waves.is_empty() => true,
                _ => !waves.is_empty() && is_custom(&steps[*index]),
            };
            let awaited = run.terminating.keys().copied().filter(must_go).collect();
            run.wait(awaited).await;
        }
        for (index, sent) in std::mem::take(&mut run.terminating) {
            run.finish(index, Ok(sent));
        }
        run.outcomes
    }

    /// Sends the request that deletes an object: the one with this uid, if it is known.
    async fn send(&self, client: &Client, settings: &Settings, step: &Step) -> Result<Sent, OperationError> {
        let target = &step.target;
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
        let deleted = match target.scope().delete(target.key.name()).options(&options).send(client).await {
            Ok(deleted) => deleted,
            Err(error) if error.is_not_found() => return Ok(Sent::absent()),
            Err(error) if error.is_conflict() && has_gone(client, target).await? => return Ok(Sent::absent()),
            Err(error) => return Err(OperationError::request(error)),
        };
        // A server that responds with a status has removed the object; otherwise finalizers or a grace period may keep
        // it.
        let object = deleted.object();
        let uid = object.as_ref().and_then(|object| object.metadata.uid.clone());
        Ok(match self.is_pruning {
            true => Sent { action: Action::Pruned, object: Some(step.object.clone()), uid },
            false => Sent { action: Action::Deleted, object, uid },
        })
    }
}

/// Whether the object with a uid is gone, which is also the case if another one has its name.
async fn has_gone(client: &Client, target: &Target) -> Result<bool, OperationError> {
    if target.uid.is_none() {
        return Ok(false);
    }
    match target.scope().read(target.key.name()).metadata_only().send(client).await {
        Ok(object) => Ok(object.metadata.uid != target.uid),
        Err(error) if error.is_not_found() => Ok(true),
        Err(error) => Err(OperationError::request(error)),
    }
}

/// The response to a deletion.
struct Sent {
    action: Action,
    object: Option<DynamicObject>,
    /// The uid of the object, if it still exists.
    uid: Option<Str>,
}

impl Sent {
    fn absent() -> Self {
        Self { action: Action::Absent, object: None, uid: None }
    }
}

/// A deletion under way.
struct Run<'a> {
    client: &'a Client,
    settings: &'a Settings,
    deletion: &'a Deletion,
    steps: &'a [Step],
    /// The objects whose deletion the server has accepted, but which may still be there.
    terminating: BTreeMap<usize, Sent>,
    /// The objects that could not be deleted.
    failed: Vec<usize>,
    outcomes: Vec<Outcome>,
}

impl Run<'_> {
    /// Sends the deletions of a wave concurrently.
    async fn send(&mut self, wave: Vec<usize>) {
        let mut open = Vec::new();
        for index in wave {
            match self.blocker(index) {
                Some(by) => self.finish(index, Err(OperationError::needed(self.steps[by].target.clone()))),
                None => open.push(index),
            }
        }
        let Self { client, settings, deletion, steps, .. } = *self;
        let one = |index: usize| async move {
            settings.notify(&ManifestEvent::Started(&steps[index].target));
            (index, deletion.send(client, settings, &steps[index]).await)
        };
        concurrently(open.into_iter().map(one), settings.concurrency, |(index, sent)| match sent {
            Ok(sent) if sent.uid.is_some() => drop(self.terminating.insert(index, sent)),
            sent => self.finish(index, sent),
        })
        .await;
    }

    /// The object that needs this one and could not be deleted. A custom resource may need anything: its controller,
    /// and whatever that needs.
    fn blocker(&self, index: usize) -> Option<usize> {
        let needs = |failed: &usize| is_custom(&self.steps[*failed]) || self.steps[*failed].needs.contains(&index);
        self.failed.iter().copied().find(needs)
    }

    /// Waits until objects are gone.
    async fn wait(&mut self, awaited: Vec<usize>) {
        let awaited: Vec<_> =
            awaited.into_iter().filter_map(|index| Some((index, self.terminating.remove(&index)?))).collect();
        let Self { client, settings, steps, .. } = *self;
        let one = |(index, mut sent): (usize, Sent)| async move {
            let target = &steps[index].target;
            settings.notify(&ManifestEvent::Waiting(target));
            let named = until(client, target.scope().list()).named(target.key.name().to_owned());
            let gone = named.uid(sent.uid.take().unwrap_or_default()).within(settings.wait_limit);
            (index, gone.deleted().await.map(|_| sent).map_err(OperationError::wait))
        };
        let waits = awaited.into_iter().map(one);
        concurrently(waits, settings.concurrency, |(index, result)| self.finish(index, result)).await;
    }

    fn finish(&mut self, index: usize, result: Result<Sent, OperationError>) {
        if result.is_err() {
            self.failed.push(index);
        }
        let step = &self.steps[index];
        let mut outcome = outcome(step, result.map(|sent| Done::new(sent.action, sent.object)));
        if self.deletion.is_pruning {
            outcome.object.get_or_insert_with(|| step.object.clone());
        }
        self.settings.notify(&ManifestEvent::Finished(&outcome));
        self.outcomes.push(outcome);
    }
}

fn is_custom(step: &Step) -> bool {
    order::is_custom(&step.target.resource.group)
}
