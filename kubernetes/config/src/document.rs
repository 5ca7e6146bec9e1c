//! The shape of a kubeconfig file, and its parser.
//!
//! The names are those of client-go's `tools/clientcmd/api/v1/types.go`. No type here has `Debug`: they hold secrets.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use serde::de::Visitor;
use serde::{Deserialize, Deserializer};
use serde_path_to_error::Segment;
pub(crate) use serde_saphyr::Spanned;
use serde_saphyr::{DuplicateKeyPolicy, Error as Yaml};

use crate::Error;
use crate::any::{Any, Key};
use crate::error::Place;

/// A value with its line; `null` and absence read alike.
pub(crate) type Field<T> = Option<Spanned<T>>;

/// A list whose items may be `null` as well.
pub(crate) type List<T> = Option<Vec<Field<T>>>;

#[derive(Default, Deserialize)]
#[serde(expecting = "a mapping with clusters, contexts and users")]
pub(crate) struct Document {
    pub(crate) kind: Field<String>,
    #[serde(rename = "apiVersion")]
    pub(crate) api_version: Field<String>,
    #[serde(rename = "current-context")]
    pub(crate) current_context: Field<String>,
    pub(crate) clusters: List<NamedCluster>,
    pub(crate) contexts: List<NamedContext>,
    pub(crate) users: List<NamedUser>,
}

#[derive(Deserialize)]
#[serde(expecting = "a mapping with name and cluster")]
pub(crate) struct NamedCluster {
    pub(crate) name: Option<String>,
    pub(crate) cluster: Option<Cluster>,
}

#[derive(Deserialize)]
#[serde(expecting = "a mapping with name and context")]
pub(crate) struct NamedContext {
    pub(crate) name: Option<String>,
    pub(crate) context: Option<Context>,
}

#[derive(Deserialize)]
#[serde(expecting = "a mapping with name and user")]
pub(crate) struct NamedUser {
    pub(crate) name: Option<String>,
    pub(crate) user: Option<User>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case", expecting = "a mapping with server and other keys")]
pub(crate) struct Cluster {
    pub(crate) server: Field<String>,
    pub(crate) tls_server_name: Field<String>,
    pub(crate) insecure_skip_tls_verify: Field<Switch>,
    pub(crate) certificate_authority: Field<String>,
    pub(crate) certificate_authority_data: Field<String>,
    pub(crate) proxy_url: Field<String>,
    pub(crate) disable_compression: Option<Switch>,
    pub(crate) extensions: Option<Vec<Option<Extension>>>,
}

impl Cluster {
    /// What the cluster has for an exec plugin (client-go's `clusterExtensionKey`).
    pub(crate) fn exec_extension(&self) -> Option<serde_json::Value> {
        let mut extensions = self.extensions.iter().flatten().flatten();
        let found = extensions.find(|extension| extension.name.as_deref() == Some("client.authentication.k8s.io/exec"));
        found.and_then(|extension| extension.extension.clone()).map(Any::into_json)
    }
}

#[derive(Clone, Deserialize)]
#[serde(expecting = "a mapping with name and extension")]
pub(crate) struct Extension {
    name: Option<String>,
    extension: Option<Any>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(expecting = "a mapping with cluster, user and namespace")]
pub(crate) struct Context {
    pub(crate) cluster: Field<String>,
    pub(crate) user: Field<String>,
    pub(crate) namespace: Option<String>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case", expecting = "a mapping with the user's credentials")]
pub(crate) struct User {
    pub(crate) client_certificate: Field<String>,
    pub(crate) client_certificate_data: Field<String>,
    pub(crate) client_key: Field<String>,
    pub(crate) client_key_data: Field<String>,
    pub(crate) token: Field<String>,
    #[serde(rename = "tokenFile")]
    pub(crate) token_file: Field<String>,
    #[serde(rename = "as")]
    pub(crate) impersonate: Field<String>,
    pub(crate) as_uid: Field<String>,
    pub(crate) as_groups: Field<Vec<String>>,
    pub(crate) as_user_extra: Field<BTreeMap<Key, Option<Vec<String>>>>,
    pub(crate) username: Field<String>,
    pub(crate) password: Field<String>,
    pub(crate) auth_provider: Field<AuthProvider>,
    pub(crate) exec: Field<Exec>,
}

#[derive(Clone, Deserialize)]
#[serde(expecting = "a mapping with name and config")]
pub(crate) struct AuthProvider {
    pub(crate) name: Field<String>,
    pub(crate) config: Option<BTreeMap<Key, Field<String>>>,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase", expecting = "a mapping with command and other keys")]
pub(crate) struct Exec {
    pub(crate) api_version: Field<String>,
    pub(crate) command: Field<String>,
    pub(crate) args: Option<Vec<Option<String>>>,
    pub(crate) env: List<ExecEnv>,
    pub(crate) install_hint: Field<String>,
    pub(crate) provide_cluster_info: Option<Switch>,
    pub(crate) interactive_mode: Field<String>,
}

#[derive(Clone, Deserialize)]
#[serde(expecting = "a mapping with name and value")]
pub(crate) struct ExecEnv {
    pub(crate) name: Field<String>,
    pub(crate) value: Field<String>,
}

/// `true` or `false`, but not a string that reads like it.
#[derive(Clone, Copy, Default)]
pub(crate) struct Switch(pub(crate) bool);

impl<'de> Deserialize<'de> for Switch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SwitchVisitor;

        impl Visitor<'_> for SwitchVisitor {
            type Value = Switch;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("true or false")
            }

            fn visit_bool<E>(self, value: bool) -> Result<Switch, E> {
                Ok(Switch(value))
            }
        }

        // Asked for a boolean, the YAML deserializer would take the string "true", which client-go refuses.
        deserializer.deserialize_any(SwitchVisitor)
    }
}

/// Parses one file under serde-saphyr's default budget, which bounds depth, nodes, aliases and merge keys.
///
/// As client-go does, it reads the first YAML document only.
pub(crate) fn parse(text: &str, path: &Path) -> Result<Document, Error> {
    let options = options();
    let mut first = None;
    let mut field = None;
    let outcome = serde_saphyr::with_deserializer_from_str_with_options(text, options, |deserializer| {
        first = Some(serde_path_to_error::deserialize::<_, Option<Document>>(deserializer).map_err(|error| {
            field = field_path(error.path()).filter(|_| is_wrong_type(error.inner()));
            error.into_inner()
        })?);
        Ok(())
    });
    match (outcome, first) {
        (Ok(()) | Err(Yaml::MultipleDocuments { .. }), Some(document)) => Ok(document.unwrap_or_default()),
        (Ok(()), None) => Ok(Document::default()),
        (Err(error), _) => {
            let line = error.location().map(|location| location.line()).filter(|line| *line > 0);
            Err(Error::new(Place { line, field, ..Place::file(path) }, describe(&error)))
        }
    }
}

/// How kubectl reads YAML, as far as it matters here.
pub(crate) fn options() -> serde_saphyr::Options {
    serde_saphyr::options! {
        // A snippet of the source would show tokens and keys.
        with_snippet: false,
        // As client-go: the last of two equal keys counts, and a number or boolean is no string.
        duplicate_keys: DuplicateKeyPolicy::LastWins,
        no_schema: true,
        // They would be buffered, and more than 32 lines of them are refused.
        emit_comments: false,
    }
}

/// Whether the value of a known key is wrong; elsewhere a path may contain unknown text of the file.
fn is_wrong_type(error: &Yaml) -> bool {
    matches!(
        error.without_snippet(),
        Yaml::SerdeInvalidType { .. }
            | Yaml::SerdeInvalidValue { .. }
            | Yaml::QuotingRequired { .. }
            | Yaml::InvalidScalar { .. }
            | Yaml::Unexpected { .. }
            | Yaml::NullIntoString { .. }
    )
}

/// The path as a user would write it.
fn field_path(path: &serde_path_to_error::Path) -> Option<String> {
    let mut text = String::new();
    for segment in path.iter() {
        match segment {
            Segment::Seq { index } => text.push_str(&format!("[{index}]")),
            // `Spanned` reads as a mapping with this key.
            Segment::Map { key } if key == "value" => {}
            Segment::Map { key } if text.is_empty() => text.push_str(key),
            Segment::Map { key } => text.extend([".", key]),
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    Some(text).filter(|text| !text.is_empty())
}

/// The fault in words that quote nothing from the file, since what is quoted may be a secret.
fn describe(error: &Yaml) -> String {
    match error.without_snippet() {
        Yaml::SerdeInvalidType { expected, .. } | Yaml::SerdeInvalidValue { expected, .. } => {
            format!("expected {expected}")
        }
        Yaml::QuotingRequired { .. } => "expected a string; put a number or boolean in quotes".to_owned(),
        Yaml::InvalidScalar { ty, .. } => format!("expected {ty}"),
        Yaml::Unexpected { expected: "mapping start", .. } => "expected a mapping".to_owned(),
        Yaml::Unexpected { expected: "sequence start", .. } => "expected a list".to_owned(),
        Yaml::Unexpected { expected, .. } => format!("expected {expected}"),
        Yaml::NullIntoString { .. } => "expected a string, not null".to_owned(),
        Yaml::UnknownAnchor { .. } => "an alias refers to an anchor that does not exist".to_owned(),
        Yaml::AliasError { error, .. } => describe(error),
        Yaml::Budget { .. }
        | Yaml::AliasReplayLimitExceeded { .. }
        | Yaml::AliasExpansionLimitExceeded { .. }
        | Yaml::AliasReplayStackDepthExceeded { .. } => {
            "too deeply nested, or too many nodes or aliases for a kubeconfig".to_owned()
        }
        _ => "is no valid YAML; check indentation, quotes and colons".to_owned(),
    }
}
