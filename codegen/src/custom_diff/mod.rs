//! Changes between two sets of CustomResourceDefinitions, and whether they break clients or stored objects.

mod limits;
mod schema;

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use serde::Serialize;
use serde_json::Value;

use crate::crds::{Definition, Version, read_definitions};
use crate::error::{Error, Result};

/// The changes between CustomResourceDefinitions, breaking ones first.
///
/// `Display` writes one line for each.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CustomDifferences {
    /// The changes.
    pub changes: Vec<CustomChange>,
}

/// A change of a custom resource.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct CustomChange {
    /// Whether an object or a program may no longer work.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_breaking: bool,
    /// The name of the definition, such as `lamps.example.com`.
    pub definition: String,
    /// The version, such as `v1`; empty for a change of the whole definition.
    pub version: String,
    /// The place in objects, such as `spec.ports[].name`; empty for a change of the version.
    pub path: String,
    /// The change, such as `the field was removed`.
    pub change: String,
}

impl CustomDifferences {
    /// The number of breaking changes.
    pub fn breaking(&self) -> usize {
        self.changes.iter().filter(|change| change.is_breaking).count()
    }

    /// The changes as a JSON document that ends with a line feed.
    pub fn to_json(&self) -> String {
        // Strings and booleans can always be written.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }
}

impl fmt::Display for CustomDifferences {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.changes.is_empty() {
            return f.write_str("no changes\n");
        }
        for change in &self.changes {
            let CustomChange { definition, version, path, change: text, is_breaking } = change;
            let mut line = String::from(if *is_breaking { "breaking: " } else { "change: " });
            line.push_str(definition);
            for part in [version, path].into_iter().filter(|part| !part.is_empty()) {
                write!(line, " {part}")?;
            }
            writeln!(f, "{}", crate::text::printable(&format!("{line}: {text}")))?;
        }
        Ok(())
    }
}

/// Compares two sets of CustomResourceDefinitions, each given as named YAML or JSON files.
///
/// A change is breaking if it removes a resource, version, subresource or field, narrows the values of a field, makes a
/// field without a default value required, or adds CEL rules where the API server can't compare an object with its
/// previous state: elsewhere an update that does not change an invalid value succeeds (KEP-4008).
///
/// # Errors
/// Returns an error if a file has a definition that can't be read.
pub fn diff_custom(old: &[(String, Vec<u8>)], new: &[(String, Vec<u8>)]) -> Result<CustomDifferences> {
    let (old, new) = (read(old)?, read(new)?);
    let mut found = Found::default();
    for (name, before) in &old {
        found.definition.clone_from(name);
        match new.get(name) {
            None => found.breaking("the definition was removed"),
            Some(after) => definitions(&mut found, before, after),
        }
    }
    for name in new.keys().filter(|name| !old.contains_key(*name)) {
        found.definition.clone_from(name);
        found.change("the definition was added");
    }
    let mut changes = found.changes;
    changes.sort_by(|ours, theirs| theirs.is_breaking.cmp(&ours.is_breaking).then_with(|| ours.cmp(theirs)));
    Ok(CustomDifferences { changes })
}

fn read(files: &[(String, Vec<u8>)]) -> Result<BTreeMap<String, Definition>> {
    let mut problems = Vec::new();
    let mut definitions = BTreeMap::new();
    for (name, bytes) in files {
        for definition in read_definitions(name, bytes, &mut problems) {
            definitions.insert(definition.metadata.name.clone(), definition);
        }
    }
    match Error::of_all(problems.drain(..)) {
        Some(error) => Err(error),
        None => Ok(definitions),
    }
}

/// The changes that were found, and where the comparison is.
#[derive(Default)]
struct Found {
    definition: String,
    version: String,
    path: Vec<String>,
    changes: Vec<CustomChange>,
}

impl Found {
    fn breaking(&mut self, change: impl Into<String>) {
        self.add(true, change.into());
    }

    fn change(&mut self, change: impl Into<String>) {
        self.add(false, change.into());
    }

    fn add(&mut self, is_breaking: bool, change: String) {
        let path = self.path.join(".").replace(".[]", "[]");
        let (definition, version) = (self.definition.clone(), self.version.clone());
        self.changes.push(CustomChange { is_breaking, definition, version, path, change });
    }
}

fn definitions(found: &mut Found, old: &Definition, new: &Definition) {
    let (before, after) = (&old.spec, &new.spec);
    if before.scope != after.scope {
        found.breaking("the scope changed");
    }
    if before.names.kind != after.names.kind {
        found.breaking(format!("the kind changed from {} to {}", before.names.kind, after.names.kind));
    }
    for version in &before.versions {
        found.version.clone_from(&version.name);
        match after.versions.iter().find(|other| other.name == version.name) {
            None => found.breaking("the version was removed"),
            Some(other) => versions(found, version, other),
        }
    }
    for version in after.versions.iter().filter(|version| !before.versions.iter().any(|it| it.name == version.name)) {
        found.version.clone_from(&version.name);
        found.change("the version was added");
    }
    found.version.clear();
}

fn versions(found: &mut Found, old: &Version, new: &Version) {
    match (old.served, new.served) {
        (true, false) => found.breaking("the version is no longer served"),
        (false, true) => found.change("the version is served"),
        _ => {}
    }
    if !old.deprecated && new.deprecated {
        found.change("the version is deprecated");
    }
    let parts = |version: &Version| {
        [("status", version.subresources.status.is_some()), ("scale", version.subresources.scale.is_some())]
    };
    for ((name, before), (_, after)) in parts(old).into_iter().zip(parts(new)) {
        match (before, after) {
            (true, false) => found.breaking(format!("the subresource {name} was removed")),
            // Writes of the object no longer change the status.
            (false, true) if name == "status" => found.breaking("the status became a subresource"),
            (false, true) => found.change(format!("the subresource {name} was added")),
            _ => {}
        }
    }
    let schema =
        |version: &Version| version.schema.as_ref().and_then(|schema| schema.schema.clone()).unwrap_or(Value::Null);
    schema::compare(found, &schema(old), &schema(new), true);
}
