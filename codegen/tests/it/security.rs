//! Input of others: it never becomes code, never reaches a terminal raw, and never takes long.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use kubernetes_codegen::{Content, Description, Error, Generation, generate};
use serde_json::{Map, Value, json};

use super::support::{empty_workspace, fixtures, generate_from, snapshot, whole};

fn codegen(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_kubernetes-codegen")).args(arguments).output().expect("the program starts")
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn resource() -> Value {
    fixtures().into_iter().find(|(name, _)| name == "resource").expect("the fixture is there").1
}

fn generate_text(text: &str, source: &str, kubernetes: &str) -> Result<Generation, Error> {
    generate(&Description { source, kubernetes, content: Content::Document(text.as_bytes()) })
}

/// Every generated file has the version and the name of its source in a comment on top.
#[test]
fn neither_a_version_nor_a_name_puts_code_into_generated_files() {
    let mut swagger = resource();
    swagger["info"]["version"] = json!("unversioned");
    let text = swagger.to_string();
    for end in ["\n", "\r", "\r\n", "\u{2028}", "\u{85}", "\u{b}"] {
        let attack = format!("{end}pub static INJECTED: () = ();//");
        let error = generate_text(&text, "swagger.json", &format!("v1.37.2{attack}"))
            .expect_err("it is not a version")
            .to_string();
        assert!(error.contains("is not a version of Kubernetes") && error.lines().count() == 1, "{error}");
        let tree = generate_text(&text, &format!("a{attack}"), "v1.37.2").expect("a file may have any name").tree;
        for (path, text) in tree.files() {
            let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
            assert!(!code.collect::<String>().contains("INJECTED"), "{path}: {text}");
            assert!(!text.lines().next().unwrap_or_default().contains(['\r', '\u{2028}', '\u{85}', '\u{b}']), "{path}");
        }
    }
}

/// As the program is run: the version comes from an option, from the lock file, or from the server's description.
#[test]
fn a_version_that_is_not_one_changes_nothing() {
    let workspace = empty_workspace();
    let root = workspace.path().to_string_lossy().into_owned();
    let inputs = tempfile::tempdir().expect("there is room for a temporary folder");
    let input = |swagger: &Value| {
        let path = inputs.path().join("swagger.json");
        fs::write(&path, swagger.to_string()).expect("the folder is ours");
        path.to_string_lossy().into_owned()
    };
    let attack = "v1.0.0\npub static INJECTED: () = ();//";
    let mut swagger = resource();
    assert!(codegen(&["pin", &input(&swagger), "--root", &root]).status.success());
    let before = snapshot(workspace.path());
    let refused = |output: Output, message: &str| {
        assert_eq!(output.status.code(), Some(1));
        assert!(stderr(&output).contains(message), "{}", stderr(&output));
        assert!(snapshot(workspace.path()) == before);
    };
    swagger["info"]["version"] = json!(attack);
    let path = input(&swagger);
    refused(codegen(&["pin", &path, "--root", &root]), "is not a release; add: --kubernetes v1.X.Y");
    refused(codegen(&["pin", &path, "--kubernetes", attack, "--root", &root]), "is not a version of Kubernetes");
    let lock = workspace.path().join("scripts/swagger.lock.toml");
    let text = fs::read_to_string(&lock).expect("it was written");
    fs::write(&lock, text.replace("\"v1.0.0\"", "\"v1.0.0\\npub static INJECTED: () = ();//\"")).expect("it is ours");
    let output = codegen(&["--root", &root]);
    assert!(stderr(&output).contains("scripts/swagger.lock.toml: `v1.0.0\\u000apub"), "{}", stderr(&output));
}

const RAW: &str = "\u{1b}]0;title\u{7}\u{9b}2J\u{202e}\r";

fn check_printed(output: &Output) {
    for bytes in [&output.stdout, &output.stderr] {
        let text = String::from_utf8(bytes.clone()).expect("the output is text");
        let found = text.chars().find(|character| RAW.contains(*character) && !character.is_ascii_graphic());
        assert_eq!(found.filter(|character| !character.is_alphanumeric()), None, "{text:?}");
    }
}

/// Names and descriptions with escape sequences for terminals.
#[test]
fn control_characters_are_escaped_wherever_they_are_printed() {
    let folder = tempfile::tempdir().expect("there is room for a temporary folder");
    let write = |name: &str, text: String| {
        let path = folder.path().join(name);
        fs::write(&path, text).expect("the folder is ours");
        path.to_string_lossy().into_owned()
    };
    let swagger = |version: &str, name: &str, type_name: &str| {
        let mut swagger = resource();
        swagger["info"]["version"] = json!(version);
        let lamp = &mut swagger["definitions"]["io.k8s.api.apps.v1.LampSpec"]["properties"];
        lamp[name] = json!({"type": type_name});
        swagger.to_string()
    };
    let old = write("old.json", swagger("v1.0.0", "a", "string"));
    let new = write("new.json", swagger(&format!("v{RAW}"), &format!("field\n# heading{RAW}"), "string"));
    for more in [&[][..], &["--json"]] {
        let output = codegen(&[&["diff", &old, &new], more].concat());
        check_printed(&output);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success() && text.contains("\\u001b]0;title\\u0007"), "{text}");
        assert!(!text.contains("\n# heading"), "{text}");
        assert!(more.is_empty() || serde_json::from_str::<Value>(&text).is_ok(), "{text}");
    }
    let bad = write("bad.json", swagger("v1.0.0", &format!("field{RAW}"), &format!("strange\n{RAW}")));
    let output = codegen(&["diff", &old, &bad]);
    check_printed(&output);
    assert!(stderr(&output).contains("strange\\u000a\\u001b]"), "{}", stderr(&output));
}

/// The compiler refuses characters that change the order of text, and a carriage return alone.
#[test]
fn text_of_any_kind_is_escaped_in_generated_code() {
    let text = "a\u{202e}b\u{2066}c\rd\u{1b}";
    let value = json!({"type": "string", "description": text, "enum": ["x", "\u{202e}y"]});
    let definition = json!({"type": "object", "description": text, "properties": {"mode": value}});
    let swagger = whole(json!({"definitions": {"io.k8s.api.apps.v1.Lamp": definition}}), &json!({}));
    let generation = generate_from(&swagger).expect("any text is allowed");
    let lamp = generation.tree.files().find(|(path, _)| path.ends_with("apps/v1/lamp.rs")).expect("it is made").1;
    assert!(lamp.contains("\"\\u{202e}y\""), "{lamp}");
    for (path, text) in generation.tree.files() {
        assert!(!text.contains(['\u{202e}', '\u{2066}', '\r', '\u{1b}']), "{path}: {text}");
    }
}

/// Texts and names with which a quadratic step would take minutes, and a cubic one hours.
#[test]
fn large_input_takes_linear_time() {
    let lamp = |definition: Value| whole(json!({"definitions": {"io.k8s.api.apps.v1.Lamp": definition}}), &json!({}));
    for (part, times) in [
        ("[", 200_000),
        ("&", 400_000),
        ("[a](", 100_000),
        ("http://.", 50_000),
        ("a.", 200_000),
        ("- ", 200_000),
        ("`", 400_000),
        ("* a\n", 100_000),
        ("<", 400_000),
    ] {
        let definition = json!({"type": "object", "description": part.repeat(times)});
        let generation = generate_from(&lamp(definition)).expect("any description is allowed");
        let (_, text) = generation.tree.files().find(|(path, _)| path.ends_with("lamp.rs")).expect("it is made");
        let mark = part.trim().chars().last().expect("it is not empty");
        assert!(text.matches(mark).count() >= times, "{part}: the description is complete");
    }
    let with_properties = |properties: Value| lamp(json!({"type": "object", "properties": properties}));
    let similar = || (0..2_000).map(|number| format!("a{}", "-".repeat(number + 1)));
    let values: Vec<String> = similar().collect();
    let generation = generate_from(&with_properties(json!({"mode": {"type": "string", "enum": values}})));
    let tree = generation.expect("values may be similar").tree;
    assert!(tree.files().any(|(_, text)| text.contains("    A2000,\n")));
    let fields: Map<String, Value> = similar().map(|name| (name, json!({"type": "string"}))).collect();
    let error = generate_from(&with_properties(Value::Object(fields))).expect_err("they have one name");
    assert!(error.to_string().contains("are both `a` in Rust"), "{error}");
    let strange: Map<String, Value> =
        (0..2_000).map(|number| (format!("a{number}"), json!({"type": "strange"}))).collect();
    let error = generate_from(&with_properties(Value::Object(strange))).expect_err("all types are unknown");
    assert_eq!(error.problems().count(), 2_000);
}

/// The manifest of a crate has the name and a path that its user gives.
#[test]
fn options_put_nothing_into_a_manifest() {
    let folder = tempfile::tempdir().expect("there is room for a temporary folder");
    let out = folder.path().join("lamps");
    let input = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/crds/lamps.yaml");
    let generate = |name: &str, sdk: &str| {
        codegen(&["crds", "--input", input, "--out", &out.to_string_lossy(), "--name", name, "--sdk", sdk])
    };
    for name in ["", "a\"", "a\n[features]", "../a", "1a", "é"] {
        let output = generate(name, "..");
        assert!(
            output.status.code() == Some(2) && stderr(&output).contains("a crate name must start with a letter"),
            "{name}"
        );
        assert!(!out.exists());
    }
    let sdk = folder.path().join("a\" }\n[patch.crates-io]\nx = { path = \"");
    fs::create_dir_all(sdk.join("kubernetes/core")).expect("the folder is ours");
    fs::write(sdk.join("kubernetes/core/Cargo.toml"), "").expect("the folder is ours");
    let output = generate("lamps", &sdk.to_string_lossy());
    assert!(output.status.success(), "{}", stderr(&output));
    let manifest = fs::read_to_string(out.join("Cargo.toml")).expect("it was written");
    let manifest: toml::Table = manifest.parse().expect("it is TOML");
    assert!(!manifest.contains_key("patch"), "{manifest}");
    let path = sdk.join("kubernetes/core").to_string_lossy().into_owned();
    assert_eq!(manifest["dependencies"]["kubernetes-core"]["path"].as_str(), Some(&*path));
}

#[cfg(unix)]
#[test]
fn pipes_devices_and_circular_folders_are_refused() {
    use std::os::unix::fs::symlink;
    let folder = tempfile::tempdir().expect("there is room for a temporary folder");
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    rustix::fs::mkfifoat(rustix::fs::CWD, path("pipe.yaml"), 0o600.into()).expect("the folder is ours");
    fs::create_dir_all(path("a/b")).expect("the folder is ours");
    symlink("..", path("a/b/loop")).expect("the folder is ours");
    let root = empty_workspace();
    let root = root.path().to_string_lossy().into_owned();
    let refused = |arguments: &[&str], message: &str| {
        let output = codegen(arguments);
        assert!(
            output.status.code() == Some(1) && stderr(&output).contains(message),
            "{arguments:?}: {}",
            stderr(&output)
        );
    };
    for input in [path("pipe.yaml"), "/dev/zero".to_owned()] {
        let message = "expected a regular file, found a device, a pipe or a socket";
        refused(&["crds", "--input", &input, "--out", &path("out"), "--name", "lamps"], message);
        refused(&["diff", &input, &input], message);
        refused(&["pin", &input, "--root", &root], message);
    }
    refused(
        &["crds", "--input", &path("a"), "--out", &path("out"), "--name", "lamps"],
        "loop: the link leads back to ",
    );
    assert!(!Path::new(&path("out")).exists());
}
