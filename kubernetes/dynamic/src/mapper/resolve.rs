//! Decides which resource of a snapshot a name means.
//!
//! The order in which kubectl tries the meanings of a name: `mappingFor` in `pkg/resource/builder.go` of
//! <https://github.com/kubernetes/cli-runtime/tree/v0.37.2>, and `restmapper` in
//! <https://github.com/kubernetes/client-go/tree/v0.37.2>.

use kubernetes_core::GroupVersionKind;

use super::MapError;
use super::name::{GroupMatch, Name};
use super::near;
use crate::{ApiResource, Discovery};

/// The treatment of a name that resources of several groups have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Ambiguity {
    /// The name is an error, unless one of the groups belongs to Kubernetes itself.
    #[default]
    Error,
    /// The first resource is taken, in the server's order of groups.
    First,
}

/// The resource with a name: its plural, singular, short name or kind, with or without group and version.
///
/// # Errors
/// Returns an error if there is no such resource, or several.
pub(super) fn by_name(discovery: &Discovery, text: &str, ambiguity: Ambiguity) -> Result<ApiResource, MapError> {
    for name in Name::meanings(text)? {
        for how in [GroupMatch::Exact, GroupMatch::Prefix] {
            for field in [Field::Name, Field::ShortName, Field::Kind] {
                let matches = best_versions(discovery, &name, how, field);
                if !matches.is_empty() {
                    return choose(matches, text, ambiguity);
                }
            }
        }
    }
    let (near, failures) = near::of_name(discovery, text);
    Err(MapError::no_match(format_args!("{text:?}"), near, failures))
}

/// The resource whose objects have this type; an empty version stands for the preferred one.
///
/// # Errors
/// Returns an error if there is no such resource, or several.
pub(super) fn by_kind(discovery: &Discovery, of_type: &GroupVersionKind) -> Result<ApiResource, MapError> {
    let is_meant = |resource: &&ApiResource| {
        resource.group == of_type.group
            && resource.kind == of_type.kind
            && (of_type.version.is_empty() || resource.version == of_type.version)
    };
    let matches = distinct(discovery, discovery.resources().filter(is_meant));
    if matches.is_empty() {
        let (near, failures) = near::of_kind(discovery, of_type);
        return Err(MapError::no_match(format_args!("of kind {of_type}"), near, failures));
    }
    choose(matches, &of_type.to_string(), Ambiguity::Error)
}

/// Every resource of a category, by priority, each in its preferred version.
pub(super) fn by_category(discovery: &Discovery, category: &str) -> Vec<ApiResource> {
    let is_in = |resource: &&ApiResource| resource.categories.iter().any(|known| known == category);
    discovery.preferred_resources().filter(is_in).cloned().collect()
}

/// The field of a resource that a name is compared with. A full name takes precedence over a short one, whatever their
/// groups.
#[derive(Clone, Copy)]
enum Field {
    Name,
    ShortName,
    Kind,
}

impl Field {
    fn matches(self, resource: &ApiResource, name: &str) -> bool {
        match self {
            Self::Name => resource.plural == name || (!resource.singular.is_empty() && resource.singular == name),
            Self::ShortName => resource.short_names.iter().any(|short| short == name),
            Self::Kind => resource.kind.eq_ignore_ascii_case(name),
        }
    }
}

fn best_versions<'a>(discovery: &'a Discovery, name: &Name<'_>, how: GroupMatch, field: Field) -> Vec<&'a ApiResource> {
    let is_meant = |resource: &&ApiResource| {
        name.has_group(&resource.group, how)
            && name.has_version(&resource.version)
            && field.matches(resource, &name.resource)
    };
    distinct(discovery, discovery.resources().filter(is_meant))
}

/// Each resource in one version: the preferred one, or else the first whose server responds.
fn distinct<'a>(discovery: &Discovery, resources: impl Iterator<Item = &'a ApiResource>) -> Vec<&'a ApiResource> {
    let mut found: Vec<&ApiResource> = Vec::new();
    for resource in resources {
        let is_same = |other: &&mut &ApiResource| other.group == resource.group && other.plural == resource.plural;
        match found.iter_mut().find(is_same) {
            None => found.push(resource),
            Some(other) if discovery.is_stale(&other.group_version()) => {
                if !discovery.is_stale(&resource.group_version()) {
                    *other = resource;
                }
            }
            Some(_) => {}
        }
    }
    // A resource whose server responds takes precedence over a stale one.
    if found.iter().any(|resource| !discovery.is_stale(&resource.group_version())) {
        found.retain(|resource| !discovery.is_stale(&resource.group_version()));
    }
    found
}

fn choose(matches: Vec<&ApiResource>, wanted: &str, ambiguity: Ambiguity) -> Result<ApiResource, MapError> {
    let first = matches[0];
    let is_clear = matches.len() == 1
        || (is_of_kubernetes(&first.group) && matches.iter().skip(1).all(|other| other.group != first.group));
    if is_clear {
        return Ok(first.clone());
    }
    if ambiguity == Ambiguity::First {
        let others: Vec<_> = matches[1..].iter().map(ToString::to_string).collect();
        tracing::warn!(name = wanted, taken = %first, ?others, "the name could also match resources of lower priority");
        return Ok(first.clone());
    }
    // A group of Kubernetes does not have to come first in the server's order.
    let mut of_kubernetes = matches.iter().filter(|resource| is_of_kubernetes(&resource.group));
    match (of_kubernetes.next(), of_kubernetes.next()) {
        (Some(one), None) => Ok((*one).clone()),
        _ => Err(MapError::ambiguous(format_args!("{wanted:?}"), matches.into_iter().cloned().collect())),
    }
}

/// Whether this is a group of Kubernetes itself, such as `apps` or `storage.k8s.io`, rather than of custom resources.
fn is_of_kubernetes(group: &str) -> bool {
    !group.strip_suffix(".k8s.io").unwrap_or(group).contains('.')
}
