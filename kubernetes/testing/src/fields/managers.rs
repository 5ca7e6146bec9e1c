use std::collections::BTreeMap;

use kubernetes_core::{FieldSet, json};
use serde_json::{Map, Value};

use super::Comparison;
use crate::object::Object;
use crate::status::Cause;

/// The entries of `metadata.managedFields`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Managers(Vec<Manager>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Operation {
    Apply,
    Update,
}

#[derive(Clone, Debug)]
pub(super) struct Manager {
    name: String,
    operation: Operation,
    api_version: String,
    subresource: String,
    time: String,
    set: FieldSet,
}

impl Manager {
    /// The version is part of the identity of an updater, but not of an applier, as in `BuildManagerIdentifier` of
    /// `apimachinery/pkg/util/managedfields/internal/managedfields.go`.
    fn is_updater(&self, name: &str, subresource: &str, api_version: &str) -> bool {
        self.operation == Operation::Update
            && self.name == name
            && self.subresource == subresource
            && self.api_version == api_version
    }

    fn is_applier(&self, name: &str, subresource: &str) -> bool {
        self.operation == Operation::Apply && self.name == name && self.subresource == subresource
    }

    /// Reads an entry; `None` if it is malformed, as in `DecodeManagedFields` of
    /// `apimachinery/pkg/util/managedfields/internal/managedfields.go`.
    fn read(entry: &Value) -> Option<Self> {
        let text = |field: &str| entry.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
        let operation = match text("operation").as_str() {
            "Apply" => Operation::Apply,
            "Update" => Operation::Update,
            _ => return None,
        };
        let api_version = text("apiVersion");
        if api_version.is_empty() || text("fieldsType") != "FieldsV1" {
            return None;
        }
        let mut set: FieldSet = match entry.get("fieldsV1").filter(|fields| !fields.is_null()) {
            Some(fields) => json::from_str(&fields.to_string()).ok()?,
            None => FieldSet::new(),
        };
        set.set_member(false);
        Some(Self {
            name: text("manager"),
            operation,
            api_version,
            subresource: text("subresource"),
            time: text("time"),
            set,
        })
    }

    fn write(&self) -> Value {
        let mut entry = Map::new();
        let operation = if self.operation == Operation::Apply { "Apply" } else { "Update" };
        let texts = [
            ("manager", self.name.as_str()),
            ("operation", operation),
            ("apiVersion", &self.api_version),
            ("time", &self.time),
            ("fieldsType", "FieldsV1"),
            ("subresource", &self.subresource),
        ];
        entry.extend(
            texts.iter().filter(|(_, text)| !text.is_empty()).map(|(key, text)| ((*key).to_owned(), (*text).into())),
        );
        // The text of a set is JSON.
        let set = serde_json::from_str(&self.set.to_fields_v1().text()).unwrap_or_default();
        entry.insert("fieldsV1".to_owned(), set);
        Value::Object(entry)
    }
}

impl Managers {
    /// The entries of an object; `None` if one is malformed.
    pub(crate) fn of(object: &Object) -> Option<Self> {
        object.metadata_list("managedFields").map(Manager::read).collect::<Option<_>>().map(Self)
    }

    /// The entries of the request's object, if it has any and all are well-formed, otherwise those of the stored
    /// object. An empty list, or a single empty entry, resets them. A subresource does not change them
    /// (`decodeLiveOrNew` in `apimachinery/pkg/util/managedfields/internal/fieldmanager.go`).
    pub(super) fn of_update(old: Option<&Object>, new: &Object, subresource: &str) -> Self {
        let there = || old.and_then(Self::of).unwrap_or_default();
        let sent = new.metadata().and_then(|metadata| metadata.get("managedFields")).and_then(Value::as_array);
        match sent.map(Vec::as_slice) {
            _ if !subresource.is_empty() => there(),
            None => there(),
            Some([]) => Self::default(),
            Some([Value::Object(entry)]) if entry.is_empty() => Self::default(),
            Some(_) => Self::of(new).unwrap_or_else(there),
        }
    }

    /// Makes the manager the owner of the written fields, and removes the owners of removed ones.
    pub(super) fn update(
        &mut self,
        name: &str,
        subresource: &str,
        api_version: &str,
        time: &str,
        comparison: &Comparison,
    ) {
        let written = comparison.written();
        let mut is_known = false;
        for manager in &mut self.0 {
            let mine = manager.is_updater(name, subresource, api_version);
            let set = manager.set.difference(&comparison.removed);
            let set = if mine { set.union(&written) } else { set.difference(&written) };
            is_known |= mine;
            if mine && set != manager.set {
                manager.time = time.to_owned();
            }
            manager.set = set;
        }
        if !is_known {
            self.add(name, Operation::Update, subresource, api_version, time, written);
        }
        self.0.retain(|manager| !manager.set.is_empty());
        self.merge_oldest();
    }

    /// Merges the oldest update entries of each version into one until there are ten, like
    /// `apimachinery/pkg/util/managedfields/internal/capmanagers.go`.
    fn merge_oldest(&mut self) {
        const MAX_UPDATES: usize = 10;
        let mut updates = self.0.iter().filter(|manager| manager.operation == Operation::Update).count();
        if updates <= MAX_UPDATES {
            return;
        }
        self.0.sort_by(|a, b| (&a.time, &a.name).cmp(&(&b.time, &b.name)));
        let mut oldest: BTreeMap<String, Manager> = BTreeMap::new();
        let mut others = Vec::new();
        for manager in std::mem::take(&mut self.0) {
            if manager.operation == Operation::Apply || updates <= MAX_UPDATES {
                others.push(manager);
                continue;
            }
            match oldest.get_mut(&manager.api_version) {
                Some(bucket) => {
                    updates -= 1;
                    "ancient-changes".clone_into(&mut bucket.name);
                    bucket.subresource.clear();
                    bucket.set = bucket.set.union(&manager.set);
                    bucket.time = manager.time;
                }
                None => drop(oldest.insert(manager.api_version.clone(), manager)),
            }
        }
        self.0 = oldest.into_values().chain(others).collect();
    }

    fn add(
        &mut self,
        name: &str,
        operation: Operation,
        subresource: &str,
        api_version: &str,
        time: &str,
        set: FieldSet,
    ) {
        let owned = str::to_owned;
        self.0.push(Manager {
            name: owned(name),
            operation,
            api_version: owned(api_version),
            subresource: owned(subresource),
            time: owned(time),
            set,
        });
    }

    /// Records the fields that a manager applies; returns those that it applied before, in whichever version.
    pub(super) fn applied(
        &mut self,
        name: &str,
        subresource: &str,
        api_version: &str,
        set: FieldSet,
    ) -> Option<FieldSet> {
        let mine = self.0.iter_mut().find(|manager| manager.is_applier(name, subresource));
        match mine {
            Some(manager) => {
                api_version.clone_into(&mut manager.api_version);
                Some(std::mem::replace(&mut manager.set, set))
            }
            None => {
                self.add(name, Operation::Apply, subresource, api_version, "", set);
                None
            }
        }
    }

    /// Records the time of an apply that changed something.
    pub(super) fn touch(&mut self, name: &str, subresource: &str, time: &str) {
        let mut mine = self.0.iter_mut().filter(|manager| manager.is_applier(name, subresource));
        if let Some(manager) = mine.next() {
            manager.time = time.to_owned();
        }
    }

    /// The fields of all managers except this applier.
    pub(super) fn union_without(&self, name: &str, subresource: &str) -> FieldSet {
        let others = self.0.iter().filter(|manager| !manager.is_applier(name, subresource));
        others.fold(FieldSet::default(), |union, manager| union.union(&manager.set))
    }

    /// Takes the fields that an apply changes from all other managers; returns the managers that lost fields.
    pub(super) fn take_over(
        &mut self,
        name: &str,
        subresource: &str,
        comparison: &Comparison,
    ) -> Vec<(String, FieldSet)> {
        let written = comparison.written();
        let mut conflicts = Vec::new();
        for manager in &mut self.0 {
            if !manager.is_applier(name, subresource) {
                let conflict = manager.set.intersection(&written);
                if !conflict.is_empty() {
                    conflicts.push((manager.description(), conflict.clone()));
                    manager.set = manager.set.difference(&conflict);
                }
            }
            manager.set = manager.set.difference(&comparison.removed);
        }
        self.0.retain(|manager| !manager.set.is_empty());
        conflicts
    }

    pub(super) fn write(mut self, object: &mut Object) {
        if self.0.is_empty() {
            object.unset("managedFields");
            return;
        }
        self.0.sort_by(|a, b| {
            (a.operation, &a.time, &a.name, &a.api_version, &a.subresource).cmp(&(
                b.operation,
                &b.time,
                &b.name,
                &b.api_version,
                &b.subresource,
            ))
        });
        object.set("managedFields", self.0.iter().map(Manager::write).collect::<Vec<_>>());
    }
}

impl Manager {
    /// Like `printManager` in `apimachinery/pkg/util/managedfields/internal/conflict.go`.
    fn description(&self) -> String {
        let mut text = format!("{:?}", self.name);
        if !self.subresource.is_empty() {
            text.push_str(&format!(" with subresource {:?}", self.subresource));
        }
        if self.operation == Operation::Update {
            text.push_str(&format!(" using {}", self.api_version));
        }
        text
    }
}

/// The message and causes of a refused apply, as in `NewConflictError` of
/// `apimachinery/pkg/util/managedfields/internal/conflict.go`.
pub(super) fn conflict(conflicts: &[(String, FieldSet)]) -> (String, Vec<Cause>) {
    let mut causes = Vec::new();
    let mut texts = Vec::new();
    let mut conflicts: Vec<_> = conflicts.iter().collect();
    conflicts.sort_by_key(|(manager, _)| manager);
    for (manager, set) in conflicts {
        let paths = set.paths();
        texts.push(match paths.as_slice() {
            [path] => format!("conflict with {manager}: {path}"),
            paths => format!("conflicts with {manager}:\n- {}", paths.join("\n- ")),
        });
        causes.extend(paths.into_iter().map(|path| Cause::conflict(manager, path)));
    }
    let noun = if causes.len() == 1 { "conflict" } else { "conflicts" };
    causes.sort_by(|a: &Cause, b| a.field().cmp(b.field()));
    (format!("Apply failed with {} {noun}: {}", causes.len(), texts.join("\n")), causes)
}
