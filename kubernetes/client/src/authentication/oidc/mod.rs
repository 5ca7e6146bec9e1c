//! OpenID Connect: an ID token that is used until it expires, and then refreshed.
//!
//! The rules are those of client-go (`plugin/pkg/client/auth/oidc`), except that the client is authenticated as the
//! provider says it wants it, that tokens which can't be written back are used all the same, and that a token which
//! the server refused is refreshed.

mod provider;

use std::sync::{Arc, PoisonError, RwLock};

use kubernetes_config::{Config, KubeconfigUser, OidcConfig, Secret};
use tokio::sync::Mutex;

use super::jwt;
use super::renewed::{Issued, Issuer, Issuing, Renewed};
use crate::authorization::bearer;
use crate::error::{AuthenticationError, Error};
use provider::{Provider, Tokens};

/// The tokens of a provider, which is asked when the given ID token is no longer good.
pub(super) fn provider(oidc: &OidcConfig, config: &Config) -> Result<Renewed, Error> {
    let first = oidc.id_token.as_ref().and_then(|token| issued(token).ok());
    let refreshing = Refreshing {
        provider: Provider::new(oidc, config)?,
        store: oidc.store.clone(),
        refresh_token: Mutex::new(oidc.refresh_token.clone()),
        last: RwLock::new(None),
    };
    Ok(Renewed::new(Oidc { refreshing: Arc::new(refreshing), without: without_refresh_token(oidc) }, first))
}

struct Oidc {
    refreshing: Arc<Refreshing>,
    /// The error when there is no refresh token.
    without: AuthenticationError,
}

impl Issuer for Oidc {
    fn issue(&self) -> Issuing<'_> {
        // In a task of its own, because a refresh token may be good for one use: a request that is dropped must not
        // take the answer with it.
        let task = tokio::spawn(Arc::clone(&self.refreshing).refresh(self.without.clone()));
        Box::pin(async {
            let stopped =
                |error| AuthenticationError::passing("refreshing the ID token was stopped", Some(Box::from(error)));
            let id_token = task.await.map_err(stopped)??;
            issued(&id_token)
        })
    }
}

struct Refreshing {
    provider: Provider,
    store: Option<KubeconfigUser>,
    refresh_token: Mutex<Option<Secret>>,
    /// The last ID token that came; another allocation for each.
    last: RwLock<Option<Arc<Secret>>>,
}

impl Refreshing {
    async fn refresh(self: Arc<Self>, without: AuthenticationError) -> Result<Arc<Secret>, AuthenticationError> {
        let seen = self.last();
        let mut refresh_token = self.refresh_token.lock().await;
        // One whose request was dropped may have been refreshing meanwhile.
        if let Some(last) = self.last()
            && seen.is_none_or(|seen| !Arc::ptr_eq(&seen, &last))
        {
            return Ok(last);
        }
        let tokens = self.provider.refresh(refresh_token.as_ref().ok_or(without)?).await?;
        let id_token = Arc::new(tokens.id_token.clone());
        if let Some(next) = &tokens.refresh_token {
            *refresh_token = Some(next.clone());
        }
        *self.last.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&id_token));
        if let Some(store) = self.store.clone() {
            save(store, tokens).await;
        }
        Ok(id_token)
    }

    fn last(&self) -> Option<Arc<Secret>> {
        self.last.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Writes tokens back. They are good even if that fails, so the request goes on.
async fn save(store: KubeconfigUser, tokens: Tokens) {
    let saving = tokio::task::spawn_blocking(move || {
        let mut values = vec![("id-token", &tokens.id_token)];
        values.extend(tokens.refresh_token.as_ref().map(|token| ("refresh-token", token)));
        if let Err(error) = store.save_auth_provider(&values) {
            let file = store.file().display();
            tracing::warn!(%file, %error, "can't save the refreshed tokens; you may have to log in again");
        }
    });
    // Fails only when the runtime ends.
    let _ = saving.await;
}

fn issued(token: &Secret) -> Result<Issued, AuthenticationError> {
    let expires = jwt::expiry(token.expose())?;
    let header = bearer(token.expose())
        .ok_or_else(|| AuthenticationError::new("the ID token contains characters not allowed in a header"))?;
    Ok(Issued { header: Some(header), identity: None, expires: Some(expires) })
}

fn without_refresh_token(oidc: &OidcConfig) -> AuthenticationError {
    let reason = match oidc.id_token.as_ref().map(|token| jwt::expiry(token.expose())) {
        Some(Ok(expires)) => format!("the ID token expired at {expires}"),
        Some(Err(failure)) => failure.to_string(),
        None => "there is no ID token".to_owned(),
    };
    AuthenticationError::new(format!("{reason}, and there is no refresh-token: log in again"))
}
