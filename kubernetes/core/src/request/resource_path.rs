use super::Path;
use crate::Resource;

/// The path of a resource's objects in all namespaces, or in the cluster.
pub(super) fn all<K: Resource>() -> Path {
    Path::new(&format!("{}/{}", root::<K>(), K::PLURAL), &[])
}

/// The path of a resource's objects in one namespace.
pub(super) fn namespaced<K: Resource>(namespace: &str) -> Path {
    Path::new(&format!("{}/namespaces/{{namespace}}/{}", root::<K>(), K::PLURAL), &[namespace])
}

/// The path of one object.
pub(super) fn named<K: Resource>(namespace: Option<&str>, name: &str) -> Path {
    match namespace {
        Some(namespace) => {
            Path::new(&format!("{}/namespaces/{{namespace}}/{}/{{name}}", root::<K>(), K::PLURAL), &[namespace, name])
        }
        None => Path::new(&format!("{}/{}/{{name}}", root::<K>(), K::PLURAL), &[name]),
    }
}

fn root<K: Resource>() -> String {
    if K::GROUP.is_empty() { format!("/api/{}", K::VERSION) } else { format!("/apis/{}/{}", K::GROUP, K::VERSION) }
}
