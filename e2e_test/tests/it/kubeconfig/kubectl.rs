//! kubectl, and how it reads a kubeconfig.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

pub(crate) struct Kubectl(PathBuf);

impl Kubectl {
    /// The test cluster's own, or else the one in `$PATH`.
    pub(crate) fn find() -> Self {
        let home = std::env::home_dir().unwrap_or_default();
        let cache = std::env::var_os("XDG_CACHE_HOME").map_or_else(|| home.join(".cache"), PathBuf::from);
        let bin =
            std::env::var_os("CLUSTER_BIN").map_or_else(|| cache.join("kubernetes-test-cluster/bin"), PathBuf::from);
        let path = std::env::var_os("PATH").unwrap_or_default();
        let found = std::iter::once(bin).chain(std::env::split_paths(&path)).map(|it| it.join("kubectl"));
        let mut found = found.filter(|kubectl| kubectl.is_file());
        Self(found.next().expect("kubectl is there: run scripts/test-cluster build"))
    }

    /// In an environment in which nothing but the arguments decides.
    fn run(&self, kubeconfig: &OsStr, arguments: &[&str]) -> Output {
        let mut command = Command::new(&self.0);
        command
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", "/nonexistent")
            .env("KUBERC", "off")
            .env("KUBECONFIG", kubeconfig);
        command.args(arguments).stdin(Stdio::null()).output().expect("kubectl runs")
    }

    /// The current context as `kubectl config view` shows it.
    pub(crate) fn view(&self, path: &Path) -> Result<Value, String> {
        let path = path.to_str().expect("a UTF-8 path");
        self.json(OsStr::new(""), &["--kubeconfig", path, "config", "view", "--minify", "--raw", "-o", "json"])
    }

    /// The same of several files, and of another context.
    pub(crate) fn view_merged(&self, list: &OsStr, context: Option<&str>) -> Result<Value, String> {
        let context = context.map(|name| format!("--context={name}"));
        let mut arguments = vec!["config", "view", "--minify", "--raw", "-o", "json"];
        arguments.extend(context.as_deref());
        self.json(list, &arguments)
    }

    fn json(&self, list: &OsStr, arguments: &[&str]) -> Result<Value, String> {
        let output = self.run(list, arguments);
        match output.status.success() {
            true => Ok(serde_json::from_slice(&output.stdout).expect("kubectl prints JSON")),
            false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
        }
    }

    /// Whether a request is sent at all: `config view` checks little, and what is then refused is the connection.
    pub(crate) fn accepts(&self, path: &Path) -> Result<(), String> {
        let path = path.to_str().expect("a UTF-8 path");
        let output = self.run(OsStr::new(""), &["--kubeconfig", path, "get", "--raw", "/api", "--request-timeout=5s"]);
        let error = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        let reached = [
            "was refused - did you specify the right host or port",
            "connection refused",
            // What the plugin of the cases does.
            "getting credentials: exec: executable false failed with exit code 1",
            // An ID token of the cases is none.
            "ID Token is not a valid JWT",
        ];
        // Without credentials kubectl asks for a password, and there is nobody to answer.
        let asked = error.ends_with("EOF") || error.contains("Please enter Username");
        let sent = asked || reached.iter().any(|text| error.contains(text));
        if sent && !error.contains("localhost:8080") { Ok(()) } else { Err(error) }
    }
}
