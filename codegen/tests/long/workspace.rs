use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The root of the workspace.
pub(crate) fn root() -> &'static Path {
    let codegen = Path::new(env!("CARGO_MANIFEST_DIR"));
    codegen.parent().expect("the crate is in the workspace")
}

/// A workspace with what generated code needs: the crates apimachinery, core, models, api and sdk's manifest, and nothing else.
pub(crate) struct Workspace {
    folder: PathBuf,
    /// Tests that use the same folder, so that they need not each compile everything, take turns.
    _turn: Option<MutexGuard<'static, ()>>,
}

static WHOLE: Mutex<()> = Mutex::new(());

impl Workspace {
    /// Copies the crates, and all that is generated. The folder stays, so that the next run need not compile every dependency again.
    pub(crate) fn new(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        for part in ["kubernetes", "scripts"] {
            let path = folder.join(part);
            if path.exists() {
                fs::remove_dir_all(&path).expect("the folder is ours");
            }
        }
        for part in ["apimachinery", "core", "models", "api"] {
            let from = root().join("kubernetes").join(part);
            copy(&from.join("src"), &folder.join("kubernetes").join(part).join("src"));
            fs::copy(from.join("Cargo.toml"), folder.join("kubernetes").join(part).join("Cargo.toml"))
                .expect("every crate has a manifest");
        }
        // What is generated elsewhere is compared, and not compiled.
        for generated in ["kubernetes/models/tests/generated", "kubernetes/testing/src/generated"] {
            copy(&root().join(generated), &folder.join(generated));
        }
        fs::create_dir_all(folder.join("kubernetes/sdk")).expect("the folder is ours");
        fs::create_dir_all(folder.join("scripts")).expect("the folder is ours");
        for file in ["Cargo.lock", "kubernetes/sdk/Cargo.toml", "scripts/swagger.json", "scripts/swagger.lock.toml"] {
            fs::copy(root().join(file), folder.join(file)).expect("the workspace has it");
        }
        let manifest = fs::read_to_string(root().join("Cargo.toml")).expect("the workspace has a manifest");
        let (head, rest) = manifest.split_once("members = [").expect("it has members");
        let rest = rest.split_once(']').expect("the list ends").1;
        let members = r#""kubernetes/apimachinery", "kubernetes/core", "kubernetes/models", "kubernetes/api""#;
        fs::write(folder.join("Cargo.toml"), format!("{head}members = [{members}]{rest}")).expect("the folder is ours");
        Self { folder, _turn: None }
    }

    /// Copies everything that is written by hand or generated. Its target folder stays too.
    pub(crate) fn whole() -> Self {
        // A test that failed leaves nothing that the next one does not replace.
        let turn = WHOLE.lock().unwrap_or_else(PoisonError::into_inner);
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("whole");
        for entry in fs::read_dir(root()).expect("the workspace is there") {
            let entry = entry.expect("a readable entry");
            let (from, to) = (entry.path(), folder.join(entry.file_name()));
            let file_name = entry.file_name().to_string_lossy().into_owned();
            if file_name.starts_with('.') || ["target", "bench", "fuzz"].contains(&&*file_name) {
                continue;
            }
            if from.is_file() {
                fs::create_dir_all(&folder).and_then(|()| fs::copy(&from, &to)).expect("the folder is ours");
                continue;
            }
            if to.exists() {
                fs::remove_dir_all(&to).expect("the folder is ours");
            }
            copy(&from, &to);
        }
        Self { folder, _turn: Some(turn) }
    }

    /// Has cargo check every target of a whole workspace, and takes no warning.
    pub(crate) fn check_all_targets(&self) {
        self.cargo(&["check", "--workspace", "--all-targets", "--features", "kubernetes-e2e-test/cluster"]);
    }

    fn cargo(&self, arguments: &[&str]) {
        let mut cargo = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()));
        cargo.args(arguments).args(["--quiet", "--offline"]).current_dir(&self.folder);
        cargo.env("CARGO_TARGET_DIR", self.folder.join("target")).env("RUSTFLAGS", "-D warnings");
        let output = cargo.output().expect("cargo starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    pub(crate) fn path(&self) -> &Path {
        &self.folder
    }

    /// Runs the generator here; what it prints, or the error that it ends with.
    pub(crate) fn codegen(&self, arguments: &[&str]) -> Result<String, String> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kubernetes-codegen"));
        let output = command.args(arguments).arg("--root").arg(&self.folder).output().expect("the program starts");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        if output.status.success() { Ok(text) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
    }

    /// Has cargo check all that was generated, with every feature, and takes no warning.
    pub(crate) fn check(&self) {
        self.cargo(&["check", "--workspace", "--all-features"]);
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("the folder is ours");
    for entry in fs::read_dir(from).expect("a folder of the workspace") {
        let entry = entry.expect("a readable entry");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("a readable file");
        }
    }
}
