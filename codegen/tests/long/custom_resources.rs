//! The custom resources of three large projects, as their Go modules ship them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::go;
use crate::workspace::root;

const CRATES: [(&str, &str, &str, &str, usize); 3] = [
    ("gateway-api", "sigs.k8s.io/gateway-api", "v1.6.3", "config/crd/experimental", 22),
    ("cert-manager", "github.com/cert-manager/cert-manager", "v1.21.2", "deploy/crds", 6),
    (
        "prometheus-operator",
        "github.com/prometheus-operator/prometheus-operator",
        "v0.85.0",
        "example/prometheus-operator-crd-full",
        11,
    ),
];

/// Generates a crate of each and compiles them, without a warning.
#[test]
#[ignore = "downloads three Go modules"]
fn three_large_projects_generate_and_compile() {
    let workspace = Path::new(env!("CARGO_TARGET_TMPDIR")).join("projects");
    fs::create_dir_all(&workspace).expect("the folder is ours");
    let members: Vec<String> = CRATES.iter().map(|(name, ..)| format!("{name:?}")).collect();
    let manifest = format!("[workspace]\nresolver = \"3\"\nmembers = [{}]\n", members.join(", "));
    fs::write(workspace.join("Cargo.toml"), manifest).expect("the folder is ours");
    fs::copy(root().join("Cargo.lock"), workspace.join("Cargo.lock")).expect("the workspace has a lock file");
    for (name, module, version, folder, kinds) in CRATES {
        let printed = generate(name, &go::module(module, version).join(folder), &workspace.join(name));
        assert!(printed.contains(&format!("\n{kinds} kinds → ")), "{printed}");
    }
    for arguments in [&["check", "--workspace"][..], &["doc", "--workspace", "--no-deps"]] {
        let mut cargo = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()));
        cargo.args(arguments).args(["--quiet", "--offline"]).current_dir(&workspace);
        cargo.env("CARGO_TARGET_DIR", workspace.join("target"));
        cargo.env("RUSTFLAGS", "-D warnings").env("RUSTDOCFLAGS", "-D warnings");
        let output = cargo.output().expect("cargo starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

fn generate(name: &str, input: &Path, out: &Path) -> String {
    if out.exists() {
        fs::remove_dir_all(out).expect("the folder is ours");
    }
    let paths: Vec<PathBuf> = vec![input.to_path_buf(), out.to_path_buf(), root().to_path_buf()];
    let [input, out, sdk] = paths.iter().map(|path| path.to_string_lossy()).collect::<Vec<_>>().try_into().expect("3");
    let mut command = Command::new(env!("CARGO_BIN_EXE_kubernetes-codegen"));
    command.args(["crds", "--input", &input, "--out", &out, "--name", name, "--sdk", &sdk]);
    let output = command.output().expect("the program starts");
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}
