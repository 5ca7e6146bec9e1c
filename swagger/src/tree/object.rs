//! Reading the members of an object one by one, so that those nobody asked for are found.

use std::borrow::Cow;
use std::collections::HashSet;

use super::json::{Entries, Json};
use super::place::Place;

/// An object being read.
///
/// Every reader takes the keys it knows and calls [`Object::finish`], which reports what is left.
pub(crate) struct Object<'p, 'j> {
    place: &'p Place<'p>,
    entries: Entries<'j>,
    asked: Vec<&'static str>,
}

impl<'p, 'j> Object<'p, 'j> {
    /// Starts to read a value, which must be an object.
    pub(crate) fn new(place: &'p Place<'p>, json: Json<'j>) -> Option<Self> {
        let Json::Object(mut entries) = json else {
            place.problem(format!("expected an object, found {}", json.type_name()));
            return None;
        };
        remove_duplicates(place, &mut entries);
        Some(Self { place, entries, asked: Vec::with_capacity(16) })
    }

    /// Takes a member that may be absent.
    pub(crate) fn optional<T>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(&Place<'_>, Json<'j>) -> Option<T>,
    ) -> Option<T> {
        let json = self.take(key)?;
        read(&self.place.key(key), json)
    }

    /// Takes a member that may be absent and then has its default value.
    pub(crate) fn or_default<T: Default>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(&Place<'_>, Json<'j>) -> Option<T>,
    ) -> T {
        self.optional(key, read).unwrap_or_default()
    }

    /// Takes a member that must be there. After a problem its value is the default one, which nobody gets to see.
    pub(crate) fn required<T: Default>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(&Place<'_>, Json<'j>) -> Option<T>,
    ) -> T {
        match self.take(key) {
            Some(json) => read(&self.place.key(key), json).unwrap_or_default(),
            None => {
                self.place.problem(format!("the required key `{key}` is missing"));
                T::default()
            }
        }
    }

    /// Whether there is a member that no reader has taken.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|(name, _)| name == key)
    }

    /// Takes the members that are known by another rule than their name.
    pub(crate) fn take_all(&mut self, keys: &[&'static str]) -> Entries<'j> {
        self.asked.extend(keys);
        let (taken, rest) = std::mem::take(&mut self.entries).into_iter().partition(|(key, _)| keys.contains(&&**key));
        self.entries = rest;
        taken
    }

    /// Reports every member that no reader took.
    pub(crate) fn finish(self) {
        for (key, _) in &self.entries {
            let is_extension = key.starts_with("x-");
            let what = if is_extension { "extension" } else { "key" };
            let known: Vec<_> = self
                .asked
                .iter()
                .filter(|name| name.starts_with("x-") == is_extension)
                .map(|name| format!("`{name}`"))
                .collect();
            let expected = match known.as_slice() {
                [] => format!("no {what} is known here"),
                known => format!("known here: {}", known.join(", ")),
            };
            self.place.key(key).problem(format!("unknown {what} `{key}`; {expected}"));
        }
    }

    fn take(&mut self, key: &'static str) -> Option<Json<'j>> {
        self.asked.push(key);
        let index = self.entries.iter().position(|(name, _)| name == key)?;
        Some(self.entries.remove(index).1)
    }
}

/// Reports keys that are there twice, and keeps the first of each.
fn remove_duplicates<'j>(place: &Place<'_>, entries: &mut Entries<'j>) {
    const FEW: usize = 24;
    let unique = if entries.len() <= FEW {
        entries.iter().enumerate().all(|(index, (key, _))| entries.iter().take(index).all(|(other, _)| other != key))
    } else {
        let mut seen = HashSet::with_capacity(entries.len());
        entries.iter().all(|(key, _)| seen.insert(&**key))
    };
    if unique {
        return;
    }
    let mut seen: HashSet<Cow<'j, str>> = HashSet::new();
    entries.retain(|(key, _)| {
        let first = seen.insert(key.clone());
        if !first {
            duplicate(place, key);
        }
        first
    });
}

pub(crate) fn duplicate(place: &Place<'_>, key: &str) {
    place.key(key).problem(format!("the key `{key}` appears more than once"));
}
