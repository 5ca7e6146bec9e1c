use std::collections::BTreeMap;

use kubernetes_core::{ObjectKey, Str};

use crate::informers::WatchedStore;

/// A write that a store must have seen.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Requirement {
    /// An object was written: its version, and the uid that it must not have any more if it was deleted.
    Written { key: ObjectKey, version: Option<Str>, gone: Option<Str> },
    /// An object may have been written or not.
    Unknown(ObjectKey),
    /// Objects may have been written or not.
    UnknownCollection,
}

/// The writes that a store must have seen.
#[derive(Clone, Debug, Default)]
pub(super) struct Requirements {
    objects: BTreeMap<ObjectKey, ObjectRequirement>,
    /// The version that all objects must have reached.
    version: Option<Str>,
    /// Whether that version must be asked for.
    asks_for_version: bool,
}

#[derive(Clone, Debug, Default)]
struct ObjectRequirement {
    version: Option<Str>,
    gone: Option<Str>,
    /// Whether the object must be read, to know what is required.
    is_unknown: bool,
}

impl Requirements {
    pub(super) fn add(&mut self, requirement: Requirement) {
        match requirement {
            Requirement::Written { key, version, gone } => {
                let object = self.objects.entry(key).or_default();
                object.version = version.or_else(|| object.version.take());
                object.gone = gone.or_else(|| object.gone.take());
            }
            Requirement::Unknown(key) => self.objects.entry(key).or_default().is_unknown = true,
            Requirement::UnknownCollection => self.asks_for_version = true,
        }
    }

    pub(super) fn asks_for_version(&self) -> bool {
        self.asks_for_version
    }

    /// Whether nothing must be read or asked for, to know what is required.
    pub(super) fn are_known(&self) -> bool {
        !self.asks_for_version && self.objects.values().all(|object| !object.is_unknown)
    }

    /// The objects that must be read.
    pub(super) fn unknown_objects(&self) -> Vec<ObjectKey> {
        self.objects.iter().filter(|(_, object)| object.is_unknown).map(|(key, _)| key.clone()).collect()
    }

    /// Takes in the version that all objects have.
    pub(super) fn set_version(&mut self, version: Str) {
        self.version = Some(version);
        self.asks_for_version = false;
    }

    /// No version can be asked for.
    pub(super) fn give_up_version(&mut self) {
        self.asks_for_version = false;
    }

    /// Takes in the answer to a read of an object.
    pub(super) fn set_known(&mut self, key: ObjectKey, version: Option<Str>, gone: Option<Str>) {
        if let Some(object) = self.objects.get_mut(&key) {
            object.is_unknown = false;
        }
        self.add(Requirement::Written { key, version, gone });
    }

    /// Whether a store has seen the writes.
    ///
    /// All count at one moment: a store that has not seen the creation of an object has not seen its deletion.
    pub(super) fn are_met_by(&self, store: &dyn WatchedStore) -> bool {
        // No object has this key, so that the version of the whole counts.
        let nobody = ObjectKey::default();
        self.version.as_ref().is_none_or(|version| store.has_seen(&nobody, version))
            && self.objects.iter().all(|(key, object)| {
                object.version.as_ref().is_none_or(|version| store.has_seen(key, version))
                    && object.gone.as_ref().is_none_or(|gone| store.uid_of(key).is_none_or(|uid| uid != *gone))
            })
    }
}
