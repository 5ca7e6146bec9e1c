//! Objects of custom resources keep everything when they are read and written.

use std::fs;
use std::path::Path;
use std::process::Command;

use kubernetes_codegen::{CustomResources, generate_custom};
use serde_json::Value;

use super::round_trip;
use super::support::{read_json, root};

/// The crate compiles without a warning, its documentation too, and every object is written as it was read.
#[test]
fn objects_are_written_as_they_were_read() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/custom");
    let bytes = fs::read(fixtures.join("definitions.yaml")).expect("the fixture is there");
    let files = [("definitions.yaml".to_owned(), bytes)];
    let sdk = root().to_string_lossy().into_owned();
    let (name, sdk, strict, reuse) = ("custom", Some(sdk.as_str()), true, false);
    let resources = CustomResources { files: &files, groups: &[], name, sdk, strict, reuse };
    let generated = generate_custom(&resources).unwrap_or_else(|error| panic!("{error}"));

    let workspace = Path::new(env!("CARGO_TARGET_TMPDIR")).join("custom");
    let folder = workspace.join("custom");
    if folder.exists() {
        fs::remove_dir_all(&folder).expect("the folder is ours");
    }
    fs::create_dir_all(folder.join("src")).expect("the folder is ours");
    let folder_of_crate = kubernetes_codegen::OutputFolder::open(&folder).expect("the folder is ours");
    let changes = generated.tree.compare(folder_of_crate.path()).expect("the folder can be read");
    changes.apply(&folder_of_crate).expect("the folder is ours");
    fs::write(folder.join("src/main.rs"), round_trip::program("custom", &generated.tree)).expect("the folder is ours");
    fs::write(workspace.join("Cargo.toml"), "[workspace]\nresolver = \"3\"\nmembers = [\"custom\"]\n").expect("ours");
    fs::copy(root().join("Cargo.lock"), workspace.join("Cargo.lock")).expect("the workspace has a lock file");
    for arguments in [&["build", "--quiet"][..], &["doc", "--quiet", "--lib", "--no-deps"]] {
        let mut cargo = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()));
        cargo
            .args(arguments)
            .arg("--offline")
            .current_dir(&workspace)
            .env("CARGO_TARGET_DIR", workspace.join("target"));
        cargo.env("RUSTFLAGS", "-D warnings").env("RUSTDOCFLAGS", "-D warnings");
        let output = cargo.output().expect("cargo starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    let Value::Array(objects) = read_json(&fixtures.join("objects.json")) else { panic!("a list of objects") };
    let written = round_trip::run(&workspace.join("target/debug/custom"), &objects);
    assert_eq!(written.len(), objects.len());
    for (object, written) in objects.iter().zip(&written) {
        assert_eq!(round_trip::difference(object, written), None, "{object}");
    }
}
