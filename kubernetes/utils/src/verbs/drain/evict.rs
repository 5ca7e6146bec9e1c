use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use kubernetes_client::sync::lock;
use kubernetes_client::{Client, Error};
use kubernetes_core::meta::v1::{DeleteOptions, Preconditions, Status};
use kubernetes_core::{GroupVersionKind, ObjectKey, Str};
use kubernetes_dynamic::DynamicObject;
use kubernetes_watch::until;

use super::Options;
use super::error::Left;
use super::event::{DrainEvent, Observer};
use super::surge::Rollouts;
use crate::{Target, VerbError};

/// The pause after an eviction that was refused for now, as in kubectl.
const PAUSE: Duration = Duration::from_secs(5);

/// The number of concurrent evictions.
const CONCURRENCY: usize = 100;

/// Pods to evict concurrently.
pub(super) struct Evictions<'a> {
    pub(super) options: &'a Options,
    pub(super) pods: &'a [Target],
    pub(super) surges: &'a HashMap<ObjectKey, Target>,
    pub(super) rollouts: Rollouts,
    pub(super) observer: Option<&'a Observer>,
}

impl Evictions<'_> {
    /// Evicts the pods, and waits until they are gone; returns the remaining ones, and whether the time limit was
    /// reached.
    pub(super) async fn run(&self, client: &Client) -> (Vec<Left>, bool) {
        let states = Mutex::new(self.pods.iter().map(|_| State::Evicting).collect::<Vec<_>>());
        let all = self.all(client, &states);
        let timed_out = match self.options.limit {
            Some(limit) => tokio::time::timeout(limit, all).await.is_err(),
            None => {
                all.await;
                false
            }
        };
        let states = states.into_inner().unwrap_or_else(PoisonError::into_inner);
        (self.pods.iter().zip(states).filter_map(|(pod, state)| state.left(pod)).collect(), timed_out)
    }

    async fn all(&self, client: &Client, states: &Mutex<Vec<State>>) {
        let mut waiting = 0..self.pods.len();
        let mut running = FuturesUnordered::new();
        loop {
            while running.len() < CONCURRENCY
                && let Some(index) = waiting.next()
            {
                let set = move |state| lock(states)[index] = state;
                running.push(async move {
                    let result = one(self, client, &self.pods[index], &set).await;
                    set(result.err().map_or(State::Gone, State::Failed));
                });
            }
            if running.next().await.is_none() {
                return;
            }
        }
    }

    fn notify(&self, event: &DrainEvent<'_>) {
        if let Some(observer) = self.observer {
            observer(event);
        }
    }
}

/// The progress of a pod.
enum State {
    Evicting,
    Surging(String),
    Blocked(String),
    Terminating,
    Gone,
    Failed(VerbError),
}

impl State {
    fn left(self, pod: &Target) -> Option<Left> {
        let reason = match self {
            Self::Gone => return None,
            Self::Evicting => "it has not been evicted yet".to_owned(),
            Self::Surging(reason) | Self::Blocked(reason) => reason,
            Self::Terminating => "it is terminating".to_owned(),
            Self::Failed(error) => error.to_string(),
        };
        Some(Left { pod: pod.clone(), reason: reason.into() })
    }
}

/// Evicts a pod, and waits until it is gone.
async fn one(
    plan: &Evictions<'_>,
    client: &Client,
    pod: &Target,
    set: &(impl Fn(State) + Sync),
) -> Result<(), VerbError> {
    if let Some(deployment) = plan.surges.get(&pod.key) {
        plan.notify(&DrainEvent::Surging(pod, deployment));
        set(State::Surging(format!("it is waiting for another pod of {deployment}")));
        plan.rollouts.complete(client, deployment).await?;
        set(State::Evicting);
    }
    plan.notify(&DrainEvent::Evicting(pod));
    let removal = Removal::new(plan, pod)?;
    loop {
        let error = match removal.send(client, pod).await {
            Ok(()) => break,
            Err(error) if error.is_not_found() || is_replaced(&error) => {
                plan.notify(&DrainEvent::Gone(pod));
                return Ok(());
            }
            Err(error) => error,
        };
        let cause = |status: &Status| {
            let causes = status.details.iter().flat_map(|details| &details.causes);
            let message = |reason: &str| {
                causes.clone().find(|cause| cause.reason.as_deref() == Some(reason)).and_then(|it| it.message.clone())
            };
            (message("DisruptionBudget"), message("NamespaceTerminating").is_some())
        };
        let (budget, is_terminating) = error.status().map(cause).unwrap_or_default();
        let may_succeed_later = error.is_too_many_requests() || (error.is_forbidden() && is_terminating);
        if !may_succeed_later {
            return Err(error.into());
        }
        let current = pod.scope().read(pod.key.name()).send(client).await;
        match current {
            Ok(current) if current.metadata.uid == pod.uid => {
                if is_terminating && current.metadata.deletion_timestamp.is_some() {
                    break;
                }
            }
            Ok(_) => return Ok(()),
            Err(error) if error.is_not_found() => return Ok(()),
            Err(error) => return Err(error.into()),
        }
        let reason = budget.map_or_else(|| error.to_string(), |message: Str| message.to_string());
        plan.notify(&DrainEvent::Blocked(pod, &reason));
        set(State::Blocked(reason));
        tokio::time::sleep(PAUSE).await;
    }
    set(State::Terminating);
    let gone = until(client, pod.scope().list()).named(pod.key.name().to_owned());
    gone.uid(pod.uid.clone().unwrap_or_default())
        .deleted()
        .await
        .map_err(|error| VerbError::refused(error.to_string()))?;
    plan.notify(&DrainEvent::Gone(pod));
    Ok(())
}

/// Whether another pod has the name.
fn is_replaced(error: &Error) -> bool {
    error.is_conflict()
}

/// The request that removes a pod.
enum Removal {
    Delete(DeleteOptions),
    Evict(DynamicObject),
}

impl Removal {
    fn new(plan: &Evictions<'_>, pod: &Target) -> Result<Self, VerbError> {
        let preconditions = Preconditions { uid: pod.uid.clone(), ..Preconditions::default() };
        let options = DeleteOptions {
            grace_period_seconds: plan.options.grace_period.map(|it| i64::try_from(it.as_secs()).unwrap_or(i64::MAX)),
            preconditions: Some(Box::new(preconditions)),
            ..DeleteOptions::default()
        };
        if plan.options.delete_instead {
            return Ok(Self::Delete(options));
        }
        let of_type = GroupVersionKind::new("policy", "v1", "Eviction");
        let mut eviction = DynamicObject::named(&of_type, pod.key.name().to_owned());
        eviction.metadata.namespace = pod.key.namespace().map(Str::from);
        eviction.set("/deleteOptions", &options)?;
        Ok(Self::Evict(eviction))
    }

    async fn send(&self, client: &Client, pod: &Target) -> Result<(), Error> {
        let (scope, name) = (pod.scope(), pod.key.name());
        match self {
            Self::Delete(options) => scope.delete(name).options(options).send(client).await.map(drop),
            Self::Evict(eviction) => {
                let request = scope.create_subresource::<_, DynamicObject>(name, "eviction", eviction);
                request.send(client).await.map(drop)
            }
        }
    }
}
