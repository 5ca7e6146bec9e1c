//! The format of a kubeconfig file, and its parser.
//!
//! The names are those of client-go's `tools/clientcmd/api/v1/types.go`. No type here has `Debug`: they hold secrets.

use std::path::Path;

use serde_json::Value;

use super::from_node::{Field, FromNode, Keys, List, Pairs};
use crate::Error;
use crate::error::Place;
use crate::yaml::{self, Fault, Node};

#[derive(Default)]
pub(crate) struct Document {
    pub(crate) kind: Field<String>,
    pub(crate) api_version: Field<String>,
    pub(crate) current_context: Field<String>,
    pub(crate) clusters: List<NamedCluster>,
    pub(crate) contexts: List<NamedContext>,
    pub(crate) users: List<NamedUser>,
}

pub(crate) struct NamedCluster {
    pub(crate) name: Option<String>,
    pub(crate) cluster: Option<Cluster>,
}

pub(crate) struct NamedContext {
    pub(crate) name: Option<String>,
    pub(crate) context: Option<Context>,
}

pub(crate) struct NamedUser {
    pub(crate) name: Option<String>,
    pub(crate) user: Option<User>,
}

#[derive(Clone, Default)]
pub(crate) struct Cluster {
    pub(crate) server: Field<String>,
    pub(crate) tls_server_name: Field<String>,
    pub(crate) insecure_skip_tls_verify: Field<bool>,
    pub(crate) certificate_authority: Field<String>,
    pub(crate) certificate_authority_data: Field<String>,
    pub(crate) proxy_url: Field<String>,
    pub(crate) disable_compression: Option<bool>,
    pub(crate) extensions: Option<Vec<Option<Extension>>>,
}

impl Cluster {
    /// The cluster's settings for an exec plugin (client-go's `clusterExtensionKey`).
    pub(crate) fn exec_extension(&self) -> Option<Value> {
        let mut extensions = self.extensions.iter().flatten().flatten();
        let found = extensions.find(|extension| extension.name.as_deref() == Some("client.authentication.k8s.io/exec"));
        found.and_then(|extension| extension.extension.clone())
    }
}

#[derive(Clone)]
pub(crate) struct Extension {
    name: Option<String>,
    extension: Option<Value>,
}

#[derive(Clone, Default)]
pub(crate) struct Context {
    pub(crate) cluster: Field<String>,
    pub(crate) user: Field<String>,
    pub(crate) namespace: Option<String>,
}

#[derive(Clone, Default)]
pub(crate) struct User {
    pub(crate) client_certificate: Field<String>,
    pub(crate) client_certificate_data: Field<String>,
    pub(crate) client_key: Field<String>,
    pub(crate) client_key_data: Field<String>,
    pub(crate) token: Field<String>,
    pub(crate) token_file: Field<String>,
    pub(crate) impersonate: Field<String>,
    pub(crate) as_uid: Field<String>,
    pub(crate) as_groups: Field<Vec<String>>,
    pub(crate) as_user_extra: Field<Pairs<Option<Vec<String>>>>,
    pub(crate) username: Field<String>,
    pub(crate) password: Field<String>,
    pub(crate) auth_provider: Field<AuthProvider>,
    pub(crate) exec: Field<Exec>,
}

#[derive(Clone)]
pub(crate) struct AuthProvider {
    pub(crate) name: Field<String>,
    pub(crate) config: Option<Pairs<Field<String>>>,
}

#[derive(Clone)]
pub(crate) struct Exec {
    pub(crate) api_version: Field<String>,
    pub(crate) command: Field<String>,
    pub(crate) args: Option<Vec<Option<String>>>,
    pub(crate) env: List<ExecEnv>,
    pub(crate) install_hint: Field<String>,
    pub(crate) provide_cluster_info: Option<bool>,
    pub(crate) interactive_mode: Field<String>,
}

#[derive(Clone)]
pub(crate) struct ExecEnv {
    pub(crate) name: Field<String>,
    pub(crate) value: Field<String>,
}

/// Parses a file; only its first YAML document is read, as in client-go.
pub(crate) fn parse(text: &str, path: &Path) -> Result<Document, Error> {
    let document = yaml::first_document(text).and_then(|node| FromNode::from_node(node.unwrap_or(Node::ABSENT)));
    document.map(Option::unwrap_or_default).map_err(|Fault { line, field, message }| {
        let field = Some(field).filter(|field| !field.is_empty());
        Error::new(Place { line, field, ..Place::file(path) }, message)
    })
}

/// Reads a mapping, key by key.
macro_rules! from_keys {
    ($type:ident { $($field:ident: $key:literal),+ $(,)? }) => {
        impl FromNode for $type {
            fn from_node(node: Node) -> Result<Self, Fault> {
                let mut keys = Keys::of(node)?;
                Ok(Self { $($field: keys.take($key)?),+ })
            }
        }
    };
}

from_keys!(Document {
    kind: "kind",
    api_version: "apiVersion",
    current_context: "current-context",
    clusters: "clusters",
    contexts: "contexts",
    users: "users",
});

from_keys!(NamedCluster { name: "name", cluster: "cluster" });

from_keys!(NamedContext { name: "name", context: "context" });

from_keys!(NamedUser { name: "name", user: "user" });

from_keys!(Cluster {
    server: "server",
    tls_server_name: "tls-server-name",
    insecure_skip_tls_verify: "insecure-skip-tls-verify",
    certificate_authority: "certificate-authority",
    certificate_authority_data: "certificate-authority-data",
    proxy_url: "proxy-url",
    disable_compression: "disable-compression",
    extensions: "extensions",
});

from_keys!(Extension { name: "name", extension: "extension" });

from_keys!(Context { cluster: "cluster", user: "user", namespace: "namespace" });

from_keys!(User {
    client_certificate: "client-certificate",
    client_certificate_data: "client-certificate-data",
    client_key: "client-key",
    client_key_data: "client-key-data",
    token: "token",
    token_file: "tokenFile",
    impersonate: "as",
    as_uid: "as-uid",
    as_groups: "as-groups",
    as_user_extra: "as-user-extra",
    username: "username",
    password: "password",
    auth_provider: "auth-provider",
    exec: "exec",
});

from_keys!(AuthProvider { name: "name", config: "config" });

from_keys!(Exec {
    api_version: "apiVersion",
    command: "command",
    args: "args",
    env: "env",
    install_hint: "installHint",
    provide_cluster_info: "provideClusterInfo",
    interactive_mode: "interactiveMode",
});

from_keys!(ExecEnv { name: "name", value: "value" });
