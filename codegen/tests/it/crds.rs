//! Crates of custom resources.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use expect_test::expect_file;
use kubernetes_codegen::{CustomCrate, CustomResources, Error, generate_custom};
use serde_json::json;

use super::support::{root, snapshot, whole};

fn lamps() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/crds/lamps.yaml")
}

fn generate(files: &[(String, Vec<u8>)], groups: &[String]) -> Result<CustomCrate, Error> {
    generate_custom(&CustomResources { files, groups, name: "lamps", sdk: None, strict: true, reuse: false })
}

fn of_text(text: &str) -> Result<CustomCrate, Error> {
    generate(&[("a.yaml".to_owned(), text.as_bytes().to_vec())], &[])
}

#[test]
fn a_crate_is_as_expected() {
    let bytes = fs::read(lamps()).expect("the fixture is there");
    let generated = generate(&[("lamps.yaml".to_owned(), bytes)], &[]).unwrap_or_else(|error| panic!("{error}"));
    let mut text = String::new();
    for (path, file) in generated.tree.files() {
        let (header, rest) = file.split_once("\n\n").unwrap_or((file, ""));
        assert!(header.contains("Do not edit.") && header.contains("kubernetes-codegen crds"), "{header}");
        writeln!(text, "==> {path}\n{rest}").expect("a String takes everything");
    }
    for (path, lines) in generated.tree.manifests() {
        writeln!(text, "==> {path}\n{lines}").expect("a String takes everything");
    }
    for note in &generated.notes {
        writeln!(text, "note: {note}").expect("a String takes everything");
    }
    for kind in &generated.kinds {
        writeln!(text, "{kind}").expect("a String takes everything");
    }
    expect_file!["../fixtures/crds/lamps.expected"].assert_eq(&text);
}

/// A server's list of definitions, which is JSON and names no kinds, gives the same as their YAML.
#[test]
fn definitions_as_a_server_lists_them() {
    let lamp = |kinds: bool| {
        let mut lamp = json!({
            "metadata": {"name": "lamps.a.io"},
            "spec": {
                "group": "a.io", "names": {"kind": "Lamp", "plural": "lamps"}, "scope": "Cluster",
                "versions": [{"name": "v1", "served": true, "schema": {"openAPIV3Schema": {"type": "object"}}}],
            },
        });
        if kinds {
            lamp["apiVersion"] = json!("apiextensions.k8s.io/v1");
            lamp["kind"] = json!("CustomResourceDefinition");
        }
        lamp
    };
    let list = json!({"kind": "CustomResourceDefinitionList", "items": [lamp(false)]}).to_string();
    let one = lamp(true).to_string();
    let (list, one) = (of_text(&list).expect("it is a list"), of_text(&one).expect("it is a definition"));
    assert_eq!(list.tree, one.tree);
    assert_eq!(list.kinds, ["a.io/v1 Lamp"]);
}

#[test]
fn problems_name_the_file_the_definition_and_the_place() {
    let text = fs::read_to_string(lamps()).expect("the fixture is there");
    let check = |from: &str, to: &str, message: &str| {
        assert!(text.contains(from), "{from}");
        let error = of_text(&text.replace(from, to)).expect_err(message).to_string();
        assert!(error.starts_with("a.yaml: "), "{error}");
        assert!(error.contains(message), "{error}");
    };
    let schema = "lamps.lighting.example.com: /spec/versions/2/schema/openAPIV3Schema/properties/spec/properties";
    check("_foo: {type: string}", "_foo: {type: strange}", &format!("{schema}/_foo/type: unknown type `strange`"));
    check("_foo: {type: string}", "_foo: {$ref: a}", &format!("{schema}/_foo/$ref: `$ref` is not allowed"));
    for (name, shown) in
        [(r#"'a"b'"#, r#"'"'"#), (r"'a\b'", r"'\\'"), (r#""a\tb""#, r"'\t'"), (r#""\u007f""#, r"'\u{7f}'")]
    {
        let odd = format!("{name}: {{type: string}}");
        check("_foo: {type: string}", &odd, &format!("{shown} has to be escaped in JSON"));
    }
    check(
        "scope: Cluster",
        "scope: Town",
        "grids.lighting.example.com: /spec/scope: the CustomResourceDefinition can't be read: unknown variant `Town`",
    );
    check("apiextensions.k8s.io/v1\n", "apiextensions.k8s.io/v1beta1\n", "only apiextensions.k8s.io/v1 is supported");
    check("kind: Grid, plural: grids", "kind: Lamp, plural: grids", "defined twice");
    check("scope: Namespaced", "scope: [", "it is not valid YAML");
    for text in ["kind: ConfigMap", "{{ template }}: ["] {
        let error = of_text(text).expect_err("it has no definition").to_string();
        assert!(error.contains("no custom resource"), "{error}");
    }
}

/// A server's description of the same kind, of one group among others.
#[test]
fn a_group_of_a_description() {
    let meta = |name: &str| json!({"$ref": format!("#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.{name}")});
    let kind = |kind: &str| json!({"group": "a.io", "version": "v1", "kind": kind});
    let definitions = json!({
        "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta": {"type": "object"},
        "io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta": {"type": "object"},
        "io.k8s.api.core.v1.Pod": {"type": "object"},
        "io.a.v1.Lamp": {
            "type": "object", "x-kubernetes-group-version-kind": [kind("Lamp")],
            "properties": {"metadata": meta("ObjectMeta"), "on": {"type": "boolean"}},
        },
        "io.a.v1.LampList": {
            "type": "object", "x-kubernetes-group-version-kind": [kind("LampList")],
            "properties": {
                "metadata": meta("ListMeta"),
                "items": {"type": "array", "items": {"$ref": "#/definitions/io.a.v1.Lamp"}},
            },
        },
    });
    let operation = |id: &str, group: &str, kind: &str, answer: &str| {
        json!({
            "operationId": id, "tags": ["aIo_v1"], "x-kubernetes-action": "list",
            "x-kubernetes-group-version-kind": {"group": group, "version": "v1", "kind": kind},
            "responses": {"200": {"description": "OK", "schema": {"$ref": format!("#/definitions/{answer}")}}},
        })
    };
    let paths = json!({
        "/apis/a.io/v1/lamps": {"get": operation("listAIoV1Lamp", "a.io", "Lamp", "io.a.v1.LampList")},
        "/api/v1/pods": {"get": operation("listCoreV1Pod", "", "Pod", "io.k8s.api.core.v1.Pod")},
    });
    let bytes = whole(json!({"definitions": definitions, "paths": paths}), &json!({})).to_string().into_bytes();
    let files = [("swagger.json".to_owned(), bytes)];
    let generated = generate(&files, &["a.io".to_owned()]).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(generated.kinds, ["a.io/v1 Lamp"]);
    let paths: Vec<&str> = generated.tree.files().map(|(path, _)| path).collect();
    assert!(paths.contains(&"src/generated/models/a_io/v1/lamp.rs"), "{paths:?}");
    assert!(!paths.iter().any(|path| path.contains("core")), "{paths:?}");
    let error = generate(&files, &[]).expect_err("it has several groups").to_string();
    assert!(error.ends_with("groups that look like custom resources: a.io"), "{error}");
    let error = generate(&files, &["b.io".to_owned()]).expect_err("it has no such group").to_string();
    assert_eq!(error, "swagger.json: it has no group b.io");
}

fn crds(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kubernetes-codegen"));
    command.arg("crds").args(arguments).current_dir(root()).output().expect("the program starts")
}

/// The crate compiles without a warning, with each version by itself; what is the user's stays.
#[test]
fn a_crate_is_written_and_compiles() {
    let workspace = Path::new(env!("CARGO_TARGET_TMPDIR")).join("crds");
    let out = workspace.join("lamps");
    if out.exists() {
        fs::remove_dir_all(&out).expect("the folder is ours");
    }
    fs::create_dir_all(&workspace).expect("the folder is ours");
    let (input, folder) = (lamps(), out.to_string_lossy().into_owned());
    let input = input.parent().expect("a file has a folder").to_string_lossy().into_owned();
    let arguments = ["--input", &input, "--out", &folder, "--name", "lamps", "--sdk", "."];
    let output = crds(&[&arguments[..6], &["--sdk", "codegen"]].concat());
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(error.contains("codegen/kubernetes/core/Cargo.toml: it does not exist; --sdk must be"), "{error}");
    let output = crds(&arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(printed.contains("lighting.example.com/v1 Lamp\n") && printed.contains("3 kinds → "), "{printed}");

    fs::write(workspace.join("Cargo.toml"), "[workspace]\nresolver = \"3\"\nmembers = [\"lamps\"]\n").expect("ours");
    fs::copy(root().join("Cargo.lock"), workspace.join("Cargo.lock")).expect("the workspace has a lock file");
    for features in [&["--all-features"][..], &["--no-default-features", "--features", "lighting_example_com-v1beta1"]]
    {
        let mut cargo = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()));
        cargo.args(["check", "--quiet", "--offline"]).args(features).current_dir(&workspace);
        cargo.env("CARGO_TARGET_DIR", workspace.join("target")).env("RUSTFLAGS", "-D warnings");
        let output = cargo.output().expect("cargo starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    let library = out.join("src/lib.rs");
    fs::write(&library, "//! Mine.\n").expect("the folder is ours");
    let manifest = fs::read_to_string(out.join("Cargo.toml")).expect("it was written");
    fs::write(out.join("Cargo.toml"), manifest.replace("0.1.0\"\nedition", "7.0.0\"\nedition")).expect("ours");
    let before = snapshot(&out);
    assert!(crds(&arguments).status.success());
    assert!(snapshot(&out) == before, "nothing changed, and what is the user's stayed");
    let lamp = out.join("src/generated/models/lighting_example_com/v1/lamp.rs");
    fs::write(&lamp, "// @generated by kubernetes-codegen\n").expect("the folder is ours");
    let output = crds(&[&arguments[..], &["--check"]].concat());
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).starts_with("note: "), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("\ndiffers: src/generated/models/"), "{output:?}");
}

/// Two definitions in several documents and a list.
const WRONG: &str = "\
# two definitions
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: lamps.a.io}
spec:
  group: a.io
  names: {kind: Lamp, plural: lamps}
  scope: Cluster
  versions:
  - name: v1
    served: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            properties:
              a: {$ref: '#/other'}
              b: {type: strange}
              c:
                patternProperties: {}
---
---
apiVersion: v1
kind: List
items:
- apiVersion: apiextensions.k8s.io/v1
  kind: CustomResourceDefinition
  metadata: {name: grids.a.io}
  spec:
    group: a.io
    names: {kind: Grid, plural: grids}
    scope: Everywhere
    versions: []
";

/// All problems of all files are reported at once, each with the lines around it.
#[test]
fn all_problems_are_shown_where_they_are() {
    let second = r#"{"apiVersion": "apiextensions.k8s.io/v1beta1", "kind": "CustomResourceDefinition",
 "metadata": {"name": "old.a.io"}}"#;
    let files = [("a.yaml".to_owned(), WRONG.into()), ("b.json".to_owned(), second.as_bytes().to_vec())];
    let error = generate(&files, &[]).expect_err("there are five problems");
    let shown = error.problems().map(|problem| {
        let first = problem.excerpt().lines().next().unwrap_or_default().trim().to_owned();
        let marked = problem.excerpt().lines().collect::<Vec<_>>();
        let mark = marked.iter().position(|line| line.trim_end().ends_with('^')).expect("a place is marked");
        let column = marked[mark].find('^').expect("it is there");
        (
            problem.file().unwrap_or_default().to_owned(),
            problem.pointer().to_owned(),
            first,
            marked[mark - 1][column..].to_owned(),
        )
    });
    let schema = "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties";
    let expected = [
        ("a.yaml: grids.a.io", "/spec/scope".to_owned(), "line 34, column 5", "scope: Everywhere"),
        (
            "b.json: old.a.io",
            "/apiVersion".to_owned(),
            "line 1, column 16",
            r#""apiextensions.k8s.io/v1beta1", "kind": "CustomResourceDefinition","#,
        ),
        ("a.yaml: lamps.a.io", format!("{schema}/a/$ref"), "line 19, column 19", "$ref: '#/other'}"),
        ("a.yaml: lamps.a.io", format!("{schema}/b/type"), "line 20, column 19", "type: strange}"),
        ("a.yaml: lamps.a.io", format!("{schema}/c/patternProperties"), "line 22, column 17", "patternProperties: {}"),
    ];
    let expected =
        expected.map(|(file, pointer, line, text)| (file.to_owned(), pointer, line.to_owned(), text.to_owned()));
    assert_eq!(shown.collect::<Vec<_>>(), expected);
    assert!(error.to_string().contains("unknown variant `Everywhere`"), "{error}");
}

/// A problem of a schema is shown in the definition as well.
#[test]
fn problems_of_types_are_shown_in_the_definition() {
    let text = "\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: lamps.a.io}
spec:
  group: a.io
  names: {kind: Lamp, plural: lamps}
  scope: Cluster
  versions:
  - name: v1
    served: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: strange
";
    let error = of_text(text).expect_err("the type is unknown");
    let problem = error.problems().next().expect("there is one");
    assert_eq!(problem.pointer(), "/spec/versions/0/schema/openAPIV3Schema/properties/spec/type");
    assert!(problem.excerpt().starts_with("  line 16, column 13\n"), "{}", problem.excerpt());
}
