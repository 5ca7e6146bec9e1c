//! A directory with the files that kubeconfigs refer to, and shorthand for kubeconfigs.

use std::error::Error as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use kubernetes_config::{Config, Error, Kubeconfig};
use tempfile::TempDir;

pub(crate) const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nQ0VSVA==\n-----END CERTIFICATE-----\n";
pub(crate) const OTHER_CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nT1RIRVI=\n-----END CERTIFICATE-----\n";
pub(crate) const KEY: &str = "-----BEGIN PRIVATE KEY-----\nS0VZ\n-----END PRIVATE KEY-----\n";

/// The `server` line that most cases share.
pub(crate) const SERVER: &str = "server: https://10.0.0.1:6443";

pub(crate) struct Files(TempDir);

impl Files {
    pub(crate) fn new() -> Self {
        let files = Self(TempDir::new().expect("a temporary directory"));
        files.write("ca.pem", CERTIFICATE);
        files.write("certs/client.pem", OTHER_CERTIFICATE);
        files.write("certs/client.key", KEY);
        files.write("token", "  from-file\n");
        files.write("empty", " \n");
        files.write("garbage", "garbage");
        files
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("a file has a directory")).expect("create the directory");
        std::fs::write(&path, content).expect("write the file");
        path
    }

    /// Reads the text as the kubeconfig `config` of this directory, and its current context.
    pub(crate) fn load(&self, text: impl AsRef<[u8]>) -> Result<Config, Error> {
        let kubeconfig = Kubeconfig::read(&self.write("config", text))?;
        Config::from_kubeconfig(&kubeconfig, None)
    }
}

/// The error of a kubeconfig that does not work, as [`text_of`] shows it.
pub(crate) fn refused(text: &str) -> String {
    let files = Files::new();
    match files.load(text) {
        Ok(config) => panic!("not refused: {config:?}\n{text}"),
        Err(error) => files.error_text(&error),
    }
}

/// One context `x` with the given keys of its cluster and user, each one line or several.
pub(crate) fn kubeconfig(cluster: &str, user: &str) -> String {
    let indent = |keys: &str| keys.lines().map(|line| format!("    {line}\n")).collect::<String>();
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: x\n\
         contexts:\n- name: x\n  context:\n    cluster: c\n    user: u\n\
         clusters:\n- name: c\n  cluster:\n{}\
         users:\n- name: u\n  user:\n{}",
        indent(cluster),
        indent(user)
    )
}

pub(crate) fn base64(text: &str) -> String {
    base64::engine::general_purpose::STANDARD.encode(text)
}

/// The error with its sources and without the directory, which differs in every run.
pub(crate) fn text_of(error: &Error, directory: &Path) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(&format!(" <- {error}"));
        source = error.source();
    }
    text.replace(&format!("{}/", directory.display()), "")
}

impl Files {
    pub(crate) fn error_text(&self, error: &Error) -> String {
        text_of(error, self.0.path())
    }
}
