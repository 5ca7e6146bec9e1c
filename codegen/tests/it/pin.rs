//! Moving to another description and back.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::json;

use super::support::{empty_workspace, fixtures, snapshot};

fn pin(root: &Path, description: &str, more: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kubernetes-codegen"));
    command.arg("pin").arg(description).arg("--root").arg(root).args(more).output().expect("the program starts")
}

/// Writes a fixture, and one that differs from it, as files outside of the workspace.
fn descriptions() -> (tempfile::TempDir, String, String) {
    let folder = tempfile::tempdir().expect("there is room for a temporary folder");
    let (_, old) = fixtures().into_iter().find(|(name, _)| name == "resource").expect("the fixture is there");
    let mut new = old.clone();
    new["info"]["version"] = json!("unversioned");
    let lamp = &mut new["definitions"]["io.k8s.api.apps.v1.LampSpec"]["properties"];
    lamp["dimmed"] = json!({"type": "boolean"});
    let write = |name: &str, text: String| {
        let path = folder.path().join(name);
        fs::write(&path, text).expect("the folder is ours");
        path.to_string_lossy().into_owned()
    };
    let (old, new) = (write("old.json", old.to_string()), write("new.json", format!("{new:#}")));
    (folder, old, new)
}

#[test]
fn there_and_back_leaves_every_byte() {
    let workspace = empty_workspace();
    let (_folder, old, new) = descriptions();
    let root = workspace.path();
    let first = pin(root, &old, &["--source", "a test"]);
    assert!(first.status.success(), "{}", String::from_utf8_lossy(&first.stderr));
    let before = snapshot(root);
    assert!(before.contains_key("scripts/swagger.lock.toml") && before.contains_key("scripts/swagger.json"));

    let output = pin(root, &new, &["--kubernetes", "v1.1.0", "--dry-run"]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.starts_with("# What changed from Kubernetes v1.0.0 to v1.1.0\n"), "{text}");
    assert!(text.contains("- added `LampSpec.dimmed`: `boolean`\n"), "{text}");
    assert!(snapshot(root) == before, "a dry run changes nothing");

    let output = pin(root, &new, &["--kubernetes", "v1.1.0"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let spec = fs::read_to_string(root.join("kubernetes/models/src/generated/apps/v1/lamp_spec.rs"));
    assert!(spec.expect("it was generated").contains("pub dimmed: Option<bool>"));
    let mut check = Command::new(env!("CARGO_BIN_EXE_kubernetes-codegen"));
    let check = check.arg("--check").arg("--root").arg(root).output().expect("the program starts");
    assert!(check.status.success(), "{}", String::from_utf8_lossy(&check.stderr));

    let output = pin(root, &old, &["--source", "a test"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(snapshot(root) == before, "the way back leaves every byte");
}

#[test]
fn a_failed_generation_changes_nothing() {
    let workspace = empty_workspace();
    let (folder, old, new) = descriptions();
    let root = workspace.path();
    assert!(pin(root, &old, &[]).status.success());
    let before = snapshot(root);
    let check = |output: Output, message: &str| {
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{error}");
        assert!(error.starts_with("error: ") && error.contains(message), "{error}");
        assert!(snapshot(root) == before, "{error}");
    };
    check(pin(root, &new, &[]), "new.json: it does not state its version; add: --kubernetes");
    check(pin(root, &old, &["--kubernetes", "v9.9.9"]), "old.json: /info/version: ");
    let bad = folder.path().join("bad.json");
    let text = fs::read_to_string(&old).expect("it was written");
    fs::write(&bad, text.replace("\"number\"", "\"numeral\"")).expect("the folder is ours");
    check(pin(root, &bad.to_string_lossy(), &[]), "bad.json: /definitions/io.k8s.api.apps.v1.LampSpec");
    check(pin(root, "gone.json", &[]), "gone.json: can't read it");
    // A folder stands where a file is to be written.
    let blocked = root.join("kubernetes/models/src/generated/apps/v1/lamp_spec.rs");
    fs::remove_file(&blocked).expect("it was generated");
    fs::create_dir(&blocked).expect("the folder is ours");
    let before = snapshot(root);
    let output = pin(root, &new, &["--kubernetes", "v1.1.0"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(snapshot(root) == before, "{}", String::from_utf8_lossy(&output.stderr));
}

/// Arguments that would be ignored are refused, before anything is built or asked for.
#[test]
fn the_script_refuses_arguments_that_it_would_ignore() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/update");
    let run = |arguments: &[&str]| {
        let output = Command::new(&script).args(arguments).output().expect("the script starts");
        (output.status.code(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
    };
    for (arguments, reason) in [
        (&[][..], "no description given"),
        (&["swagger.json", "--cluster"], "one description at a time: swagger.json or --cluster"),
        (&["--cluster", "swagger.json"], "one description at a time: swagger.json or --cluster"),
        (&["swagger.json", "--context", "other"], "--context goes with --cluster"),
        (&["v1.36.3", "--kubernetes", "v1.36.2"], "--kubernetes goes with a file or folder"),
        (&["--cluster", "--kubernetes", "v1.36.2"], "--kubernetes goes with a file or folder"),
        (&["one.json", "two.json"], "one description at a time: one.json or two.json"),
        (&["swagger.json", "--published"], "--published goes with a version (v1.36.3)"),
        (&["--cluster", "--published"], "--published goes with a version (v1.36.3)"),
        (&["v1.36.3", "--without-enums"], "--without-enums goes with --published"),
        (&["--context"], "--context needs a value"),
        (&["--nonsense"], "unknown option --nonsense"),
    ] {
        let (code, text) = run(arguments);
        assert_eq!(code, Some(2), "{arguments:?}: {text}");
        assert!(text.starts_with(&format!("update: {reason}\nPins another API description")), "{text}");
    }
    let (code, text) = run(&["--help"]);
    assert!(code == Some(0) && text.lines().all(|line| line.len() <= 80), "{text}");
    // A path may have the name of an option.
    let (code, text) = run(&["cluster"]);
    assert!(code == Some(1) && text.contains("cluster is not a file, a folder or a version"), "{text}");
}
