use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// The folder of a Go module, downloaded into Go's module cache where it is not there yet.
pub(crate) fn module(name: &str, version: &str) -> PathBuf {
    let mut command = Command::new(program());
    command.args(["mod", "download", "-json", &format!("{name}@{version}")]);
    // Outside of this repository, so that no go.mod decides what is downloaded.
    command.current_dir(std::env::temp_dir()).env("GOFLAGS", "-mod=mod").env("GOWORK", "off");
    let output = command.output().expect("go starts");
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    // A Go that is too old for the module downloads and verifies it, and then fails.
    let from_zip = || {
        let (cache, _) = answer["Zip"].as_str()?.split_once("/cache/download/")?;
        Some(Path::new(cache).join(format!("{name}@{version}"))).filter(|folder| folder.is_dir())
    };
    match answer["Dir"].as_str().map(PathBuf::from).or_else(from_zip) {
        Some(folder) => folder,
        None => panic!("{name} {version}: {answer} {}", String::from_utf8_lossy(&output.stderr)),
    }
}

/// Go's program.
pub(crate) fn program() -> &'static str {
    let go = ["go", "/usr/local/go/bin/go"].into_iter().find(|go| Command::new(go).arg("version").output().is_ok());
    go.expect("Go is installed: these tests run it")
}
