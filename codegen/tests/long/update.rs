use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use kubernetes_codegen::Lock;

use crate::go;
use crate::versions::published;
use crate::workspace::{Workspace, root};

/// The releases that the whole workspace moves to: a pre-release of the next minor, and one of each minor before.
const VERSIONS: [&str; 4] = ["v1.38.0-beta.0", "v1.36.3", "v1.35.4", "v1.34.4"];

/// Moves the whole tree to other versions and back, as `scripts/update VERSION --published` does: all that is written by
/// hand compiles there, tests and examples included, and every byte is as before here.
#[test]
#[ignore = "downloads four releases of Kubernetes"]
fn to_other_versions_and_back() {
    let workspace = Workspace::whole();
    for version in VERSIONS {
        let other = workspace.path().join("other.json");
        fs::write(&other, published(version)).expect("the folder is ours");
        there_and_back(&workspace, &other, &["--kubernetes", version, "--keep-enums"], Workspace::check_all_targets);
    }
}

/// The script takes the published description of a pre-release without an API server, and the known
/// values that it lacks are not told as changes.
#[test]
#[ignore = "downloads a release of Kubernetes"]
fn the_script_takes_a_published_description() {
    let update = |more: &[&str]| {
        let mut command = Command::new(root().join("scripts/update"));
        command.args(["v1.38.0-beta.0", "--published", "--dry-run"]).args(more);
        let output = command.output().expect("the script starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let kept = update(&[]);
    assert!(kept.starts_with("# What changed from Kubernetes ") && kept.contains(" to v1.38.0-beta.0\n"), "{kept}");
    assert!(kept.contains(" strings keep their known values from v1."), "{kept}");
    assert!(!kept.contains("of known values` →"), "{kept}");
    let without = update(&["--without-enums"]);
    assert!(
        without.contains(" strings with known values are left out, because the description of v1.38.0-beta.0"),
        "{without}"
    );
    assert!(!without.contains("of known values` →"), "{without}");
}

/// The same with what a running API server of another version serves, which has what the published file lacks.
#[test]
#[ignore = "needs $KUBERNETES_DESCRIPTION, a file that `scripts/test-cluster swagger FILE VERSION` wrote"]
fn to_a_live_description_and_back() {
    let other = std::env::var_os("KUBERNETES_DESCRIPTION").expect("KUBERNETES_DESCRIPTION names a description");
    there_and_back(&Workspace::new("live"), Path::new(&other), &[], Workspace::check);
}

/// The commands of docs/regenerating.md with a file and with a folder, by the script itself, on this very tree.
#[test]
#[ignore = "downloads a release of Kubernetes"]
fn the_script_takes_a_file_and_a_folder() {
    let published = go::module("k8s.io/kubernetes", "v1.36.3").join("api/openapi-spec");
    for path in [published.join("swagger.json"), published.join("v3")] {
        let update = |more: &[&str]| {
            let mut command = Command::new(root().join("scripts/update"));
            let output = command.arg(&path).arg("--dry-run").args(more).output().expect("the script starts");
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            (output.status.success(), text(&output.stdout), text(&output.stderr))
        };
        let (is_done, printed, error) = update(&["--kubernetes", "v1.36.3"]);
        assert!(is_done, "{error}");
        assert!(
            printed.starts_with("# What changed from Kubernetes ") && printed.contains(" to v1.36.3\n"),
            "{printed}"
        );
        assert!(printed.contains("(0 written, 0 deleted)"), "{printed}");
        let (is_done, _, error) = update(&[]);
        assert!(!is_done && error.contains("it does not state its version; add: --kubernetes"), "{error}");
    }
}

fn there_and_back(workspace: &Workspace, other: &Path, more: &[&str], check: fn(&Workspace)) {
    let root = workspace.path();
    let before = snapshot(root);
    let original = root.join("original.json");
    fs::copy(root.join("scripts/swagger.json"), &original).expect("the description is pinned");
    let lock = Lock::read(&root.join("scripts/swagger.lock.toml")).expect("the description is pinned");

    let text = workspace.codegen(&[&["pin", &*other.to_string_lossy()], more].concat()).expect("it is right");
    assert!(text.starts_with(&format!("# What changed from Kubernetes {} to v1.", lock.kubernetes)), "{text}");
    assert!(snapshot(root) != before);
    workspace.codegen(&["--check"]).expect("everything was regenerated");
    check(workspace);

    workspace.codegen(&["pin", &original.to_string_lossy(), "--source", &lock.source]).expect("it is right");
    assert!(snapshot(root) == before, "the way back leaves every byte");
}

fn snapshot(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut open = vec![folder.join("kubernetes"), folder.join("scripts")];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(&next).expect("the folder is there") {
            let path = entry.expect("the folder can be read").path();
            if path.is_dir() {
                open.push(path);
            } else {
                files.insert(path.to_string_lossy().into_owned(), fs::read(&path).expect("a readable file"));
            }
        }
    }
    files
}
