//! The OpenID Connect auth provider.

use std::fmt;
use std::path::PathBuf;

use http::Uri;

use crate::secret::Shortened;
use crate::{KubeconfigUser, Secret};

/// The settings for an OpenID Connect ID token and its refresh (`auth-provider` with the name `oidc`).
///
/// If it comes from a kubeconfig, at least one of [`id_token`](Self::id_token) and
/// [`refresh_token`](Self::refresh_token) is set. The rules are those of `plugin/pkg/client/auth/oidc` in client-go.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OidcConfig {
    /// The URL of the provider, to which `/.well-known/openid-configuration` is appended; `https`, or `http` on this
    /// machine.
    pub issuer_url: Uri,
    /// The client ID registered with the provider.
    pub client_id: String,
    /// The client secret, unless the client is public.
    pub client_secret: Option<Secret>,
    /// The last token, which may have expired.
    pub id_token: Option<Secret>,
    /// The token with which a new ID token is requested.
    pub refresh_token: Option<Secret>,
    /// The CA certificates (PEM) for the provider's certificate; `None` means those that the platform trusts.
    pub certificate_authority: Option<Vec<u8>>,
    /// The file that the CA certificates come from; `None` for inline data.
    pub certificate_authority_file: Option<PathBuf>,
    /// The place to store new tokens, with [`KubeconfigUser::save_auth_provider`].
    pub store: Option<KubeconfigUser>,
}

impl OidcConfig {
    /// Creates the settings for a provider and a client ID, without tokens.
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
