//! Waiting for conditions on many objects, of any kinds, at once.

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
/// One object is watched by its name, several of a resource in one namespace by one watch of all of that namespace.
/// Objects need not exist yet. Once the condition holds for an object, it counts for good, as with `kubectl wait`.
///
/// A [target](Target) with a uid means that object only: another of the same name counts as there being none. One without
/// means whichever has the name; that an object was deleted and came back is seen as a deletion, too.
///
/// [`conditions`](crate::conditions) has conditions for all kinds: [`object_current`](crate::conditions::object_current),
/// [`condition_is`](crate::conditions::condition_is), [`json_path`](crate::conditions::json_path). They are combined by
/// [`or`](ObjectCondition::or) and [`and`](ObjectCondition::and); [`ObjectCondition::deleted`] waits for deletion.
#[derive(Clone, Debug)]
#[must_use = "a wait does nothing until it is awaited"]
pub struct WaitFor {
    client: Client,
    targets: Vec<Target>,
    limit: Option<Duration>,
    fail_fast: bool,
}

/// How often objects are checked that the server sends nothing of.
const CHECK_PERIOD: Duration = Duration::from_secs(1);

impl WaitFor {
    /// A wait for these objects. For none, it ends at once.
    pub fn new(client: &Client, targets: impl IntoIterator<Item = Target>) -> Self {
        Self { client: client.clone(), targets: targets.into_iter().collect(), limit: None, fail_fast: true }
    }

    /// How long to wait at most, for all together. Without it, the wait has no end.
    pub fn within(mut self, limit: Duration) -> Self {
        self.limit = Some(limit);
        self
    }

    /// Whether the wait ends when the condition fails for one object, as by default; otherwise the others are waited
    /// for first.
    pub fn fail_fast(mut self, fail_fast: bool) -> Self {
        self.fail_fast = fail_fast;
        self
    }

    /// Waits until the condition holds for all objects, and returns them; those that do not exist are left out.
    ///
    /// # Errors
    /// If the time is over, or the condition fails for an object: the error says what each object still lacks. If objects
    /// can't be watched.
    ///
    /// # Cancel safety
    /// Dropping the future ends the wait; nothing is changed on the server.
    pub async fn all(self, condition: ObjectCondition<DynamicObject>) -> Result<Vec<DynamicObject>, WaitError> {
        let progress = self.run(condition, Wanted::All).await?;
        Ok(progress.into_objects())
    }

    /// Waits until the condition holds for one of the objects, and returns which.
    ///
    /// # Errors
    /// If the time is over, or the condition fails for all objects. If objects can't be watched, or there are none to
    /// wait for.
    ///
    /// # Cancel safety
    /// Dropping the future ends the wait; nothing is changed on the server.
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
