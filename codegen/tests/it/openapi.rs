//! OpenAPI 3.0, as a folder of documents, gives what Swagger 2.0 of the same server gives.
//!
//! The fixture is what the API server of the test cluster serves for two groups and its version, with the custom resources
//! of `fixtures/crds/lamps.yaml`, in both forms, its descriptions cut short.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use expect_test::expect_file;
use kubernetes_codegen::{CustomResources, Description, DescriptionFiles, Generation, generate, generate_custom};
use serde_json::Value;

use super::differences::differences;
use super::support::{empty_workspace, snapshot};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/openapi").join(name)
}

fn generate_from(path: &Path) -> Result<Generation, kubernetes_codegen::Error> {
    let files = DescriptionFiles::read(path)?;
    generate(&Description { source: "scripts/swagger.json", kubernetes: "v1.37.2", content: files.content() })
}

#[test]
fn the_tree_is_that_of_swagger_but_for_keywords_of_openapi() {
    let swagger = generate_from(&fixture("v2.json")).unwrap_or_else(|error| panic!("{error}"));
    let openapi = generate_from(&fixture("v3")).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(openapi.summary, swagger.summary);
    let text = differences(&swagger.tree, &openapi.tree);
    expect_file!["../fixtures/openapi/differences.txt"].assert_eq(&text);
}

/// Every schema of every document is read as it stands there.
#[test]
fn no_key_is_dropped() {
    for entry in fs::read_dir(fixture("v3")).expect("the fixture is there") {
        let bytes = fs::read(entry.expect("a readable folder").path()).expect("a readable file");
        let openapi = kubernetes_swagger::parse(&bytes).unwrap_or_else(|error| panic!("{error}"));
        let written = serde_json::to_value(openapi).expect("OpenAPI is JSON");
        let source: Value = serde_json::from_slice(&bytes).expect("it was read");
        let schemas = |mut document: Value| {
            floats(&mut document);
            document["components"]["schemas"].take()
        };
        assert!(schemas(written) == schemas(source), "a schema that was read is not the one that was written");
    }
}

/// 1 and 1.0 are the same bound.
fn floats(value: &mut Value) {
    match value {
        Value::Number(number) => *value = number.as_f64().into(),
        Value::Array(items) => items.iter_mut().for_each(floats),
        Value::Object(members) => members.values_mut().for_each(floats),
        _ => {}
    }
}

/// A crate from a cluster's documents is the one that the definitions give, but for the text of three properties.
#[test]
fn a_crate_from_documents_is_that_of_the_definitions() {
    let generate = |paths: &[PathBuf], groups: &[String]| {
        let read = |path: &PathBuf| (path.display().to_string(), fs::read(path).expect("the fixture is there"));
        let files: Vec<_> = paths.iter().map(read).collect();
        let (name, sdk, strict, reuse) = ("lamps", None, true, false);
        generate_custom(&CustomResources { files: &files, groups, name, sdk, strict, reuse })
            .unwrap_or_else(|error| panic!("{error}"))
    };
    let documents = fs::read_dir(fixture("v3")).expect("the fixture is there");
    let documents: Vec<PathBuf> = documents.map(|entry| entry.expect("a readable folder").path()).collect();
    let from_documents = generate(&documents, &["lighting.example.com".to_owned()]);
    let from_definitions = generate(&[fixture("../crds/lamps.yaml")], &[]);
    assert_eq!(from_documents.kinds, from_definitions.kinds);
    let text = differences(&from_definitions.tree, &from_documents.tree);
    expect_file!["../fixtures/openapi/differences_of_crate.txt"].assert_eq(&text);
}

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_kubernetes-codegen")).args(arguments).output().expect("the program starts")
}

/// A folder is pinned as one document, which holds all that it says.
#[test]
fn a_folder_can_be_pinned() {
    let workspace = empty_workspace();
    let (root, folder) = (workspace.path().to_string_lossy(), fixture("v3"));
    let folder = folder.to_string_lossy();
    let output = run(&["pin", &folder, "--root", &root]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lock = fs::read_to_string(workspace.path().join("scripts/swagger.lock.toml")).expect("it was pinned");
    assert!(lock.contains("kubernetes = \"v1.37.2\"\n"), "{lock}");
    let output = run(&["--check", "--root", &root]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let spec = "kubernetes/models/src/generated/lighting_example_com/v1/lamp.rs";
    let spec = fs::read_to_string(workspace.path().join(spec)).expect("it was generated");
    assert!(spec.contains("The server's default is"), "defaults are kept: {spec}");
    // What is pinned, and the folder itself, say the same.
    let output = run(&["diff", &folder, &workspace.path().join("scripts/swagger.json").to_string_lossy()]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.ends_with("\n\nNothing.\n"), "{text}{}", String::from_utf8_lossy(&output.stderr));
    let before = snapshot(workspace.path());
    assert!(run(&["pin", &folder, "--root", &root]).status.success());
    assert!(snapshot(workspace.path()) == before);
}

/// The version that is given counts, where no document has `/version/` to say it.
#[test]
fn a_folder_without_a_version_is_pinned_with_one() {
    let (workspace, folder) = (empty_workspace(), copy_of_documents());
    fs::remove_file(folder.path().join("version_openapi.json")).expect("the fixture has it");
    let (root, path) = (workspace.path().to_string_lossy(), folder.path().to_string_lossy());
    let output = run(&["pin", &path, "--root", &root]);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && error.contains("none of its documents has the path /version/"), "{error}");
    let output = run(&["pin", &path, "--root", &root, "--kubernetes", "v1.37.2"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// An aggregated server has its own form of a built-in type: the main server's is taken, and the program says so.
#[test]
fn another_server_gives_way_with_a_note() {
    let (workspace, folder) = (empty_workspace(), copy_of_documents());
    let (root, path) = (workspace.path().to_string_lossy(), folder.path().to_string_lossy());
    let class = "io.k8s.api.scheduling.v1.PriorityClass";
    let other = serde_json::json!({
        "openapi": "3.0.0", "info": {"title": "OpenShift", "version": "v1"}, "paths": {},
        "components": {"schemas": { class: {"type": "object", "description": "older"} }},
    });
    let document = folder.path().join("apis__apps.openshift.io__v1_openapi.json");
    fs::write(document, other.to_string()).expect("the folder is ours");
    let output = run(&["pin", &path, "--root", &root]);
    let notes = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && notes.contains("note: /components/schemas/"), "{notes}");
    assert!(notes.contains(&format!("{class}: ")) && notes.contains("differently from "), "{notes}");
    let text = fs::read_to_string(workspace.path().join("scripts/swagger.json")).expect("it was pinned");
    assert!(text.contains(class) && !text.contains("older"));
}

/// A folder that a write left half old is noticed: its index lists other documents.
#[test]
fn the_documents_are_those_of_the_index() {
    let folder = copy_of_documents();
    let index = folder.path().join("index.json");
    let keys = fs::read_dir(folder.path()).expect("the folder is ours").map(|entry| {
        let name = entry.expect("a readable folder").file_name().to_string_lossy().into_owned();
        name.trim_end_matches("_openapi.json").replace("__", "/")
    });
    let mut paths: serde_json::Map<String, Value> = keys.map(|key| (key, Value::Null)).collect();
    let mut error = |change: &dyn Fn(&mut serde_json::Map<String, Value>)| {
        change(&mut paths);
        fs::write(&index, serde_json::json!({ "paths": paths }).to_string()).expect("the folder is ours");
        DescriptionFiles::read(folder.path()).err().map(|error| error.to_string()).unwrap_or_default()
    };
    assert_eq!(error(&|_| {}), "");
    let missing = error(&|paths| _ = paths.insert("apis/gone/v1".to_owned(), Value::Null));
    assert!(missing.contains("index.json lists apis__gone__v1_openapi.json, which does not exist"), "{missing}");
    let left = error(&|paths| *paths = std::iter::once(("version".to_owned(), Value::Null)).collect());
    assert!(left.contains("_openapi.json exists, but index.json does not list it"), "{left}");
    fs::write(&index, "{").expect("the folder is ours");
    let error = DescriptionFiles::read(folder.path()).expect_err("no JSON").to_string();
    assert!(error.contains("index.json"), "{error}");
}

fn copy_of_documents() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("there is room for a temporary folder");
    for entry in fs::read_dir(fixture("v3")).expect("the fixture is there") {
        let path = entry.expect("a readable folder").path();
        fs::copy(&path, folder.path().join(path.file_name().expect("a file"))).expect("the folder is ours");
    }
    folder
}

/// A folder can be what is generated from, too: its lock has the hash of its documents.
#[test]
fn a_folder_is_verified() {
    let workspace = empty_workspace();
    let root = workspace.path().to_string_lossy();
    fs::create_dir(workspace.path().join("scripts")).expect("the folder is ours");
    let lock = workspace.path().join("scripts/swagger.lock.toml");
    let write = |hash: &str| {
        let text = format!("kubernetes = \"v1.37.2\"\nsource = \"a test\"\nsha256 = \"{hash}\"\n");
        fs::write(&lock, text).expect("the folder is ours");
    };
    let folder = fixture("v3");
    let facts = ["facts", "--root", &root, "--input", &folder.to_string_lossy()];
    write("none");
    let error = String::from_utf8_lossy(&run(&facts).stderr).into_owned();
    let hash = error.split("its sha256 is ").nth(1).and_then(|rest| rest.split(',').next()).unwrap_or_default();
    write(hash);
    let output = run(&facts);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.starts_with("# What the description of Kubernetes v1.37.2 holds"), "{text}{error}");
}

/// A problem is shown in the document that has it.
#[test]
fn problems_name_the_document() {
    let folder = tempfile::tempdir().expect("there is room for a temporary folder");
    for entry in fs::read_dir(fixture("v3")).expect("the fixture is there") {
        let path = entry.expect("a readable folder").path();
        let text = fs::read_to_string(&path).expect("a readable file");
        let text = text.replace("\"bulbs\": {\n", "\"bulbs\": {\n\"discriminator\": 1,\n");
        fs::write(folder.path().join(path.file_name().expect("a file")), text).expect("the folder is ours");
    }
    let error = generate_from(folder.path()).map(|generation| generation.summary).expect_err("a document is wrong");
    let files: Vec<_> = error.problems().filter_map(|problem| problem.file()).collect();
    assert!(files.iter().any(|file| file.ends_with("apis__lighting.example.com__v1_openapi.json")), "{files:?}");
    let problem = error.problems().next().expect("there are problems");
    assert!(problem.pointer().starts_with("/components/schemas/com.example.lighting."), "{}", problem.pointer());
    assert!(problem.excerpt().contains("\"discriminator\": 1,"), "{}", problem.excerpt());

    fs::remove_dir_all(folder.path()).expect("the folder is ours");
    fs::create_dir(folder.path()).expect("the folder is ours");
    let error = generate_from(folder.path()).expect_err("there is nothing").to_string();
    assert!(error.ends_with("the folder has no OpenAPI 3.0 document (*_openapi.json)"), "{error}");
}

/// A problem that only lowering finds is shown in its document as well.
#[test]
fn problems_of_types_name_the_document() {
    let folder = tempfile::tempdir().expect("there is room for a temporary folder");
    let text = r##"{
 "openapi": "3.0.0", "info": {"title": "Kubernetes", "version": "v1.37.2"}, "paths": {},
 "components": {"schemas": {
  "io.k8s.api.core.v1.Odd": {"type": "string"}
 }}
}"##;
    fs::write(folder.path().join("api__v1_openapi.json"), text).expect("the folder is ours");
    let error = generate_from(folder.path()).expect_err("a string is not a type");
    let problem = error.problems().next().expect("there is one");
    assert_eq!(problem.pointer(), "/components/schemas/io.k8s.api.core.v1.Odd");
    assert!(problem.file().is_some_and(|file| file.ends_with("api__v1_openapi.json")), "{:?}", problem.file());
    assert!(problem.excerpt().starts_with("  line 4, column 29\n"), "{}", problem.excerpt());
}
