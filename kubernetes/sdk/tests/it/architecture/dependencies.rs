//! Crates depend on each other in one direction.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::DependencyKind;

use super::source::{crates, metadata};

/// The crates of this workspace that each may depend on.
const ALLOWED: &[(&str, &[&str])] = &[
    ("kubernetes-swagger", &[]),
    ("kubernetes-codegen", &["kubernetes-swagger"]),
    ("kubernetes-apimachinery", &[]),
    ("kubernetes-core", &["kubernetes-apimachinery"]),
    // The second for the feature `schema` alone.
    ("kubernetes-models", &["kubernetes-apimachinery", "kubernetes-core"]),
    ("kubernetes-api", &["kubernetes-core", "kubernetes-models"]),
    ("kubernetes-config", &[]),
    ("kubernetes-client", &["kubernetes-core", "kubernetes-config"]),
    ("kubernetes-watch", &["kubernetes-core", "kubernetes-client"]),
    ("kubernetes-dynamic", &["kubernetes-core", "kubernetes-config", "kubernetes-client", "kubernetes-watch"]),
    ("kubernetes-streams", &["kubernetes-core", "kubernetes-client", "kubernetes-watch"]),
    ("kubernetes-serving", &["kubernetes-core", "kubernetes-client"]),
    ("kubernetes-election", &["kubernetes-core", "kubernetes-models", "kubernetes-client"]),
    (
        "kubernetes-controller",
        &[
            "kubernetes-core",
            "kubernetes-models",
            "kubernetes-client",
            "kubernetes-watch",
            "kubernetes-election",
            "kubernetes-serving",
        ],
    ),
    (
        "kubernetes-webhooks",
        &[
            "kubernetes-core",
            "kubernetes-models",
            "kubernetes-client",
            "kubernetes-watch",
            "kubernetes-election",
            "kubernetes-serving",
        ],
    ),
    ("kubernetes-derive", &[]),
    (
        "kubernetes-utils",
        &[
            "kubernetes-core",
            "kubernetes-config",
            "kubernetes-models",
            "kubernetes-client",
            "kubernetes-watch",
            "kubernetes-dynamic",
            "kubernetes-streams",
        ],
    ),
    ("kubernetes-testing", &["kubernetes-core", "kubernetes-config", "kubernetes-client"]),
    (
        "kubernetes-sdk",
        &[
            "kubernetes-core",
            "kubernetes-models",
            "kubernetes-api",
            "kubernetes-config",
            "kubernetes-client",
            "kubernetes-watch",
            "kubernetes-dynamic",
            "kubernetes-streams",
            "kubernetes-election",
            "kubernetes-controller",
            "kubernetes-derive",
            "kubernetes-utils",
            "kubernetes-webhooks",
        ],
    ),
    ("kubernetes-e2e-test", &[]),
    ("kubernetes-examples", &["kubernetes-sdk", "kubernetes-testing"]),
    ("kubernetes-describe", &["kubernetes-codegen", "kubernetes-core", "kubernetes-config", "kubernetes-client"]),
];

/// The crates that users can put under any transport.
const WITHOUT_TRANSPORT: &[&str] =
    &["kubernetes-apimachinery", "kubernetes-core", "kubernetes-models", "kubernetes-api", "kubernetes-config"];

/// Crates with unsafe code below what users hold: one file each knows them, so that they can be replaced.
const BEHIND_ONE_FILE: &[&str] = &["lean_string", "thin_vec", "rpds"];

#[test]
fn dependencies_point_one_way() {
    let metadata = metadata();
    let allowed: BTreeMap<&str, &[&str]> = ALLOWED.iter().copied().collect();
    for package in metadata.workspace_packages() {
        let allowed = allowed.get(package.name.as_str()).unwrap_or_else(|| {
            panic!("{} is new: say in this test, and in ARCHITECTURE.md, what it may depend on", package.name)
        });
        for dependency in package.dependencies.iter().filter(|dependency| dependency.kind == DependencyKind::Normal) {
            let ours = dependency.path.is_some();
            assert!(
                !ours || allowed.contains(&dependency.name.as_str()),
                "{} must not depend on {}",
                package.name,
                dependency.name
            );
        }
    }
}

#[test]
fn the_crates_below_the_client_know_no_transport() {
    let metadata = metadata();
    let resolve = metadata.resolve.as_ref().expect("dependencies are resolved");
    let names: BTreeMap<_, _> = metadata.packages.iter().map(|package| (&package.id, package.name.as_str())).collect();
    for start in WITHOUT_TRANSPORT {
        let mut seen = BTreeSet::new();
        let mut open: Vec<_> = names.iter().filter(|(_, name)| *name == start).map(|(id, _)| *id).collect();
        assert!(!open.is_empty(), "no crate {start}");
        while let Some(id) = open.pop() {
            if !seen.insert(id) {
                continue;
            }
            let name = names[id];
            assert!(!["hyper", "rustls", "tokio"].contains(&name), "{start} depends on {name}");
            let node = resolve.nodes.iter().find(|node| node.id == *id).expect("each package is resolved");
            let normal = |dependency: &&cargo_metadata::NodeDep| {
                dependency.dep_kinds.iter().any(|kind| kind.kind == DependencyKind::Normal)
            };
            open.extend(node.deps.iter().filter(normal).map(|dependency| &dependency.pkg));
        }
    }
}

#[test]
fn crates_with_unsafe_code_stand_behind_one_file() {
    let files: Vec<_> = crates().iter().flat_map(|package| package.files()).filter(|file| !file.is_test()).collect();
    for name in BEHIND_ONE_FILE {
        let is_used = |line: &str| line.contains(&format!("{name}::")) && !line.trim_start().starts_with("//");
        let users = files.iter().filter(|file| file.text.lines().any(is_used));
        let users: Vec<_> = users.map(|file| file.path.display().to_string()).collect();
        assert_eq!(users.len(), 1, "{name} is used by {users:?}");
    }
}
