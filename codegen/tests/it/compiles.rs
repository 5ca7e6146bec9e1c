//! The pages of the fixtures compile, against the hand-written part of `kubernetes-core`.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;

use super::support::{fixtures, generate_from, root};

/// Makes a workspace of every fixture's models and operations, and has cargo check it.
#[test]
fn fixtures_compile() {
    let workspace = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fixtures");
    let mut members = String::new();
    for (name, swagger) in fixtures() {
        let generation = generate_from(&swagger).unwrap_or_else(|error| panic!("{name}: {error}"));
        for (krate, folder) in [("models", "kubernetes/models/"), ("api", "kubernetes/api/")] {
            let target = workspace.join(&name).join(krate);
            if target.exists() {
                fs::remove_dir_all(&target).expect("the folder is ours");
            }
            fs::create_dir_all(target.join("src")).expect("the folder is ours");
            for (path, text) in generation.tree.files() {
                if let Some(path) = path.strip_prefix(folder) {
                    let path = target.join(path);
                    fs::create_dir_all(path.parent().expect("a file has a folder")).expect("the folder is ours");
                    fs::write(path, text).expect("the folder is ours");
                }
            }
            let manifest = format!("{folder}Cargo.toml");
            let features = generation.tree.manifests().find(|(path, _)| *path == manifest).map(|(_, lines)| lines);
            fs::write(target.join("Cargo.toml"), self::manifest(&name, krate, features.unwrap_or_default()))
                .expect("the folder is ours");
            let library = "#![allow(dead_code)]\n#[deny(warnings)]\nmod generated;\npub use generated::*;\n";
            let library = if krate == "models" {
                format!("{library}pub use kubernetes_apimachinery::meta;\n")
            } else {
                library.into()
            };
            fs::write(target.join("src/lib.rs"), library).expect("the folder is ours");
            write!(members, "\"{name}/{krate}\", ").expect("a String takes everything");
        }
    }
    fs::write(workspace.join("Cargo.toml"), format!("[workspace]\nresolver = \"3\"\nmembers = [{members}]\n"))
        .expect("the folder is ours");
    fs::copy(root().join("Cargo.lock"), workspace.join("Cargo.lock")).expect("the workspace has a lock file");
    let mut cargo = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()));
    cargo.args(["check", "--quiet", "--offline", "--workspace", "--all-features"]).current_dir(&workspace);
    let output = cargo.env("CARGO_TARGET_DIR", workspace.join("target")).output().expect("cargo starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn manifest(name: &str, krate: &str, features: &str) -> String {
    let models = match krate {
        "api" => format!("kubernetes-models = {{ package = \"{name}-models\", path = \"../models\" }}\n"),
        _ => String::new(),
    };
    // The one feature that is written by hand.
    let features = if krate == "models" {
        format!("{features}\nschema = [\"kubernetes-core/schema\"]\n")
    } else {
        features.to_owned()
    };
    let dependency =
        |name: &str| format!("kubernetes-{name} = {{ path = {:?} }}\n", root().join("kubernetes").join(name));
    let hand_written = dependency("apimachinery") + &dependency("core");
    format!(
        "[package]\nname = \"{name}-{krate}\"\nedition = \"2024\"\n\n[features]\n{features}\n[dependencies]\n\
         {hand_written}{models}"
    )
}
