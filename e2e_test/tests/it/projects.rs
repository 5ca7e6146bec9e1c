//! The custom resources of three large projects: their definitions, what the cluster says of them, and their use.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use kubernetes_sdk::api::apiextensions::v1 as apiextensions;
use kubernetes_sdk::api::core::v1 as core_v1;

use crate::program::{Program, codegen, describe};
use crate::{cluster, go};

struct Project {
    name: &'static str,
    module: &'static str,
    version: &'static str,
    folder: &'static str,
    groups: &'static [&'static str],
}

const PROJECTS: [Project; 3] = [
    Project {
        name: "cert_manager",
        module: "github.com/cert-manager/cert-manager",
        version: "v1.21.2",
        folder: "deploy/crds",
        groups: &["acme.cert-manager.io", "cert-manager.io"],
    },
    Project {
        name: "gateway_api",
        module: "sigs.k8s.io/gateway-api",
        version: "v1.6.3",
        folder: "config/crd/experimental",
        groups: &["gateway.networking.k8s.io", "gateway.networking.x-k8s.io"],
    },
    Project {
        name: "prometheus_operator",
        module: "github.com/prometheus-operator/prometheus-operator",
        version: "v0.85.0",
        folder: "example/prometheus-operator-crd-full",
        groups: &["monitoring.coreos.com"],
    },
];

/// Applies the definitions, compares the crates that they give with those from the cluster's descriptions, and runs a
/// program that uses all three.
#[tokio::test]
async fn crates_of_large_projects_are_used() {
    let (client, namespace) = cluster::namespace("projects").await;
    let folders: Vec<PathBuf> =
        PROJECTS.iter().map(|project| go::module(project.module, project.version).join(project.folder)).collect();
    let files = folders.iter().flat_map(|folder| definitions_in(folder));
    let files: Vec<String> = files.map(|path| path.to_string_lossy().into_owned()).collect();
    let mut apply = vec!["kubectl", "apply", "--server-side"];
    apply.extend(files.iter().flat_map(|file| ["-f", file]));
    cluster::test_cluster(&apply);

    let program = Program::new("program-of-projects", "projects");
    let outcome = tokio::task::spawn_blocking({
        let namespace = namespace.clone();
        move || compare_and_run(&program, &folders, &namespace)
    });
    let outcome = outcome.await;
    for definition in &apiextensions::list_custom_resource_definition().send(&client).await.expect("a list").items {
        if PROJECTS.iter().any(|project| project.groups.contains(&&*definition.spec.group)) {
            apiextensions::delete_custom_resource_definition(definition.name()).send(&client).await.expect("deleted");
        }
    }
    core_v1::delete_namespace(&namespace).send(&client).await.expect("the namespace is deleted");
    outcome.expect("everything is as expected");
}

/// Beside them are texts, and policies that would outlast the test.
fn definitions_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the module has the folder");
    let paths = entries.map(|entry| entry.expect("a readable folder").path());
    let defines =
        |path: &PathBuf| fs::read_to_string(path).is_ok_and(|text| text.contains("\nkind: CustomResourceDefinition\n"));
    paths.filter(defines).collect()
}

fn compare_and_run(program: &Program, folders: &[PathBuf], namespace: &str) {
    let described = tempfile::tempdir().expect("there is room for a temporary folder");
    let (swagger, openapi, crds) =
        (described.path().join("swagger.json"), described.path().join("openapi"), described.path().join("crds.json"));
    // As the generator prints them, before its summary.
    let kinds = |input: &Path, groups: &[&str]| -> Vec<String> {
        let output = program.try_generate("described", &[input.to_path_buf()], groups);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.lines().filter(|line| !line.contains(" → ")).map(str::to_owned).collect()
    };
    let expected: Vec<_> = folders.iter().map(|folder| kinds(folder, &[])).collect();
    // The server describes a custom resource some time after it is there.
    for _ in 0..60 {
        let mut describe = describe();
        describe.arg("--swagger").arg(&swagger).arg("--openapi").arg(&openapi).arg("--crds").arg(&crds);
        assert!(describe.output().expect("cargo starts").status.success());
        let is_described = PROJECTS.iter().zip(&expected).all(|(project, expected)| {
            [&openapi, &swagger].into_iter().all(|input| kinds(input, project.groups) == *expected)
        });
        if is_described {
            break;
        }
        std::thread::sleep(Duration::from_secs(1));
    }
    generates(&swagger);
    generates(&openapi);
    for (project, folder) in PROJECTS.iter().zip(folders) {
        let from_files = lines(&program.generate(project.name, std::slice::from_ref(folder), &[]));
        let from = |input: &Path| lines(&program.generate("described", &[input.to_path_buf()], project.groups));
        assert!(from(&crds) == from_files, "{}: the server has the definitions as they are", project.name);
        only_documentation(project, &from_files, &from(&openapi), &|line| is_deprecation(line));
        only_documentation(project, &from_files, &from(&swagger), &|_| true);
    }
    let names = PROJECTS.map(|project| project.name);
    let output = Command::new(program.build(&names)).arg(namespace).output().expect("the program starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// The whole description of a cluster with custom resources generates.
fn generates(description: &Path) {
    let workspace = tempfile::tempdir().expect("there is room for a temporary folder");
    for name in ["apimachinery", "core", "models", "api", "sdk"] {
        let krate = workspace.path().join("kubernetes").join(name);
        fs::create_dir_all(&krate).expect("the folder is ours");
        fs::copy(
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../kubernetes").join(name).join("Cargo.toml"),
            krate.join("Cargo.toml"),
        )
        .expect("every crate has a manifest");
    }
    let mut pin = codegen();
    let output = pin.arg("pin").arg(description).arg("--root").arg(workspace.path()).output().expect("cargo starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let route = "kubernetes/models/src/generated/gateway_networking_k8s_io/v1/http_route.rs";
    assert!(workspace.path().join(route).exists());
}

/// How often each line is in each generated file of a crate.
type Lines = BTreeMap<(PathBuf, String), usize>;

fn lines(krate: &Path) -> Lines {
    let mut lines = Lines::new();
    let mut open = vec![krate.join("src/generated")];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).expect("it was generated") {
            let path = entry.expect("a readable folder").path();
            if path.is_dir() {
                open.push(path);
                continue;
            }
            let name = path.strip_prefix(krate).expect("it is below the crate").to_path_buf();
            for line in fs::read_to_string(&path).expect("it was generated").lines() {
                *lines.entry((name.clone(), line.trim().to_owned())).or_default() += 1;
            }
        }
    }
    lines
}

/// Code is the same; of its documentation, no line is new, and those that are gone may be missing.
fn only_documentation(project: &Project, files: &Lines, described: &Lines, may_be_missing: &dyn Fn(&str) -> bool) {
    let keys: std::collections::BTreeSet<_> = files.keys().chain(described.keys()).collect();
    for key @ (path, line) in keys {
        if files.get(key) != described.get(key) {
            let is_missing = files.get(key) > described.get(key);
            let place = format!("{} {}: {line}", project.name, path.display());
            assert!(line.starts_with("///"), "{place}");
            assert!(is_missing && may_be_missing(line) || !is_missing && line == "/// `denominator`", "{place}");
        }
    }
}

/// A server does not describe that a version is deprecated.
fn is_deprecation(line: &str) -> bool {
    line == "///"
        || ["Deprecated: ", "the API. Please", "release of the API. Please"].iter().any(|text| line.contains(text))
}
