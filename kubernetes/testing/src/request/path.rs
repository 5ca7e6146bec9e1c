use kubernetes_core::GroupVersion;

/// A path below a group and version: that of a resource, an object or a subresource.
///
/// Parsed as in <https://github.com/kubernetes/apiserver/blob/v0.37.2/pkg/endpoints/request/requestinfo.go>.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ResourcePath {
    pub(crate) group_version: GroupVersion,
    pub(crate) namespace: Option<String>,
    pub(crate) plural: String,
    pub(crate) name: Option<String>,
    pub(crate) subresource: Option<String>,
}

impl ResourcePath {
    /// `None` for a non-resource path.
    pub(super) fn parse(segments: &[String]) -> Option<Self> {
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        let (group_version, rest) = match segments.as_slice() {
            ["api", version, rest @ ..] => (GroupVersion::new("", *version), rest),
            ["apis", group, version, rest @ ..] => (GroupVersion::new(*group, *version), rest),
            _ => return None,
        };
        let (namespace, rest) = match rest {
            // Subresources of the namespace itself.
            ["namespaces", _, "status" | "finalize"] => (None, rest),
            ["namespaces", namespace, rest @ ..] if !rest.is_empty() => (Some(*namespace), rest),
            rest => (None, rest),
        };
        let (plural, name, subresource) = match rest {
            [] => return None,
            [plural] => (*plural, None, None),
            [plural, name] => (*plural, Some(*name), None),
            // The rest after the subresource is for proxies.
            [plural, name, subresource, ..] => (*plural, Some(*name), Some(*subresource)),
        };
        let owned = |text: Option<&str>| text.map(str::to_owned);
        Some(Self {
            group_version,
            namespace: owned(namespace),
            plural: plural.to_owned(),
            name: owned(name),
            subresource: owned(subresource),
        })
    }

    /// The plural, followed by a slash and the subresource: `deployments/status`.
    pub(crate) fn resource(&self) -> String {
        match &self.subresource {
            Some(subresource) => format!("{}/{subresource}", self.plural),
            None => self.plural.clone(),
        }
    }
}
