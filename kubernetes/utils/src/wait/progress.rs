use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use kubernetes_client::sync::lock;

use kubernetes_core::{ObjectKey, Str};
use kubernetes_dynamic::DynamicObject;
use kubernetes_watch::{ObjectCondition, Objects, UntilError, Verdict};

use super::error::{Unmet, WaitError};
use crate::Target;

/// Whether to wait for all objects, or for one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    All,
    Any,
}

/// The state of each object of the wait.
#[derive(Clone)]
pub(super) struct Progress(Arc<Shared>);

struct Shared {
    targets: Vec<Target>,
    condition: ObjectCondition<DynamicObject>,
    wanted: Wanted,
    fail_fast: bool,
    states: Mutex<Vec<State>>,
}

#[derive(Clone)]
struct State {
    verdict: Verdict,
    /// The object that the verdict is about.
    object: Option<DynamicObject>,
    /// The uid and the version of the object that the verdict is about; `None` before it was seen.
    seen: Option<(Option<Str>, Option<Str>)>,
}

impl Progress {
    pub(super) fn new(
        targets: Vec<Target>,
        condition: ObjectCondition<DynamicObject>,
        wanted: Wanted,
        fail_fast: bool,
    ) -> Self {
        let unseen = State { verdict: Verdict::waiting("its state is not known yet"), object: None, seen: None };
        let states = Mutex::new(vec![unseen; targets.len()]);
        Self(Arc::new(Shared { targets, condition, wanted, fail_fast, states }))
    }

    pub(super) fn targets(&self) -> &[Target] {
        &self.0.targets
    }

    pub(super) fn description(&self) -> String {
        match self.0.wanted {
            Wanted::All => format!("each object {}", self.0.condition),
            Wanted::Any => format!("an object {}", self.0.condition),
        }
    }

    fn states(&self) -> MutexGuard<'_, Vec<State>> {
        lock(&self.0.states)
    }

    /// Records the state of a group's objects; returns whether the group must be followed further.
    pub(super) fn update(&self, indices: &[usize], objects: &Objects<DynamicObject>) -> Verdict {
        let mut by_key: HashMap<ObjectKey, &DynamicObject> = HashMap::new();
        for object in objects.iter() {
            by_key.insert(ObjectKey::of(object), object);
        }
        let mut states = self.states();
        for index in indices {
            let target = &self.0.targets[*index];
            self.0.update(&mut states[*index], target, by_key.get(&target.key).copied());
        }
        let verdicts = indices.iter().map(|index| &states[*index].verdict);
        let (mut met, mut failed) = (0, None);
        for verdict in verdicts {
            match verdict {
                Verdict::Met => met += 1,
                Verdict::Failed(reason) => failed = Some(reason.clone()),
                Verdict::Waiting(_) => {}
            }
        }
        let over = indices.iter().all(|index| !matches!(states[*index].verdict, Verdict::Waiting(_)));
        match (self.0.wanted, failed) {
            (Wanted::Any, _) if met > 0 => Verdict::Met,
            (Wanted::All, Some(reason)) if self.0.fail_fast => Verdict::Failed(reason),
            (_, Some(reason)) if over => Verdict::Failed(reason),
            (_, None) if over => Verdict::Met,
            _ => Verdict::waiting(""),
        }
    }

    /// Checks the remaining objects again, since some conditions depend on time, such as a pod that has been
    /// unschedulable for too long.
    pub(super) fn recheck(&self) {
        for state in self.states().iter_mut() {
            if let (Verdict::Waiting(_), Some(object)) = (&state.verdict, &state.object) {
                state.verdict = self.0.condition.check(Some(object));
            }
        }
    }

    /// Whether the wait is complete.
    pub(super) fn is_over(&self) -> bool {
        self.is_decided() || self.states().iter().all(|state| !matches!(state.verdict, Verdict::Waiting(_)))
    }

    /// Whether no further group can change the result.
    pub(super) fn is_decided(&self) -> bool {
        let states = self.states();
        match self.0.wanted {
            Wanted::Any => states.iter().any(|state| state.verdict.is_met()),
            Wanted::All => self.0.fail_fast && states.iter().any(|state| matches!(state.verdict, Verdict::Failed(_))),
        }
    }

    pub(super) fn is_success(&self) -> bool {
        let states = self.states();
        match self.0.wanted {
            Wanted::Any => states.iter().any(|state| state.verdict.is_met()),
            Wanted::All => states.iter().all(|state| state.verdict.is_met()),
        }
    }

    pub(super) fn first_met(&self) -> Option<Target> {
        let first = self.states().iter().position(|state| state.verdict.is_met())?;
        self.0.targets.get(first).cloned()
    }

    pub(super) fn into_objects(self) -> Vec<DynamicObject> {
        self.states().iter_mut().filter_map(|state| state.object.take()).collect()
    }

    /// The error of a wait that has ended.
    pub(super) fn error(&self, cause: Option<UntilError>) -> WaitError {
        let states = self.states();
        let unmet_of = |(target, state): (&Target, &State)| match &state.verdict {
            Verdict::Met => None,
            Verdict::Waiting(reason) => Some(Unmet::new(target, reason, false)),
            Verdict::Failed(reason) => Some(Unmet::new(target, reason, true)),
        };
        let unmet = self.0.targets.iter().zip(states.iter()).filter_map(unmet_of).collect();
        WaitError::new(self.description(), unmet, self.0.targets.len(), cause)
    }
}

impl Shared {
    fn update(&self, state: &mut State, target: &Target, object: Option<&DynamicObject>) {
        // A condition that has held or failed once keeps its verdict.
        if !matches!(state.verdict, Verdict::Waiting(_)) {
            return;
        }
        let is_meant = |object: &&DynamicObject| target.uid.is_none() || object.metadata.uid == target.uid;
        let object = object.filter(is_meant);
        let identity = object.map(|object| (object.metadata.uid.clone(), object.metadata.resource_version.clone()));
        let was_replaced = matches!((&state.seen, &identity), (Some((before, _)), Some((now, _))) if before != now);
        if was_replaced && self.condition.check(None).is_met() {
            (state.verdict, state.object) = (Verdict::Met, None);
            return;
        }
        if identity.is_some() && identity == state.seen {
            return;
        }
        state.verdict = self.condition.check(object);
        state.object = object.cloned();
        state.seen = identity;
    }
}
