//! The callers of webhooks.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use http::header::AUTHORIZATION;
use http::{HeaderMap, Uri};

/// The caller of a webhook, for [`Webhooks::authenticate`](crate::Webhooks::authenticate).
pub struct Caller {
    uri: Uri,
    headers: HeaderMap,
}

/// The function that decides, type-erased.
pub(crate) type Authenticate = dyn Fn(Caller) -> Pin<Box<dyn Future<Output = Result<(), String>> + Send>> + Send + Sync;

impl Caller {
    pub(crate) fn new(uri: Uri, headers: HeaderMap) -> Self {
        Self { uri, headers }
    }

    /// The path of the webhook.
    pub fn path(&self) -> &str {
        self.uri.path()
    }

    /// The headers of the request.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The token of the header `Authorization: Bearer …`.
    ///
    /// API servers with the feature gate `APIServerWebhookAuthenticationToken` (KEP-6060) send one that is bound to the
    /// webhook; others send whatever their file of `--admission-control-config-file` says.
    pub fn bearer_token(&self) -> Option<&str> {
        let (scheme, token) = self.headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    }
}

impl fmt::Debug for Caller {
    /// Leaves the headers out: they hold tokens.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller").field("path", &self.path()).finish_non_exhaustive()
    }
}
