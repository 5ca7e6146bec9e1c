//! A program with crates of custom resources, in a workspace of its own, as a user would have it.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

pub(crate) struct Program {
    workspace: PathBuf,
    /// The folder of `program.rs`.
    source: PathBuf,
}

impl Program {
    pub(crate) fn new(name: &str, source: &str) -> Self {
        let workspace = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(workspace.join("program/src")).expect("the folder is ours");
        Self { workspace, source: Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(source) }
    }

    /// Generates a crate from files, of these groups or of all, and gives its folder.
    pub(crate) fn generate(&self, name: &str, input: &[PathBuf], groups: &[&str]) -> PathBuf {
        let output = self.try_generate(name, input, groups);
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        self.workspace.join(name)
    }

    pub(crate) fn try_generate(&self, name: &str, input: &[PathBuf], groups: &[&str]) -> Output {
        let out = self.workspace.join(name);
        // Its manifest is written once, and names the SDK's folder: that of another checkout, if they share a target.
        let _ = fs::remove_dir_all(&out);
        let mut codegen = codegen();
        codegen.args(["crds", "--name", name, "--out"]).arg(&out).arg("--sdk").arg(root());
        for path in input {
            codegen.arg("--input").arg(path);
        }
        for group in groups {
            codegen.args(["--group", group]);
        }
        codegen.output().expect("cargo starts")
    }

    /// Builds the program with these crates, and gives its path.
    pub(crate) fn build(&self, crates: &[&str]) -> PathBuf {
        let (mut members, mut dependencies) = (String::new(), String::new());
        for name in crates {
            write!(members, "{name:?}, ").expect("a String takes everything");
            writeln!(dependencies, "{name} = {{ path = \"../{name}\" }}").expect("a String takes everything");
        }
        let manifest = format!("[workspace]\nresolver = \"3\"\nmembers = [{members}\"program\"]\n");
        fs::write(self.workspace.join("Cargo.toml"), manifest).expect("the folder is ours");
        let manifest = format!(
            "[package]\nname = \"program\"\nedition = \"2024\"\n\n[dependencies]\n{dependencies}\
             futures = {{ version = \"0.3\", default-features = false, features = [\"std\"] }}\n\
             kubernetes-sdk = {{ path = {:?}, default-features = false, features = [\"ring\"] }}\nserde_json = \"1.0\"\n\
             tokio = {{ version = \"1\", features = [\"macros\", \"rt\", \"time\"] }}\n",
            root().join("kubernetes/sdk"),
        );
        fs::write(self.workspace.join("program/Cargo.toml"), manifest).expect("the folder is ours");
        fs::copy(self.source.join("program.rs"), self.workspace.join("program/src/main.rs"))
            .expect("the program is there");
        fs::copy(root().join("Cargo.lock"), self.workspace.join("Cargo.lock")).expect("the workspace has a lock file");
        // Programs share what they depend on.
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("programs");
        let mut build = cargo();
        build.args(["build", "--quiet", "--offline"]).env("CARGO_TARGET_DIR", &target).current_dir(&self.workspace);
        let output = build.output().expect("cargo starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        target.join("debug/program")
    }
}

/// The generator; arguments follow.
pub(crate) fn codegen() -> Command {
    run("kubernetes-codegen")
}

/// Writes a cluster's description to files; arguments follow.
pub(crate) fn describe() -> Command {
    run("kubernetes-describe")
}

fn run(package: &str) -> Command {
    let mut command = cargo();
    command.args(["run", "--quiet", "--release", "-p", package, "--"]).current_dir(root());
    command
}

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate is in the workspace")
}

fn cargo() -> Command {
    Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()))
}
