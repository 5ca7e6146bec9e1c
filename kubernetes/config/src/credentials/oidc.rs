//! The OpenID Connect auth provider.

use std::fmt;
use std::path::PathBuf;

use http::Uri;

use crate::secret::Shortened;
use crate::{KubeconfigUser, Secret};

/// How to get and refresh an OpenID Connect ID token (`auth-provider` with the name `oidc`).
///
/// At least one of [`id_token`](Self::id_token) and [`refresh_token`](Self::refresh_token) is there when it comes from
/// a kubeconfig. The source of the rules is `plugin/pkg/client/auth/oidc` in client-go.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OidcConfig {
    /// The provider, below whose path `/.well-known/openid-configuration` is; `https`, or `http` on this machine.
    pub issuer_url: Uri,
    /// The id under which the provider knows the client.
    pub client_id: String,
    /// The secret that goes with it, unless the client is a public one.
    pub client_secret: Option<Secret>,
    /// The last token, which may have expired.
    pub id_token: Option<Secret>,
    /// The token to request a new ID token with.
    pub refresh_token: Option<Secret>,
    /// The certificates (PEM) that may sign the provider's; `None` means those the platform trusts.
    pub certificate_authority: Option<Vec<u8>>,
    /// The file that they were read from; `None` for inline data.
    pub certificate_authority_file: Option<PathBuf>,
    /// Where new tokens are to be kept, by [`KubeconfigUser::save_auth_provider`].
    pub store: Option<KubeconfigUser>,
}

impl OidcConfig {
    /// A provider and the client's id, without tokens.
    pub fn new(issuer_url: Uri, client_id: impl Into<String>) -> Self {
        Self {
            issuer_url,
            client_id: client_id.into(),
            client_secret: None,
            id_token: None,
            refresh_token: None,
            certificate_authority: None,
            certificate_authority_file: None,
            store: None,
        }
    }
}

impl fmt::Debug for OidcConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OidcConfig")
            .field("issuer_url", &crate::url::without_user(&self.issuer_url))
            .field("client_id", &self.client_id)
            .field("client_secret", &self.client_secret)
            .field("id_token", &self.id_token)
            .field("refresh_token", &self.refresh_token)
            .field("certificate_authority", &self.certificate_authority.as_deref().map(Shortened))
            .field("certificate_authority_file", &self.certificate_authority_file)
            .field("store", &self.store)
            .finish()
    }
}
