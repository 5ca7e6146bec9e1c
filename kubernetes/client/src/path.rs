//! The resource and object that a path of the API names.

use std::borrow::Cow;

use kubernetes_core::{GroupVersion, GroupVersionResource, ObjectKey};
use percent_encoding::percent_decode_str;

/// The parts of a path below a group and version: `/api/v1` or `/apis/{group}/{version}`, then perhaps
/// `namespaces/{namespace}`, then `{resource}[/{name}[/{subresource}[/…]]]`.
///
/// The parts are percent-encoded, as in the path; the methods decode them.
///
/// The older form with `watch` before the resource is not made by this SDK.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResourcePath<'a> {
    /// `/api/v1` or `/apis/{group}/{version}`.
    pub(crate) root: &'a str,
    pub(crate) namespace: Option<&'a str>,
    pub(crate) resource: &'a str,
    pub(crate) name: Option<&'a str>,
    pub(crate) subresource: Option<&'a str>,
    /// Whether more follows the subresource, as behind a proxy's.
    pub(crate) has_rest: bool,
}

impl<'a> ResourcePath<'a> {
    /// `None` for a path that names no resource.
    pub fn parse(path: &'a str) -> Option<Self> {
        let root = root(path)?;
        let segments: Vec<&str> = path.get(root.len()..)?.split('/').skip(1).collect();
        let (namespace, rest) = match segments.as_slice() {
            // A namespace itself, of which nothing or one of its two subresources is named.
            ["namespaces", _] | ["namespaces", _, "status" | "finalize"] => (None, segments.as_slice()),
            ["namespaces", namespace, rest @ ..] => (Some(*namespace), rest),
            rest => (None, rest),
        };
        let (resource, rest) = rest.split_first()?;
        Some(Self {
            root,
            namespace,
            resource,
            name: rest.first().copied(),
            subresource: rest.get(1).copied(),
            has_rest: rest.len() > 2,
        })
    }

    /// The resource.
    pub fn group_version_resource(&self) -> GroupVersionResource {
        let mut segments = self.root.split('/').skip(2);
        let (first, second) = (segments.next().unwrap_or_default(), segments.next());
        let (group, version) = second.map_or(("", first), |version| (first, version));
        GroupVersion::new(decode(group), decode(version)).with_resource(decode(self.resource))
    }

    /// The object that is named; `None` for a collection.
    pub(crate) fn key(&self) -> Option<ObjectKey> {
        self.name.map(|name| ObjectKey::new(self.namespace().as_deref(), &decode(name)))
    }

    /// The namespace, decoded.
    pub fn namespace(&self) -> Option<Cow<'a, str>> {
        self.namespace.map(decode)
    }

    pub(crate) fn subresource(&self) -> Option<Cow<'a, str>> {
        self.subresource.map(decode)
    }
}

/// A segment of a path without its percent-encoding.
fn decode(segment: &str) -> Cow<'_, str> {
    percent_decode_str(segment).decode_utf8_lossy()
}

/// The `/api/v1` or `/apis/{group}/{version}` that a path begins with.
pub(crate) fn root(path: &str) -> Option<&str> {
    let segments = match path.split('/').nth(1) {
        Some("apis") => 3,
        Some("api") => 2,
        _ => return None,
    };
    let mut ends = path.match_indices('/').map(|(end, _)| end).chain([path.len()]).skip(1);
    path.get(..ends.nth(segments - 1)?)
}

/// The path with placeholders for what names one object. A path that names no resource is left as it is.
pub(crate) fn template(path: &str) -> String {
    let Some(parsed) = ResourcePath::parse(path) else { return path.to_owned() };
    let mut template = parsed.root.to_owned();
    let mut push = |segment: &str| {
        template.push('/');
        template.push_str(segment);
    };
    if parsed.namespace.is_some() {
        push("namespaces");
        push("{namespace}");
    }
    push(parsed.resource);
    if parsed.name.is_some() {
        push("{name}");
    }
    if let Some(subresource) = parsed.subresource {
        push(subresource);
    }
    if parsed.has_rest {
        push("{path}");
    }
    template
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_leaves_out_names() {
        for (path, expected) in [
            ("/api/v1/pods", "/api/v1/pods"),
            ("/api/v1/namespaces", "/api/v1/namespaces"),
            ("/api/v1/namespaces/shop", "/api/v1/namespaces/{name}"),
            ("/api/v1/namespaces/shop/status", "/api/v1/namespaces/{name}/status"),
            ("/api/v1/namespaces/shop/pods", "/api/v1/namespaces/{namespace}/pods"),
            ("/api/v1/namespaces/shop/pods/web/log", "/api/v1/namespaces/{namespace}/pods/{name}/log"),
            ("/api/v1/nodes/n1/proxy/stats/summary", "/api/v1/nodes/{name}/proxy/{path}"),
            ("/apis/apps/v1/namespaces/a/deployments/b", "/apis/apps/v1/namespaces/{namespace}/deployments/{name}"),
            (
                "/apis/rbac.authorization.k8s.io/v1/clusterroles/x",
                "/apis/rbac.authorization.k8s.io/v1/clusterroles/{name}",
            ),
            ("/apis/apps/v1", "/apis/apps/v1"),
            ("/apis", "/apis"),
            ("/version", "/version"),
            ("", ""),
        ] {
            assert_eq!(template(path), expected);
        }
    }

    #[test]
    fn a_path_names_a_resource_and_an_object() {
        let path = ResourcePath::parse("/apis/apps/v1/namespaces/shop/deployments/web/scale").unwrap();
        assert_eq!(path.group_version_resource(), GroupVersionResource::new("apps", "v1", "deployments"));
        assert_eq!((path.key(), path.subresource), (Some(ObjectKey::new("shop", "web")), Some("scale")));
        let path = ResourcePath::parse("/api/v1/namespaces/shop").unwrap();
        assert_eq!(path.group_version_resource(), GroupVersionResource::new("", "v1", "namespaces"));
        assert_eq!(path.key(), Some(ObjectKey::new(None, "shop")));
        assert_eq!(ResourcePath::parse("/api/v1/namespaces/shop/pods").unwrap().key(), None);
        let encoded = "/apis/rbac.authorization.k8s.io/v1/namespaces/kube%2Dsystem/roles/system%3Anode";
        assert_eq!(ResourcePath::parse(encoded).unwrap().key(), Some(ObjectKey::new("kube-system", "system:node")));
        for path in ["", "/", "/api", "/api/v1", "/apis/apps", "/apis/apps/v1", "/version", "/apis//"] {
            assert_eq!(ResourcePath::parse(path), None, "{path}");
        }
    }

    #[test]
    fn the_root_is_a_group_and_version() {
        for (path, expected) in [
            ("/api/v1/pods", Some("/api/v1")),
            ("/apis/apps/v1/deployments", Some("/apis/apps/v1")),
            ("/apis/apps/v1", Some("/apis/apps/v1")),
            ("/apis/apps", None),
            ("/version", None),
        ] {
            assert_eq!(root(path), expected);
        }
    }
}
