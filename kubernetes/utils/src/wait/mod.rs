//! Waits for conditions on many objects of any kind.

mod error;
mod progress;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use kubernetes_client::Client;
use kubernetes_core::Str;
use kubernetes_core::selector::FieldSelector;
use kubernetes_dynamic::DynamicObject;
use kubernetes_watch::{ListCondition, ObjectCondition, Objects, until};

use crate::{Target, clock};

pub use error::WaitError;
use progress::{Progress, Wanted};

/// Waits for a condition on objects of any kinds.
///
/// ```no_run
/// # async fn example(client: &kubernetes_client::Client) -> Result<(), Box<dyn std::error::Error>> {
/// use std::time::Duration;
///
/// use kubernetes_core::ObjectKey;
/// use kubernetes_dynamic::Mapper;
/// use kubernetes_utils::conditions::condition_is_true;
/// use kubernetes_utils::{Target, WaitFor};
///
/// let jobs = Mapper::new(client).resource("jobs").await?;
/// let targets = ["import", "index"].map(|name| Target::new(jobs.clone(), ObjectKey::new("shop", name)));
/// let finished = condition_is_true("Complete").or(condition_is_true("Failed"));
/// WaitFor::new(client, targets).within(Duration::from_secs(600)).all(finished).await?;
/// # Ok(())
/// # }
/// ```
///
/// A single object is watched by name; several objects of a resource in the same namespace share one watch of the
/// namespace. Objects need not exist yet. As with `kubectl wait`, it is enough if the condition has held once for each
/// object.
///
/// A [target](Target) with a uid means only that object: another one with the same name counts as missing. A target
/// without a uid means any object with the name; one that was deleted and created again counts as deleted, too.
///
/// [`conditions`](crate::conditions) has conditions for all kinds: [`object_current`](crate::conditions::object_current),
/// [`condition_is`](crate::conditions::condition_is), [`json_path`](crate::conditions::json_path). Combine them with [`or`](ObjectCondition::or) and [`and`](ObjectCondition::and); [`ObjectCondition::deleted`] waits for deletion.
#[derive(Clone, Debug)]
#[must_use = "a wait does nothing until it is awaited"]
pub struct WaitFor {
    client: Client,
    targets: Vec<Target>,
    limit: Option<Duration>,
    fail_fast: bool,
}

/// The interval between checks of objects without events.
const CHECK_PERIOD: Duration = Duration::from_secs(1);

impl WaitFor {
    /// Creates a wait for these objects. Without any, it ends at once.
    pub fn new(client: &Client, targets: impl IntoIterator<Item = Target>) -> Self {
        Self { client: client.clone(), targets: targets.into_iter().collect(), limit: None, fail_fast: true }
    }

    /// Sets the time limit for all objects together. Without it, the wait is unlimited.
    pub fn within(mut self, limit: Duration) -> Self {
        self.limit = Some(limit);
        self
    }

    /// Sets whether the wait ends as soon as the condition fails for one object, which is the default; otherwise it
    /// first waits for the others.
    pub fn fail_fast(mut self, fail_fast: bool) -> Self {
        self.fail_fast = fail_fast;
        self
    }

    /// Waits until the condition holds for all objects, and returns those that exist.
    ///
    /// # Errors
    /// Returns an error if the time limit is reached, if the condition fails for an object, or if objects can't be
    /// watched. The error says what each object still lacks.
    ///
    /// # Cancel safety
    /// Dropping the future ends the wait; it changes nothing on the server.
    pub async fn all(self, condition: ObjectCondition<DynamicObject>) -> Result<Vec<DynamicObject>, WaitError> {
        let progress = self.run(condition, Wanted::All).await?;
        Ok(progress.into_objects())
    }

    /// Waits until the condition holds for one of the objects, and returns that one.
    ///
    /// # Errors
    /// Returns an error if the time limit is reached, if the condition fails for all objects, if objects can't be
    /// watched, or if there are none to wait for.
    ///
    /// # Cancel safety
    /// Dropping the future ends the wait; it changes nothing on the server.
    pub async fn any(self, condition: ObjectCondition<DynamicObject>) -> Result<Target, WaitError> {
        let progress = self.run(condition, Wanted::Any).await?;
        progress.first_met().ok_or_else(WaitError::none)
    }

    async fn run(self, condition: ObjectCondition<DynamicObject>, wanted: Wanted) -> Result<Progress, WaitError> {
        let progress = Progress::new(self.targets, condition, wanted, self.fail_fast);
        let mut groups = FuturesUnordered::new();
        for group in groups_of(progress.targets()) {
            groups.push(follow(&self.client, self.limit, progress.clone(), group));
        }
        let mut timed_out = None;
        while !progress.is_over() {
            let Ok(result) = clock::timeout(CHECK_PERIOD, groups.next()).await else {
                progress.recheck();
                continue;
            };
            let Some(result) = result else { break };
            match result {
                Ok(()) => {}
                Err(error) if error.is_timeout() => timed_out = Some(error),
                Err(error) if error.is_failed() => {}
                Err(error) => return Err(progress.error(Some(error))),
            }
        }
        drop(groups);
        if progress.is_success() { Ok(progress) } else { Err(progress.error(timed_out)) }
    }
}

/// The targets that one watch can follow.
struct Group {
    indices: Vec<usize>,
    first: Target,
}

fn groups_of(targets: &[Target]) -> Vec<Group> {
    let mut groups: BTreeMap<(Str, Str, Str, Option<Str>), Group> = BTreeMap::new();
    for (index, target) in targets.iter().enumerate() {
        let resource = &target.resource;
        let namespace = target.key.namespace().map(Str::from);
        let key = (resource.group.clone(), resource.version.clone(), resource.plural.clone(), namespace);
        let group = groups.entry(key).or_insert_with(|| Group { indices: Vec::new(), first: target.clone() });
        group.indices.push(index);
    }
    groups.into_values().collect()
}

async fn follow(
    client: &Client,
    limit: Option<Duration>,
    progress: Progress,
    group: Group,
) -> Result<(), kubernetes_watch::UntilError> {
    let mut list = group.first.scope().list();
    let name = group.first.key.name();
    let is_one = group.indices.iter().all(|index| progress.targets()[*index].key.name() == name);
    if is_one && let Ok(selector) = FieldSelector::new().equals("metadata.name", name.to_owned()) {
        list = list.field_selector(selector.to_string());
    }
    let mut wait = until(client, list);
    if let Some(limit) = limit {
        wait = wait.within(limit);
    }
    let indices: Arc<[usize]> = group.indices.into();
    let description = progress.description();
    let check = move |objects: &Objects<DynamicObject>| progress.update(&indices, objects);
    wait.is(ListCondition::new(description, check)).await.map(drop)
}
