//! The program as users run it.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use super::support::{empty_workspace, fixtures};

fn run(root: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kubernetes-codegen"));
    command.arg("--root").arg(root).args(arguments).output().expect("the program starts")
}

/// A workspace with a description and its lock.
fn workspace() -> tempfile::TempDir {
    let folder = empty_workspace();
    let (_, swagger) = fixtures().into_iter().find(|(name, _)| name == "resource").expect("the fixture is there");
    fs::create_dir(folder.path().join("scripts")).expect("the folder is ours");
    pin(folder.path(), &swagger.to_string());
    folder
}

/// Writes a description and its lock; the hash is what the program says it is.
fn pin(root: &Path, swagger: &str) {
    let (input, lock) = (root.join("scripts/swagger.json"), root.join("scripts/swagger.lock.toml"));
    fs::write(&input, swagger).expect("the folder is ours");
    let text = |hash: &str| format!("kubernetes = \"v1.0.0\"\nsource = \"a test\"\nsha256 = \"{hash}\"\n");
    fs::write(&lock, text("none")).expect("the folder is ours");
    let error = stderr(&run(root, &[]));
    let hash = error.split("its sha256 is ").nth(1).and_then(|rest| rest.split(',').next()).unwrap_or_default();
    assert_eq!(hash.len(), 64, "{error}");
    fs::write(&lock, text(hash)).expect("the folder is ours");
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn generates_and_checks() {
    let workspace = workspace();
    let output = run(workspace.path(), &["--check"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stderr(&output).contains("missing: kubernetes/models/src/generated/apps/v1/lamp.rs"),
        "{}",
        stderr(&output)
    );
    assert!(stderr(&output).contains("run: cargo run --release -p kubernetes-codegen"), "{}", stderr(&output));
    assert!(!workspace.path().join("kubernetes/models/src").exists(), "a check writes nothing");

    let output = run(workspace.path(), &[]);
    assert!(output.status.success(), "{}", stderr(&output));
    let summary = stdout(&output);
    assert_eq!(summary.lines().count(), 1, "{summary}");
    assert!(
        summary.starts_with("8 definitions, 9 operations, 2 groups → ") && summary.contains(", 0 deleted) in "),
        "{summary}"
    );

    let output = run(workspace.path(), &[]);
    assert!(stdout(&output).contains("(0 written, 0 deleted)"), "{}", stdout(&output));
    let output = run(workspace.path(), &["--check"]);
    assert!(output.status.success() && stdout(&output).contains("(all up to date)"), "{}", stderr(&output));

    let lamp = workspace.path().join("kubernetes/models/src/generated/apps/v1/lamp.rs");
    let text = fs::read_to_string(&lamp).expect("it was written");
    fs::write(&lamp, text + "// more\n").expect("the folder is ours");
    let output = run(workspace.path(), &["--check"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stderr(&output).starts_with("differs: kubernetes/models/src/generated/apps/v1/lamp.rs\n"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn bad_input_is_one_error_and_changes_nothing() {
    let workspace = workspace();
    assert!(run(workspace.path(), &[]).status.success());
    let lamp = workspace.path().join("kubernetes/models/src/generated/apps/v1/lamp.rs");
    let before = fs::read_to_string(&lamp).expect("it was written");
    let good = fs::read_to_string(workspace.path().join("scripts/swagger.json")).expect("it was written");

    let check = |file: &str, message: &str| {
        let output = run(workspace.path(), &[]);
        let error = stderr(&output);
        assert_eq!(output.status.code(), Some(1), "{error}");
        assert!(error.starts_with("error: ") && error.contains(file) && error.contains(message), "{error}");
        assert_eq!(stdout(&output), "");
        assert_eq!(fs::read_to_string(&lamp).expect("it is still there"), before);
    };
    pin(workspace.path(), &good[..good.len() / 2]);
    check("scripts/swagger.json: ", "truncated");
    pin(workspace.path(), &good.replace("v1.LampSpec\"}", "v1.Gone\"}").replace("v1.LampSpec\",\"d", "v1.Gone\",\"d"));
    check("scripts/swagger.json: ", "io.k8s.api.apps.v1.Gone");
    pin(workspace.path(), &good.replace("\"number\"", "\"numeral\""));
    check("scripts/swagger.json: /definitions/io.k8s.api.apps.v1.LampSpec/properties/warmth", "numeral");
    fs::write(workspace.path().join("scripts/swagger.json"), &good).expect("the folder is ours");
    check("scripts/swagger.json: its sha256 is ", "scripts/swagger.lock.toml pins ");
    fs::write(workspace.path().join("scripts/swagger.lock.toml"), "kubernetes = 1").expect("the folder is ours");
    check("scripts/swagger.lock.toml: ", "it needs the keys");
    fs::remove_file(workspace.path().join("scripts/swagger.lock.toml")).expect("it was written");
    check("scripts/swagger.lock.toml: ", "can't read it");
}

#[test]
fn timings_name_every_step() {
    let workspace = workspace();
    let output = run(workspace.path(), &["--timings"]);
    let text = stdout(&output);
    let steps: Vec<&str> = text.lines().filter_map(|line| line.split_whitespace().next()).collect();
    let expected = "read parse fixups lower passes render format compare write total";
    assert!(steps.join(" ").starts_with(expected), "{text}");
    assert!(text.lines().last().is_some_and(|line| line.starts_with("8 definitions")), "{text}");
}

#[test]
fn facts_are_printed() {
    let workspace = workspace();
    let root = workspace.path().to_string_lossy().into_owned();
    let mut command = Command::new(env!("CARGO_BIN_EXE_kubernetes-codegen"));
    let output = command.args(["facts", "--root", &root]).output().expect("the program starts");
    let text = stdout(&output);
    assert!(text.starts_with("# What the description of Kubernetes v1.0.0 holds\n"), "{text}{}", stderr(&output));
    assert!(text.contains("- definitions: 8 in 2 groups and versions\n"), "{text}");
}
