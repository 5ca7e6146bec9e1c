use std::collections::{HashMap, VecDeque};
use std::sync::Mutex;
use std::time::Duration;

use kubernetes_client::sync::lock;
use kubernetes_core::{ObjectKey, Str};

use crate::clock::{self, Instant};

/// How many versions of an object are remembered: a run writes few, and their events arrive soon.
const VERSIONS: usize = 16;
/// How long the event of a write of unknown outcome may take: as long as the API server works on a request.
const UNKNOWN: Duration = Duration::from_secs(60);

/// Which states of the controller's own objects were written by its runs.
#[derive(Default)]
pub(super) struct OwnWrites(Mutex<HashMap<ObjectKey, Object>>);

#[derive(Default)]
struct Object {
    /// The last versions that runs have written.
    versions: VecDeque<Str>,
    /// The writes that the server has not answered yet.
    in_flight: usize,
    /// Versions whose events came before the response of a write that may have made them, and their effects otherwise.
    undecided: Vec<(Str, Effect)>,
    /// Until when the event of a write of unknown outcome may arrive.
    unknown_until: Option<Instant>,
}

/// The author of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Author {
    Run,
    Other,
    /// It may be a write that is under way; [`OwnWrites::ended`] tells later.
    Undecided,
}

/// The effect that a change has on its object's runs if another has made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Effect {
    /// None: a predicate leaves it out.
    Nothing,
    /// A run, which a backoff may delay.
    Run,
    /// A run at once, as the first attempt.
    StartOver,
}

/// The end of a write.
pub(super) enum End<'a> {
    Written(&'a Str),
    NotWritten,
    Unknown,
}

impl OwnWrites {
    /// Notes that a write is sent.
    pub(super) fn begun(&self, key: &ObjectKey) {
        lock(&self.0).entry(key.clone()).or_default().in_flight += 1;
    }

    /// Notes the end of a write. Returns the effect of the changes that others have made meanwhile.
    pub(super) fn ended(&self, key: &ObjectKey, end: &End<'_>) -> Effect {
        let mut objects = lock(&self.0);
        // It was forgotten, with the object.
        let Some(object) = objects.get_mut(key) else { return Effect::Nothing };
        object.in_flight = object.in_flight.saturating_sub(1);
        match end {
            End::Written(version) => {
                object.unknown_until = None;
                object.undecided.retain(|(undecided, _)| undecided != *version);
                if object.versions.len() >= VERSIONS {
                    object.versions.pop_front();
                }
                object.versions.push_back((*version).clone());
            }
            End::NotWritten => {}
            // One of the events may have been its own.
            End::Unknown if object.undecided.pop().is_none() => {
                object.unknown_until = Some(clock::later(clock::now(), UNKNOWN));
            }
            End::Unknown => {}
        }
        if object.in_flight > 0 {
            return Effect::Nothing;
        }
        let effects = std::mem::take(&mut object.undecided).into_iter().map(|(_, effect)| effect);
        effects.max().unwrap_or(Effect::Nothing)
    }

    /// The author of a state, which has an effect if it is another's.
    pub(super) fn author(&self, key: &ObjectKey, version: Option<&Str>, effect: Effect) -> Author {
        let mut objects = lock(&self.0);
        let (Some(object), Some(version)) = (objects.get_mut(key), version) else { return Author::Other };
        if object.versions.contains(version) {
            Author::Run
        } else if object.in_flight > 0 && object.undecided.len() < VERSIONS {
            object.undecided.push((version.clone(), effect));
            Author::Undecided
        } else if object.unknown_until.take().is_some_and(|until| clock::now() < until) {
            Author::Run
        } else {
            Author::Other
        }
    }

    /// Forgets an object, which was deleted.
    pub(super) fn forget(&self, key: &ObjectKey) {
        lock(&self.0).remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(number: u32) -> Str {
        number.to_string().into()
    }

    #[test]
    fn events_are_told_apart_before_and_after_the_response() {
        let (own, key) = (OwnWrites::default(), ObjectKey::new("shop", "a"));
        let author = |number| own.author(&key, Some(&version(number)), Effect::Run);
        assert_eq!(author(1), Author::Other);
        own.begun(&key);
        own.begun(&key);
        assert_eq!((author(2), author(3), author(4)), (Author::Undecided, Author::Undecided, Author::Undecided));
        assert_eq!(
            own.ended(&key, &End::Written(&version(3))),
            Effect::Nothing,
            "another write may have made the others"
        );
        assert_eq!(own.ended(&key, &End::Written(&version(4))), Effect::Run, "another has made 2");
        assert_eq!((author(3), author(4), author(5)), (Author::Run, Author::Run, Author::Other));
        own.begun(&key);
        assert_eq!(own.ended(&key, &End::NotWritten), Effect::Nothing);
        own.forget(&key);
        assert_eq!(author(3), Author::Other);
    }

    #[test]
    fn a_write_of_unknown_outcome_may_have_made_one_change() {
        let (own, key) = (OwnWrites::default(), ObjectKey::new("shop", "a"));
        let author = |number| own.author(&key, Some(&version(number)), Effect::Run);
        own.begun(&key);
        assert_eq!(own.ended(&key, &End::Unknown), Effect::Nothing);
        assert_eq!((author(2), author(3)), (Author::Run, Author::Other));
        own.begun(&key);
        assert_eq!((author(4), author(5)), (Author::Undecided, Author::Undecided));
        assert_eq!(own.ended(&key, &End::Unknown), Effect::Run, "one of both is another's");
        assert_eq!(author(6), Author::Other);
    }

    #[test]
    fn the_strongest_effect_of_others_counts() {
        let (own, key) = (OwnWrites::default(), ObjectKey::new("shop", "a"));
        for (effects, expected) in [
            (vec![Effect::Nothing], Effect::Nothing),
            (vec![Effect::StartOver, Effect::Run, Effect::Nothing], Effect::StartOver),
            (vec![Effect::Nothing, Effect::Run], Effect::Run),
        ] {
            own.begun(&key);
            for (number, effect) in (0..).zip(effects) {
                own.author(&key, Some(&version(number)), effect);
            }
            assert_eq!(own.ended(&key, &End::NotWritten), expected);
        }
        own.begun(&key);
        own.author(&key, Some(&version(8)), Effect::StartOver);
        own.author(&key, Some(&version(9)), Effect::Run);
        assert_eq!(own.ended(&key, &End::Written(&version(8))), Effect::Run, "its own does not count");
    }

    #[tokio::test(start_paused = true)]
    async fn a_write_that_was_lost_does_not_take_later_changes_for_its_own() {
        let (own, key) = (OwnWrites::default(), ObjectKey::new("shop", "a"));
        own.begun(&key);
        own.ended(&key, &End::Unknown);
        tokio::time::advance(UNKNOWN).await;
        assert_eq!(own.author(&key, Some(&version(2)), Effect::Run), Author::Other, "its event would have arrived");
        own.begun(&key);
        own.ended(&key, &End::Unknown);
        own.begun(&key);
        own.ended(&key, &End::Written(&version(4)));
        assert_eq!(own.author(&key, Some(&version(5)), Effect::Run), Author::Other, "a later write has an answer");
    }

    #[test]
    fn the_versions_of_an_object_are_bounded() {
        let (own, key) = (OwnWrites::default(), ObjectKey::new("shop", "a"));
        for number in 0..100 {
            own.begun(&key);
            own.ended(&key, &End::Written(&version(number)));
        }
        own.begun(&key);
        for number in 100..1000 {
            own.author(&key, Some(&version(number)), Effect::Run);
        }
        let objects = lock(&own.0);
        assert_eq!((objects[&key].versions.len(), objects[&key].undecided.len()), (VERSIONS, VERSIONS));
    }
}
