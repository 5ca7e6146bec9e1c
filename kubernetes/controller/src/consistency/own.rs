use std::collections::{HashMap, VecDeque};
use std::sync::Mutex;

use kubernetes_client::sync::lock;
use kubernetes_core::{ObjectKey, Str};

/// How many versions of an object are remembered: a run writes few, and their events come soon.
const VERSIONS: usize = 16;

/// Which states of the controller's own objects were written by its runs.
#[derive(Default)]
pub(super) struct OwnWrites(Mutex<HashMap<ObjectKey, Object>>);

#[derive(Default)]
struct Object {
    /// The last versions that runs have written.
    versions: VecDeque<Str>,
    /// The writes that the server has not answered yet.
    in_flight: usize,
    /// Versions whose events came before the response of a write that may have made them.
    undecided: Vec<Str>,
    /// How many writes have an outcome that is not known: their events may come yet.
    unknown: usize,
}

/// The author of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Author {
    Run,
    Other,
    /// It may be a write that is under way; [`OwnWrites::ended`] tells later.
    Undecided,
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

    /// Notes the end of a write. Returns whether another has changed the object meanwhile.
    pub(super) fn ended(&self, key: &ObjectKey, end: &End<'_>) -> bool {
        let mut objects = lock(&self.0);
        // It was forgotten, with the object.
        let Some(object) = objects.get_mut(key) else { return false };
        object.in_flight = object.in_flight.saturating_sub(1);
        match end {
            End::Written(version) => {
                object.undecided.retain(|undecided| undecided != *version);
                if object.versions.len() >= VERSIONS {
                    object.versions.pop_front();
                }
                object.versions.push_back((*version).clone());
            }
            End::NotWritten => {}
            // One of the events may have been its own.
            End::Unknown if object.undecided.pop().is_none() => object.unknown += 1,
            End::Unknown => {}
        }
        object.in_flight == 0 && !std::mem::take(&mut object.undecided).is_empty()
    }

    /// The author of a state.
    pub(super) fn author(&self, key: &ObjectKey, version: Option<&Str>) -> Author {
        let mut objects = lock(&self.0);
        let (Some(object), Some(version)) = (objects.get_mut(key), version) else { return Author::Other };
        if object.versions.contains(version) {
            Author::Run
        } else if object.in_flight > 0 && object.undecided.len() < VERSIONS {
            object.undecided.push(version.clone());
            Author::Undecided
        } else if object.unknown > 0 {
            object.unknown -= 1;
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
        let author = |number| own.author(&key, Some(&version(number)));
        assert_eq!(author(1), Author::Other);
        own.begun(&key);
        own.begun(&key);
        assert_eq!((author(2), author(3), author(4)), (Author::Undecided, Author::Undecided, Author::Undecided));
        assert!(!own.ended(&key, &End::Written(&version(3))), "another write may have made the others");
        assert!(own.ended(&key, &End::Written(&version(4))), "another has made 2");
        assert_eq!((author(3), author(4), author(5)), (Author::Run, Author::Run, Author::Other));
        own.begun(&key);
        assert!(!own.ended(&key, &End::NotWritten));
        own.forget(&key);
        assert_eq!(author(3), Author::Other);
    }

    #[test]
    fn a_write_of_unknown_outcome_may_have_made_one_change() {
        let (own, key) = (OwnWrites::default(), ObjectKey::new("shop", "a"));
        let author = |number| own.author(&key, Some(&version(number)));
        own.begun(&key);
        assert!(!own.ended(&key, &End::Unknown));
        assert_eq!((author(2), author(3)), (Author::Run, Author::Other));
        own.begun(&key);
        assert_eq!((author(4), author(5)), (Author::Undecided, Author::Undecided));
        assert!(own.ended(&key, &End::Unknown), "one of both is another's");
        assert_eq!(author(6), Author::Other);
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
            own.author(&key, Some(&version(number)));
        }
        let objects = lock(&own.0);
        assert_eq!((objects[&key].versions.len(), objects[&key].undecided.len()), (VERSIONS, VERSIONS));
    }
}
