//! Changes between two descriptions, in the terms of the API; it need not be possible to generate code from them.

mod definitions;
mod deprecation;
mod markdown;
mod operations;
mod places;

use std::fmt;

use openapiv3::{OpenAPI, ReferenceOr, Schema};
use serde::Serialize;

use crate::Description;
use crate::error::Result;
use places::Places;

/// How the name of an enum's type ends.
const KNOWN_VALUES: &str = " of known values";

/// The changes between two descriptions.
///
/// `Display` writes Markdown for a changelog; [`Differences::to_json`] is for programs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Differences {
    /// The older version of Kubernetes.
    pub old: String,
    /// The newer one.
    pub new: String,
    /// Notes on omitted changes, with the reasons.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// The changes, by group and version, breaking ones first.
    pub changes: Vec<Change>,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Change {
    /// The API group, such as `apps` or `core`.
    pub group: String,
    /// The version, such as `v1`; empty if the change belongs to no version.
    pub version: String,
    /// Whether programs may no longer work, because something was removed, made required, or has another type.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_breaking: bool,
    /// The kind of change.
    pub change: Kind,
    /// The kind of thing that changed.
    pub item: Item,
    /// The name: `Deployment`, `DeploymentSpec.replicas`, or an operationId.
    pub name: String,
    /// The parameter or the value of an enum, if the change is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part: Option<String>,
    /// The former type or default value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// The new type or default value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// A kind of change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// It was removed.
    Removed,
    /// It is now required.
    MadeRequired,
    /// Its type has changed.
    Retyped,
    /// It was added.
    Added,
    /// It is now optional.
    MadeOptional,
    /// Its default value has changed.
    Defaulted,
    /// Its description now calls it deprecated.
    Deprecated,
}

/// A kind of thing that changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Item {
    /// A type.
    Definition,
    /// A property of a type.
    Field,
    /// A value of an enum.
    Value,
    /// A path and a method.
    Operation,
    /// A parameter or the body of an operation.
    Parameter,
    /// The response of an operation.
    Response,
}

impl Differences {
    /// The changes as a JSON document with a newline at its end.
    pub fn to_json(&self) -> String {
        // Strings, booleans and lists can always be written.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    /// Omits strings that differ only in their known values, if one of the descriptions does not list any values at
    /// all.
    fn leave_out_enums(&mut self, is_new_with_enums: bool) {
        let before = self.changes.len();
        let as_string = |type_name: &Option<String>| type_name.as_ref().map(|name| name.replace(KNOWN_VALUES, ""));
        self.changes
            .retain(|change| change.change != Kind::Retyped || as_string(&change.before) != as_string(&change.after));
        let (count, which) = (before - self.changes.len(), if is_new_with_enums { &self.old } else { &self.new });
        self.notes.push(format!(
            "{count} strings with known values are left out, because the description of {which} does not list \
             values at all, like those in Kubernetes' sources.",
        ));
    }

    /// How many changes are breaking.
    pub fn breaking(&self) -> usize {
        self.changes.iter().filter(|change| change.is_breaking).count()
    }
}

impl fmt::Display for Differences {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        markdown::write(self, f)
    }
}

/// Compares two descriptions.
///
/// ```
/// use kubernetes_codegen::{Content, Description, diff};
///
/// let with = |properties: &str| format!(
///     r#"{{"swagger": "2.0", "info": {{"title": "Kubernetes", "version": "v1.37.2"}}, "paths": {{}}, "definitions":
///     {{"io.k8s.api.core.v1.Lamp": {{"type": "object", "properties": {{ {properties} }}}}}}}}"#);
/// let (old, new) = (with(r#""isOn": {"type": "boolean"}"#), with(r#""isOn": {"type": "string"}"#));
/// let description = |text| Description { source: "swagger.json", kubernetes: "v1.37.2", content: Content::Document(text) };
/// let differences = diff(&description(old.as_bytes()), &description(new.as_bytes()))?;
/// assert!(differences.changes[0].is_breaking);
/// assert!(differences.to_string().contains("`Lamp.isOn`: `boolean` → `string`"));
/// # Ok::<(), kubernetes_codegen::Error>(())
/// ```
///
/// # Errors
/// Returns an error if one of them is not Swagger 2.0 or OpenAPI 3.0 as written by Kubernetes.
pub fn diff(old: &Description<'_>, new: &Description<'_>) -> Result<Differences> {
    let (old_openapi, new_openapi) = (old.content.parse(old.source)?.openapi, new.content.parse(new.source)?.openapi);
    let mut differences = compare((old.kubernetes, &old_openapi), (new.kubernetes, &new_openapi));
    let [old_has_enums, new_has_enums] = [&old_openapi, &new_openapi].map(definitions::have_enums);
    if old_has_enums != new_has_enums {
        differences.leave_out_enums(new_has_enums);
    }
    Ok(differences)
}

fn compare(old: (&str, &OpenAPI), new: (&str, &OpenAPI)) -> Differences {
    let places = Places::new([old.1, new.1]);
    let mut changes = Vec::new();
    definitions::compare(&places, old.1, new.1, &mut changes);
    operations::compare(old.1, new.1, &mut changes);
    changes.sort_by(|first, second| {
        // Breaking ones first, in each group and version.
        let key = |change: &Change| (change.group.clone(), change.version.clone(), !change.is_breaking);
        key(first).cmp(&key(second)).then_with(|| first.cmp(second))
    });
    Differences { old: old.0.to_owned(), new: new.0.to_owned(), notes: Vec::new(), changes }
}

/// Where a change is noted.
struct Notes<'a> {
    group: &'a str,
    version: &'a str,
    item: Item,
    name: &'a str,
    part: Option<&'a str>,
    changes: &'a mut Vec<Change>,
}

impl Notes<'_> {
    fn note(&mut self, change: Kind, is_breaking: bool, before: Option<String>, after: Option<String>) {
        let removes = matches!(change, Kind::Removed | Kind::MadeRequired | Kind::Retyped);
        self.changes.push(Change {
            group: self.group.to_owned(),
            version: self.version.to_owned(),
            is_breaking: is_breaking || removes,
            change,
            item: self.item,
            name: self.name.to_owned(),
            part: self.part.map(str::to_owned),
            before,
            after,
        });
    }

    fn plain(&mut self, change: Kind) {
        self.note(change, false, None, None);
    }
}

/// The definitions of a description, by name.
fn definitions_of(openapi: &OpenAPI) -> impl Iterator<Item = (&String, &ReferenceOr<Schema>)> {
    openapi.components.iter().flat_map(|components| &components.schemas)
}
