use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use kubernetes_codegen::{Content, Description, Error, Generation, generate};
use serde_json::{Map, Value, json};

/// The root of the workspace.
pub(crate) fn root() -> PathBuf {
    let codegen = Path::new(env!("CARGO_MANIFEST_DIR"));
    codegen.parent().expect("the crate is in the workspace").to_path_buf()
}

/// The fixtures, sorted by name, each with its description.
pub(crate) fn fixtures() -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let base = read_json(&folder.join("apimachinery.json"));
    let entries = fs::read_dir(&folder).expect("the folder of fixtures is there");
    let paths = entries.map(|entry| entry.expect("the folder can be read").path());
    let mut fixtures: Vec<(String, Value)> = paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .map(|path| (path.file_stem().expect("a file has a name").to_string_lossy().into_owned(), path))
        .filter(|(name, _)| name != "apimachinery")
        .map(|(name, path)| (name, whole(read_json(&path), &base)))
        .collect();
    fixtures.sort_by(|(first, _), (second, _)| first.cmp(second));
    fixtures
}

/// Makes a description of its definitions and paths: with a title, and with the definitions that every API has.
pub(crate) fn whole(part: Value, base: &Value) -> Value {
    let mut whole = json!({"swagger": "2.0", "info": {"title": "Kubernetes", "version": "v1.0.0"}, "paths": {}});
    let mut definitions: Map<String, Value> = base.as_object().cloned().unwrap_or_default();
    definitions.extend(part["definitions"].as_object().cloned().unwrap_or_default());
    let members = whole.as_object_mut().expect("it was made as an object");
    members.extend(part.as_object().cloned().unwrap_or_default());
    members.insert("definitions".to_owned(), Value::Object(definitions));
    whole
}

pub(crate) fn generate_from(swagger: &Value) -> Result<Generation, Error> {
    let bytes = serde_json::to_vec(swagger).expect("a JSON value can be written");
    generate(&Description { source: "swagger.json", kubernetes: "v1.0.0", content: Content::Document(&bytes) })
}

pub(crate) fn read_json(path: &Path) -> Value {
    let text = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The pinned description and its version.
pub(crate) fn pinned() -> (Vec<u8>, String) {
    let lock = root().join("scripts/swagger.lock.toml");
    let pinned = kubernetes_codegen::Lock::read(&lock).expect("the lock file is there");
    let path = root().join("scripts/swagger.json");
    let bytes = fs::read(&path).expect("the description is there");
    pinned.verify(&Content::Document(&bytes), &path, &lock).expect("the description is pinned");
    (bytes, pinned.kubernetes)
}

/// The generation of the pinned description.
pub(crate) fn generate_pinned(bytes: &[u8], kubernetes: &str) -> Generation {
    let description = Description { source: "scripts/swagger.json", kubernetes, content: Content::Document(bytes) };
    generate(&description).unwrap_or_else(|error| panic!("{error}"))
}

/// A workspace with the manifests that the generator writes into, and nothing else.
pub(crate) fn empty_workspace() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("there is room for a temporary folder");
    for name in ["apimachinery", "core", "models", "api", "sdk"] {
        let krate = folder.path().join("kubernetes").join(name);
        fs::create_dir_all(&krate).expect("the folder is ours");
        let manifest = "[features]\n# @generated features begin\n# @generated features end\nmine = []\n";
        fs::write(krate.join("Cargo.toml"), manifest).expect("the folder is ours");
    }
    folder
}

/// Every file under a folder, by its path from there.
pub(crate) fn snapshot(folder: &Path) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(&next).expect("the folder is there") {
            let path = entry.expect("the folder can be read").path();
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path.strip_prefix(folder).expect("it is in the folder").to_string_lossy().into_owned();
                files.insert(name, fs::read_to_string(&path).expect("the file is text"));
            }
        }
    }
    files
}
