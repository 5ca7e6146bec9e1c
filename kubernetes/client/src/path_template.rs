//! Paths without the names in them.

/// The path with placeholders for what names one object.
///
/// Kubernetes' paths are `/api/v1` or `/apis/{group}/{version}`, then perhaps `namespaces/{namespace}`, then
/// `{resource}[/{name}[/{subresource}]]`; behind a proxy's subresource comes any path. The older form with `watch` before
/// the resource is not made by this SDK. Other paths have no names, and are left as they are.
pub(crate) fn path_template(path: &str) -> String {
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    let root = match segments.first() {
        Some(&"api") => 2,
        Some(&"apis") => 3,
        _ => return path.to_owned(),
    };
    let Some((root, rest)) = segments.split_at_checked(root) else { return path.to_owned() };
    let mut template: Vec<&str> = root.to_vec();
    let rest = match rest {
        // A namespace itself has nothing, or one of its two subresources behind its name.
        ["namespaces", _, subresource @ ("status" | "finalize")] => {
            template.extend(["namespaces", "{name}", subresource]);
            &[]
        }
        ["namespaces", _, rest @ ..] if !rest.is_empty() => {
            template.extend(["namespaces", "{namespace}"]);
            rest
        }
        rest => rest,
    };
    match rest {
        [] => {}
        [resource] => template.push(resource),
        [resource, _] => template.extend([resource, "{name}"]),
        [resource, _, subresource] => template.extend([resource, "{name}", subresource]),
        [resource, _, subresource, ..] => template.extend([resource, "{name}", subresource, "{path}"]),
    }
    format!("/{}", template.join("/"))
}

#[cfg(test)]
mod tests {
    use super::path_template;

    #[test]
    fn leaves_out_names() {
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
            assert_eq!(path_template(path), expected);
        }
    }
}
