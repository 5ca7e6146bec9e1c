use std::env;
use std::error::Error;
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::program::Program;

pub(crate) type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Where things are, and how commands are run.
pub(crate) struct Bench {
    /// The folder `bench`.
    root: PathBuf,
    /// Where cargo builds, and the inputs are.
    target: PathBuf,
    pub(crate) rounds: usize,
}

impl Bench {
    pub(crate) fn new(rounds: usize) -> Result<Self> {
        let driver = env::var_os("CARGO_MANIFEST_DIR").ok_or("start this with bench/run")?;
        let root = PathBuf::from(driver).join("..").canonicalize()?;
        let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
        fs::create_dir_all(target.join("data"))?;
        let target = target.canonicalize()?;
        Ok(Self { root, target, rounds })
    }

    pub(crate) fn source(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    /// A folder for cargo to build in.
    pub(crate) fn target(&self, name: &str) -> PathBuf {
        self.target.join(name)
    }

    /// Cargo, in the workspace of the benchmarks.
    pub(crate) fn cargo(&self, arguments: &[&str]) -> Command {
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        // What cargo sets for this program would make a build script or a flag of the caller differ from a user's.
        for (name, _) in env::vars_os() {
            if name.to_str().is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")) {
                cargo.env_remove(name);
            }
        }
        // A cache or another compiler of the caller's is nothing to measure.
        for name in ["RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER", "CARGO_ENCODED_RUSTFLAGS"] {
            cargo.env_remove(name);
        }
        // As a user's cargo compiles crates from a registry; here, those of the SDK are paths. Also, the same flags for
        // all, whatever the caller has set.
        cargo.env("CARGO_INCREMENTAL", "0").env("RUSTFLAGS", "--cap-lints allow");
        cargo.current_dir(&self.root).args(arguments).stdin(Stdio::null());
        cargo
    }

    /// A list of `count` objects, made once.
    pub(crate) fn list(&self, kind: &str, count: usize) -> Result<PathBuf> {
        let path = self.target.join("data").join(format!("{kind}-{count}.json"));
        if !path.exists() {
            let mut python = Command::new("python3");
            if kind == "pods" {
                python.arg(self.source("data/gen_podlist.py"));
            } else {
                python.arg(self.source("data/gen_list.py")).arg(kind);
            }
            let partial = path.with_extension("partial");
            let status = python.arg(count.to_string()).stdout(File::create(&partial)?).status()?;
            if !status.success() {
                return Err(format!("the list of {kind} could not be made").into());
            }
            fs::rename(&partial, &path)?;
        }
        Ok(path)
    }

    /// The program of a side, built by [`lists::prepare`](crate::lists::prepare).
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.target.join("sides").join("release").join(name)
    }
}

/// Runs a command to its end, and returns what it wrote to its standard output and error.
pub(crate) fn run(command: &mut Command) -> Result<(String, String)> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    if output.status.success() { Ok((stdout, stderr)) } else { Err(format!("{command:?} failed:\n{stderr}").into()) }
}

/// Runs a program under measurement, and returns its report.
pub(crate) fn report(command: &mut Command) -> Result<Value> {
    Program::start(command)?.report()
}

/// A figure of a report.
pub(crate) fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or(f64::NAN)
}
