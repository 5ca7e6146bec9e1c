//! The commands of docs/regenerating.md do what the page says.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::support::{empty_workspace, fixtures, root};

fn page() -> String {
    fs::read_to_string(root().join("docs/regenerating.md")).expect("the page is there")
}

/// The setup that the page assumes: a workspace with a pinned description, and files to work on.
fn prepared() -> tempfile::TempDir {
    let folder = empty_workspace();
    let path = |name: &str| folder.path().join(name);
    let (_, old) = fixtures().into_iter().find(|(name, _)| name == "resource").expect("the fixture is there");
    let mut new = old.clone();
    new["definitions"]["io.k8s.api.apps.v1.LampSpec"]["properties"]["dimmed"] = serde_json::json!({"type": "boolean"});
    fs::write(path("old.json"), old.to_string()).expect("the folder is ours");
    fs::write(path("new.json"), new.to_string()).expect("the folder is ours");
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    fs::create_dir(path("crds")).expect("the folder is ours");
    fs::copy(fixtures.join("crds/lamps.yaml"), path("crds/lamps.yaml")).expect("the fixture is there");
    fs::create_dir(path("openapi")).expect("the folder is ours");
    for entry in fs::read_dir(fixtures.join("openapi/v3")).expect("the fixture is there") {
        let file = entry.expect("a readable folder").path();
        fs::copy(&file, path("openapi").join(file.file_name().expect("a file"))).expect("a readable file");
    }
    run(folder.path(), &["pin", "old.json"]);
    folder
}

fn run(folder: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kubernetes-codegen"));
    // As a user's shell has it, in the workspace.
    command.args(arguments).current_dir(folder).env_remove("CARGO_MANIFEST_DIR");
    let output = command.output().expect("the program starts");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Every command of the generator runs, in the order of the page. Those of `scripts/update` and `kubernetes-describe`
/// need a cluster or a build; the tests of the cluster and `scripts/check --long` run them.
#[test]
fn documented_commands_run() {
    let (page, folder) = (page(), prepared());
    let mut printed = Vec::new();
    for line in page.lines() {
        let command = line.split(" #").next().unwrap_or_default().trim();
        let Some(arguments) = command.strip_prefix("cargo run --release -p kubernetes-codegen") else { continue };
        let words: Vec<&str> = arguments.split_whitespace().skip_while(|word| *word == "--").collect();
        printed.push(run(folder.path(), &words));
    }
    let printed = printed.join("\n");
    let of_crds =
        page.split("```text\n").find(|block| block.starts_with("lighting.example.com/v1 Grid")).expect("it is there");
    let of_crds = of_crds.split(" in ").next().unwrap_or_default();
    for text in ["(all up to date)", "- added `LampSpec.dimmed`: `boolean`", "\"change\": \"added\"", of_crds] {
        assert!(printed.contains(text), "{text} is missing in\n{printed}");
    }
    assert!(folder.path().join("lamps/src/generated/models/lighting_example_com/v1/lamp.rs").exists());
}

/// The page shows what the generator prints of the pinned description.
#[test]
fn the_summary_in_the_documentation_is_the_one_of_the_pinned_description() {
    let (bytes, kubernetes) = super::support::pinned();
    let summary = super::support::generate_pinned(&bytes, &kubernetes).summary.to_string();
    assert!(page().contains(&summary), "docs/regenerating.md lacks: {summary}");
}
