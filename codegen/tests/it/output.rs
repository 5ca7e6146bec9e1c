use std::fs;
use std::path::Path;

use serde_json::json;

use super::support::{empty_workspace, fixtures, generate_from, snapshot};
use kubernetes_codegen::{Changes, Generation, OutputFolder, Result};

fn lamp() -> Generation {
    let fixtures = fixtures();
    let (_, swagger) = fixtures.iter().find(|(name, _)| name == "resource").expect("the fixture is there");
    generate_from(swagger).expect("the fixture is right")
}

fn apply(changes: &Changes, root: &Path) -> Result<(usize, usize)> {
    changes.apply(&OutputFolder::open(root)?)
}

#[test]
fn the_second_run_writes_nothing() {
    let workspace = empty_workspace();
    let tree = lamp().tree;
    let changes = tree.compare(workspace.path()).expect("the workspace is right");
    let expected = tree.files().count() + tree.manifests().count();
    assert_eq!(apply(&changes, workspace.path()).expect("the files can be written"), (expected, 0));
    let written = snapshot(workspace.path());
    let changes = tree.compare(workspace.path()).expect("the workspace is right");
    assert!(changes.is_empty(), "{changes:?}");
    assert_eq!(apply(&changes, workspace.path()).expect("nothing is to be written"), (0, 0));
    assert_eq!(snapshot(workspace.path()), written);
}

#[test]
fn hand_written_lines_of_a_manifest_stay() {
    let workspace = empty_workspace();
    apply(&lamp().tree.compare(workspace.path()).expect("right"), workspace.path()).expect("written");
    let manifest = fs::read_to_string(workspace.path().join("kubernetes/models/Cargo.toml")).expect("it is there");
    assert!(
        manifest.starts_with("[features]\n# @generated features begin\ndefault = [\"apps-v1\", \"serde\"]\n"),
        "{manifest}"
    );
    assert!(manifest.ends_with("# @generated features end\nmine = []\n"), "{manifest}");
}

#[test]
fn changed_and_stale_files_are_found_and_mended() {
    let workspace = empty_workspace();
    let tree = lamp().tree;
    apply(&tree.compare(workspace.path()).expect("right"), workspace.path()).expect("written");
    let written = snapshot(workspace.path());
    let generated = workspace.path().join("kubernetes/models/src/generated");
    let changed = generated.join("apps/v1/lamp.rs");
    let text = fs::read_to_string(&changed).expect("it was written");
    fs::write(&changed, text.replace("sockets", "plugs")).expect("the folder is ours");
    fs::create_dir_all(generated.join("old/v1")).expect("the folder is ours");
    fs::write(generated.join("old/v1/mod.rs"), &text).expect("the folder is ours");
    fs::remove_file(generated.join("apps/mod.rs")).expect("it was written");

    let changes = tree.compare(workspace.path()).expect("all files have the header");
    let found: Vec<_> = changes.files().collect();
    let folder = "kubernetes/models/src/generated";
    assert_eq!(
        found,
        [
            ("missing", format!("{folder}/apps/mod.rs").as_str()),
            ("differs", format!("{folder}/apps/v1/lamp.rs").as_str()),
            ("stale", format!("{folder}/old/v1/mod.rs").as_str()),
        ]
    );
    assert_eq!(apply(&changes, workspace.path()).expect("the files can be written"), (2, 1));
    assert_eq!(snapshot(workspace.path()), written);
    assert!(!generated.join("old").exists(), "empty folders go as well");
}

#[test]
fn a_file_without_the_header_is_never_touched() {
    for name in ["apps/v1/lamp.rs", "apps/v1/mine.rs"] {
        let workspace = empty_workspace();
        let path = workspace.path().join("kubernetes/models/src/generated").join(name);
        fs::create_dir_all(path.parent().expect("it has a parent")).expect("the folder is ours");
        fs::write(&path, "// mine\n").expect("the folder is ours");
        let before = snapshot(workspace.path());
        let changes = lamp().tree.compare(workspace.path()).expect("it can be read");
        assert!(changes.files().any(|(state, path)| state == "not generated" && path.ends_with(name)));
        let error = apply(&changes, workspace.path()).expect_err("the file has no header").to_string();
        assert!(error.contains(name) && error.contains("without the @generated header"), "{error}");
        assert_eq!(snapshot(workspace.path()), before);
    }
}

#[test]
fn a_broken_generated_file_is_mended() {
    let workspace = empty_workspace();
    let tree = lamp().tree;
    apply(&tree.compare(workspace.path()).expect("right"), workspace.path()).expect("written");
    let path = workspace.path().join("kubernetes/models/src/generated/apps/v1/lamp.rs");
    let whole = fs::read_to_string(&path).expect("it was written");
    for broken in [String::new(), format!("<<<<<<< HEAD\n{whole}"), whole[..whole.len() / 2].to_owned()] {
        fs::write(&path, broken).expect("the folder is ours");
        let changes = tree.compare(workspace.path()).expect("it can be read");
        assert_eq!(apply(&changes, workspace.path()).expect("the file is generated"), (1, 0));
        assert_eq!(fs::read_to_string(&path).expect("it was written"), whole);
    }
}

#[test]
fn a_definition_that_vanishes_takes_its_files_along() {
    let workspace = empty_workspace();
    apply(&lamp().tree.compare(workspace.path()).expect("right"), workspace.path()).expect("written");
    let empty = generate_from(&json!({
        "swagger": "2.0", "info": {"title": "Kubernetes", "version": "v1.0.0"}, "paths": {},
        "definitions": {"io.k8s.api.core.v1.Thing": {"type": "object"}},
    }));
    let tree = empty.expect("the description is right").tree;
    apply(&tree.compare(workspace.path()).expect("right"), workspace.path()).expect("written");
    let generated = workspace.path().join("kubernetes/models/src/generated");
    assert!(!generated.join("apps").exists());
    assert!(generated.join("core/v1/thing.rs").is_file());
}
