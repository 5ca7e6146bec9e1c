//! Credentials of a client.

mod exec;
mod oidc;

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use crate::Secret;
use crate::secret::Shortened;

pub use exec::{ExecApiVersion, ExecCluster, ExecConfig, InteractiveMode};
pub use oidc::OidcConfig;

/// A client certificate with its private key.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClientIdentity {
    /// The certificate, followed by those of its issuers, as PEM.
    pub certificate: Vec<u8>,
    /// The file that the certificate comes from, to be read again when it is renewed; `None` for inline data.
    pub certificate_file: Option<PathBuf>,
    /// The private key, as PEM.
    pub key: Secret,
    /// The file that the key comes from, to be read again when it is renewed; `None` for inline data.
    pub key_file: Option<PathBuf>,
}

impl ClientIdentity {
    /// Combines a certificate with its key, both as PEM.
    pub fn new(certificate: impl Into<Vec<u8>>, key: impl Into<Secret>) -> Self {
        Self { certificate: certificate.into(), certificate_file: None, key: key.into(), key_file: None }
    }
}

impl fmt::Debug for ClientIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientIdentity")
            .field("certificate", &Shortened(&self.certificate))
            .field("certificate_file", &self.certificate_file)
            .field("key", &self.key)
            .field("key_file", &self.key_file)
            .finish()
    }
}

/// The source of the `Authorization` header.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Credentials {
    /// No header: the client is anonymous, or identified by its [`ClientIdentity`].
    #[default]
    None,
    /// A bearer token.
    Token(Secret),
    /// A file with a bearer token and optional white space, to be read again when it is renewed.
    TokenFile(PathBuf),
    /// User name and password.
    Basic {
        /// The user name.
        username: String,
        /// The password.
        password: Secret,
    },
    /// A program that prints a token or a client certificate (`client.authentication.k8s.io`).
    Exec(Box<ExecConfig>),
    /// An OpenID Connect ID token, to be refreshed when it expires.
    Oidc(Box<OidcConfig>),
}

/// The identity to act as, for users who may impersonate others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Impersonate {
    /// The user name (`Impersonate-User`); never empty.
    pub user: String,
    /// The groups (`Impersonate-Group`).
    pub groups: Vec<String>,
    /// The unique id (`Impersonate-Uid`).
    pub uid: Option<String>,
    /// Further attributes (`Impersonate-Extra-…`).
    pub extra: BTreeMap<String, Vec<String>>,
}

impl Impersonate {
    /// Acts as `user`, without groups or attributes.
    pub fn new(user: impl Into<String>) -> Self {
        Self { user: user.into(), ..Self::default() }
    }
}
