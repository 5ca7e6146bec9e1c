//! Which module a definition belongs to, by its name alone, so that no other definition can move it.

use crate::ir::names;
use crate::ir::{GroupVersionKind, Home, Krate};

/// The module of a definition, and the name of its type.
///
/// Kubernetes' own definitions end in group, version and kind (`io.k8s.api.apps.v1.Deployment`,
/// `io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.APIService`): the group's last part is the module, as in Go.
/// Those of custom resources begin with the reversed group (`com.example.stable.v1.CronTab`): the whole group is the
/// module (`stable_example_com`), so that a custom group can't take the name of a built-in one.
pub(super) fn home_of(definition: &str, kinds: &[GroupVersionKind]) -> Option<(Home, String)> {
    if let [kind] = kinds
        && !is_built_in(definition)
        && definition == names::custom_definition(&kind.group, &kind.version, &kind.kind)
    {
        // Versions are any labels, and kinds may be in lower case.
        let (group, version) = (names::identifier(&kind.group), Some(names::identifier(&kind.version)));
        return Some((Home { krate: Krate::Models, group, version }, names::type_name(&kind.kind)));
    }
    let mut parts: Vec<&str> = definition.split('.').collect();
    let type_name = parts.pop().filter(|name| is_type_name(name))?;
    let version = parts.pop_if(|part| version_of(part).is_some()).map(str::to_owned);
    let krate = if definition.starts_with("io.k8s.apimachinery.") { Krate::Apimachinery } else { Krate::Models };
    let group = match parts.last()? {
        last if is_package_of_kubernetes(&parts) => names::identifier(last),
        _ => names::identifier(&parts.iter().rev().copied().collect::<Vec<_>>().join("_")),
    };
    let is_complete = krate == Krate::Apimachinery || version.is_some();
    is_complete.then(|| (Home { krate, group, version }, names::type_name(type_name)))
}

/// Whether a definition is one of Kubernetes' own, and not a custom resource's.
pub(crate) fn is_built_in(definition: &str) -> bool {
    let mut parts: Vec<&str> = definition.split('.').collect();
    parts.pop();
    parts.pop_if(|part| version_of(part).is_some());
    is_package_of_kubernetes(&parts)
}

fn is_package_of_kubernetes(parts: &[&str]) -> bool {
    matches!(parts, ["io", "k8s", "api", _] | ["io", "k8s", _, "pkg", ..])
}

/// The number of a version, and whether it is stable: `v1`, `v2beta3`.
pub(crate) fn version_of(name: &str) -> Option<(u32, bool)> {
    let rest = name.strip_prefix('v')?;
    let (number, stage) = rest.split_at(rest.find(|character: char| !character.is_ascii_digit()).unwrap_or(rest.len()));
    let number = number.parse().ok()?;
    if stage.is_empty() {
        return Some((number, true));
    }
    let revision = stage.strip_prefix("alpha").or_else(|| stage.strip_prefix("beta"))?;
    revision.parse::<u32>().is_ok().then_some((number, false))
}

fn is_type_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_uppercase())
        && name.chars().all(|character| character.is_ascii_alphanumeric() || character == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn homes() {
        let table = [
            ("io.k8s.api.apps.v1.Deployment", "apps", Some("v1"), "Deployment"),
            ("io.k8s.api.resource.v1alpha3.DeviceTaint", "resource", Some("v1alpha3"), "DeviceTaint"),
            (
                "io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.APIService",
                "apiregistration",
                Some("v1"),
                "APIService",
            ),
            ("io.k8s.apimachinery.pkg.apis.meta.v1.Status", "meta", Some("v1"), "Status"),
            ("io.k8s.apimachinery.pkg.version.Info", "version", None, "Info"),
            ("com.example.stable.v1.CronTab", "stable_example_com", Some("v1"), "CronTab"),
            ("com.example.apps.v1.Deployment", "apps_example_com", Some("v1"), "Deployment"),
            ("io.k8s.networking.gateway.v1.HTTPRoute", "gateway_networking_k8s_io", Some("v1"), "HTTPRoute"),
        ];
        for (definition, group, version, type_name) in table {
            let (home, name) = home_of(definition, &[]).unwrap_or_else(|| panic!("{definition} has a home"));
            assert_eq!((home.group.as_str(), home.version.as_deref(), name.as_str()), (group, version, type_name));
        }
        for definition in
            ["Pod", "io.k8s.api.apps.v1.deployment", "io.k8s.api.apps.Deployment", "io.k8s.api.apps.v1.A-B", ""]
        {
            assert!(home_of(definition, &[]).is_none(), "{definition}");
        }
    }

    /// In lookups of a kind, its version and spelling do not matter.
    #[test]
    fn homes_of_custom_kinds() {
        let kind = |version: &str, kind: &str| GroupVersionKind {
            group: "acid.zalan.do".to_owned(),
            version: version.to_owned(),
            kind: kind.to_owned(),
        };
        let home = |name: &str, of: GroupVersionKind| {
            home_of(name, &[of]).map(|(home, type_name)| (home.group, home.version.unwrap_or_default(), type_name))
        };
        let expected = |version: &str, type_name: &str| {
            Some(("acid_zalan_do".to_owned(), version.to_owned(), type_name.to_owned()))
        };
        assert_eq!(home("do.zalan.acid.v1.postgresql", kind("v1", "postgresql")), expected("v1", "Postgresql"));
        assert_eq!(home("do.zalan.acid.v1-11-0.A-b", kind("v1-11-0", "A-b")), expected("v1_11_0", "AB"));
        assert_eq!(home("do.zalan.acid.v1.Self", kind("v1", "Self")), expected("v1", "SelfValue"));
    }

    #[test]
    fn versions() {
        assert_eq!(version_of("v1"), Some((1, true)));
        assert_eq!(version_of("v2beta3"), Some((2, false)));
        for name in ["1", "v", "vx", "v1gamma1", "v1beta", "version"] {
            assert_eq!(version_of(name), None, "{name}");
        }
    }
}
