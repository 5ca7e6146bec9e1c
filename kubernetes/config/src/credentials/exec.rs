//! Exec plugins: programs that print credentials.

use std::fmt;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use crate::secret::Shortened;
use crate::{Secret, url};

/// How to run the program that prints the user's credentials.
///
/// The program runs in the current directory with the environment of this process, to which [`env`](Self::env) and
/// `KUBERNETES_EXEC_INFO` ([`exec_info`](Self::exec_info)) are added. The rules are those of
/// `plugin/pkg/client/auth/exec` in client-go.
///
/// ```
/// use kubernetes_config::{ExecApiVersion, ExecConfig};
///
/// let exec = ExecConfig::new(ExecApiVersion::V1, "aws-iam-authenticator");
/// assert_eq!(
///     exec.exec_info(false),
///     r#"{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","spec":{"interactive":false}}"#
/// );
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExecConfig {
    /// The version of the objects that the program reads and prints.
    pub api_version: ExecApiVersion,
    /// The program: a name to be searched for in `$PATH`, or an absolute path.
    ///
    /// A relative path in a kubeconfig has been resolved against the directory of the file.
    pub command: PathBuf,
    /// The program's arguments.
    pub args: Vec<String>,
    /// Environment variables to set for the program; the last one with a name wins. They may contain secrets.
    pub env: Vec<(String, Secret)>,
    /// The hint for users who have not installed the program, without control characters for terminals.
    pub install_hint: Option<String>,
    /// Whether the program may or must prompt the user on standard input.
    pub interactive_mode: InteractiveMode,
    /// The cluster for the program's information; `None` unless `provideClusterInfo` is set.
    pub cluster: Option<ExecCluster>,
}

impl ExecConfig {
    /// Creates the configuration of a program that has no arguments and never reads standard input.
    pub fn new(api_version: ExecApiVersion, command: impl Into<PathBuf>) -> Self {
        Self {
            api_version,
            command: command.into(),
            args: Vec::new(),
            env: Vec::new(),
            install_hint: None,
            interactive_mode: InteractiveMode::Never,
            cluster: None,
        }
    }

    /// The value of the program's variable `KUBERNETES_EXEC_INFO`: an `ExecCredential` in JSON.
    ///
    /// `interactive` says whether the program inherits the standard input of this process.
    pub fn exec_info(&self, interactive: bool) -> String {
        let mut spec = Map::new();
        if let Some(cluster) = &self.cluster {
            spec.insert("cluster".to_owned(), cluster.to_json());
        }
        spec.insert("interactive".to_owned(), interactive.into());
        let mut credential = Map::new();
        credential.insert("apiVersion".to_owned(), self.api_version.as_str().into());
        credential.insert("kind".to_owned(), "ExecCredential".into());
        credential.insert("spec".to_owned(), spec.into());
        Value::from(credential).to_string()
    }
}

impl fmt::Debug for ExecConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Arguments may contain secrets, too.
        f.debug_struct("ExecConfig")
            .field("api_version", &self.api_version)
            .field("command", &self.command)
            .field("args", &format_args!("[{} arguments]", self.args.len()))
            .field("env", &self.env)
            .field("install_hint", &self.install_hint)
            .field("interactive_mode", &self.interactive_mode)
            .field("cluster", &self.cluster)
            .finish()
    }
}

/// The version of `client.authentication.k8s.io` that an exec plugin speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ExecApiVersion {
    /// `client.authentication.k8s.io/v1`
    V1,
    /// `client.authentication.k8s.io/v1beta1`
    V1Beta1,
}

impl ExecApiVersion {
    /// The `apiVersion` of the object that the program reads, and of the one that it must print.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V1 => "client.authentication.k8s.io/v1",
            Self::V1Beta1 => "client.authentication.k8s.io/v1beta1",
        }
    }
}

/// Whether an exec plugin reads standard input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum InteractiveMode {
    /// The plugin never reads standard input.
    Never,
    /// The plugin reads standard input only if it is a terminal.
    IfAvailable,
    /// The plugin can't run without a terminal.
    Always,
}

/// The cluster that an exec plugin authenticates to, for the plugin's information.
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExecCluster {
    /// The server, as in the kubeconfig.
    pub server: String,
    /// The name in the server's certificate, if it is not the host's.
    pub tls_server_name: Option<String>,
    /// Whether any server certificate is accepted.
    pub insecure_skip_tls_verify: bool,
    /// The CA certificates (PEM) for the server's certificate, even if the kubeconfig names a file.
    pub certificate_authority: Option<Vec<u8>>,
    /// The proxy in the kubeconfig, not that of the environment; it may contain a password.
    pub proxy_url: Option<Secret>,
    /// Whether responses must not be compressed.
    pub disable_compression: bool,
    /// The content of the cluster's extension `client.authentication.k8s.io/exec`.
    pub config: Option<Value>,
}

impl ExecCluster {
    /// Omits empty values, like `pkg/apis/clientauthentication/v1` in client-go.
    fn to_json(&self) -> Value {
        let mut json = Map::new();
        let mut add = |key: &str, value: Value| {
            json.insert(key.to_owned(), value);
        };
        add("server", self.server.as_str().into());
        if let Some(name) = &self.tls_server_name {
            add("tls-server-name", name.as_str().into());
        }
        if self.insecure_skip_tls_verify {
            add("insecure-skip-tls-verify", true.into());
        }
        if let Some(pem) = &self.certificate_authority {
            add("certificate-authority-data", STANDARD.encode(pem).into());
        }
        if let Some(proxy) = &self.proxy_url {
            add("proxy-url", proxy.expose().into());
        }
        if self.disable_compression {
            add("disable-compression", true.into());
        }
        if let Some(config) = &self.config {
            add("config", config.clone());
        }
        json.into()
    }
}

impl fmt::Debug for ExecCluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let proxy = self.proxy_url.as_ref().map(|proxy| match proxy.expose().parse() {
            Ok(uri) => url::without_user(&uri),
            Err(_) => "redacted".to_owned(),
        });
        f.debug_struct("ExecCluster")
            .field("server", &self.server)
            .field("tls_server_name", &self.tls_server_name)
            .field("insecure_skip_tls_verify", &self.insecure_skip_tls_verify)
            .field("certificate_authority", &self.certificate_authority.as_deref().map(Shortened))
            .field("proxy_url", &proxy)
            .field("disable_compression", &self.disable_compression)
            // Defined by the plugin, so it may contain anything.
            .field("config", &self.config.as_ref().map(|_| format_args!("redacted")))
            .finish()
    }
}
