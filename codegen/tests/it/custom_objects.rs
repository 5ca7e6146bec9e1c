//! Objects of custom resources keep everything when they are read and written.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use kubernetes_codegen::{CustomResources, FileTree, OutputFolder, generate_custom};
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

    let workspace = Workspace::new("custom");
    workspace.add_crate("custom", &generated.tree);
    workspace.write("custom/src/main.rs", &round_trip::program("custom", &generated.tree));
    workspace.cargo(&["build", "--quiet"]);
    workspace.cargo(&["doc", "--quiet", "--lib", "--no-deps"]);

    let Value::Array(objects) = read_json(&fixtures.join("objects.json")) else { panic!("a list of objects") };
    let written = round_trip::run(&workspace.program("custom"), &objects);
    assert_eq!(written.len(), objects.len());
    for (object, written) in objects.iter().zip(&written) {
        assert_eq!(difference(object, written), None, "{object}");
    }
}

/// A folder of packages that depend on the SDK, which is compiled once for all of them.
pub(super) struct Workspace(PathBuf);

impl Workspace {
    pub(super) fn new(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(&folder).expect("the folder is ours");
        fs::copy(root().join("Cargo.lock"), folder.join("Cargo.lock")).expect("the workspace has a lock file");
        let workspace = Self(folder);
        workspace.write("Cargo.toml", "[workspace]\nresolver = \"3\"\nmembers = [\"*\"]\nexclude = [\"target\"]\n");
        workspace
    }

    pub(super) fn write(&self, path: &str, text: &str) {
        let path = self.0.join(path);
        fs::create_dir_all(path.parent().expect("a file has a folder")).expect("the folder is ours");
        fs::write(path, text).expect("the folder is ours");
    }

    /// Writes a generated crate.
    pub(super) fn add_crate(&self, name: &str, tree: &FileTree) {
        let folder = self.0.join(name);
        if folder.exists() {
            fs::remove_dir_all(&folder).expect("the folder is ours");
        }
        fs::create_dir_all(folder.join("src")).expect("the folder is ours");
        let folder = OutputFolder::open(&folder).expect("the folder is ours");
        let changes = tree.compare(folder.path()).expect("the folder can be read");
        changes.apply(&folder).expect("the folder is ours");
    }

    /// Runs cargo, for which warnings are errors.
    pub(super) fn cargo(&self, arguments: &[&str]) {
        let mut cargo = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()));
        cargo.args(arguments).arg("--offline").current_dir(&self.0).env("CARGO_TARGET_DIR", Self::target());
        cargo.env("RUSTFLAGS", "-D warnings").env("RUSTDOCFLAGS", "-D warnings");
        let output = cargo.output().expect("cargo starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// A program that was built.
    pub(super) fn program(&self, name: &str) -> PathBuf {
        Self::target().join("debug").join(name)
    }

    fn target() -> PathBuf {
        Path::new(env!("CARGO_TARGET_TMPDIR")).join("custom/target")
    }
}

/// How what was written differs from what was read, if it does.
pub(super) fn difference(object: &Value, written: &str) -> Option<String> {
    let Ok(written) = serde_json::from_str::<Value>(written) else { return Some(written.to_owned()) };
    first_difference("", object, &written)
}

fn first_difference(place: &str, before: &Value, after: &Value) -> Option<String> {
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => {
            let keys = before.keys().chain(after.keys().filter(|key| !before.contains_key(*key)));
            let mut pairs = keys.map(|key| (key, before.get(key), after.get(key)));
            pairs.find_map(|(key, before, after)| {
                let place = format!("{place}/{key}");
                match (before, after) {
                    (Some(before), Some(after)) => first_difference(&place, before, after),
                    // In built-in types, and metadata is one, `null` and absent are the same.
                    (Some(Value::Null), None) if key == "creationTimestamp" => None,
                    (before, after) => Some(format!("{place}: {before:?} became {after:?}")),
                }
            })
        }
        (Value::Array(before), Value::Array(after)) if before.len() == after.len() => before
            .iter()
            .zip(after)
            .enumerate()
            .find_map(|(index, (before, after))| first_difference(&format!("{place}/{index}"), before, after)),
        // A quantity may be written as a number, and is a text.
        (Value::Number(before), Value::String(after)) if before.to_string() == *after => None,
        (Value::Number(before), Value::Number(after)) if before.as_f64() == after.as_f64() => None,
        _ if before == after => None,
        _ => Some(format!("{place}: {before} became {after}")),
    }
}
