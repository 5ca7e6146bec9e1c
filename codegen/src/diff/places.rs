//! The group and version of definitions and operations, as users know them.

use std::collections::HashMap;

use kubernetes_swagger::extension;
use openapiv3::OpenAPI;

use super::definitions_of;
use crate::lower::version_of;
use crate::references::data;

/// The API groups of the packages of definitions: `io.k8s.api.rbac.v1` is of `rbac.authorization.k8s.io`.
pub(super) struct Places {
    groups: HashMap<String, String>,
}

const CORE: &str = "core";

impl Places {
    pub(super) fn new(descriptions: [&OpenAPI; 2]) -> Self {
        let mut groups = HashMap::new();
        for (name, schema) in descriptions.into_iter().flat_map(definitions_of) {
            let kinds = extension::group_version_kinds(data(schema));
            if let ([kind], Some((package, _))) = (kinds.as_slice(), name.rsplit_once('.'))
                && !package.starts_with("io.k8s.apimachinery.")
            {
                groups.insert(package.to_owned(), group(&kind.group));
            }
        }
        Self { groups }
    }

    /// The group, the version and the name of a definition. What all groups share is of the group `apimachinery`.
    pub(super) fn definition<'a>(&'a self, name: &'a str) -> (&'a str, &'a str, &'a str) {
        let Some((package, type_name)) = name.rsplit_once('.') else { return ("", "", name) };
        let (parent, last) = package.rsplit_once('.').unwrap_or(("", package));
        let (parent, version) = if version_of(last).is_some() { (parent, last) } else { (package, "") };
        let group = match self.groups.get(package) {
            Some(group) => group.as_str(),
            None if name.starts_with("io.k8s.apimachinery.") => "apimachinery",
            None => parent.rsplit('.').next().unwrap_or(parent),
        };
        (group, version, type_name)
    }
}

/// The group and the version of an operation, by its path.
pub(super) fn of_path(path: &str) -> (&str, &str) {
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    match parts.as_slice() {
        ["api", version, ..] => (CORE, version),
        ["apis", group, version, ..] => (group, version),
        ["apis", group] => (group, ""),
        ["api"] => (CORE, ""),
        [first, ..] => (first, ""),
        [] => ("", ""),
    }
}

fn group(group: &str) -> String {
    if group.is_empty() { CORE.to_owned() } else { group.to_owned() }
}
