//! The callers of webhooks.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{HeaderMap, Uri};
use kubernetes_client::support::common_name;
use kubernetes_serving::ClientCertificates;

/// The caller of a webhook, for [`Webhooks::authenticate_callers`](crate::Webhooks::authenticate_callers).
pub struct Caller {
    uri: Uri,
    headers: HeaderMap,
    certificates: ClientCertificates,
}

/// The function that decides, type-erased.
pub(crate) type Authenticate = dyn Fn(Caller) -> Pin<Box<dyn Future<Output = Result<(), String>> + Send>> + Send + Sync;

impl Caller {
    pub(crate) fn new(head: &Parts) -> Self {
        let certificates = head.extensions.get::<ClientCertificates>().cloned().unwrap_or_default();
        Self { uri: head.uri.clone(), headers: head.headers.clone(), certificates }
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

    /// The common name of the client's certificate, such as `kube-apiserver`; `None` unless the
    /// [`WebhookServer`](crate::WebhookServer) demands certificates.
    ///
    /// A cluster's CA signs certificates for many users and nodes, so that this, and not the CA alone, tells an API server
    /// from them.
    pub fn common_name(&self) -> Option<String> {
        common_name(self.certificates.all().first()?)
    }

    /// The certificates of the client as DER, its own first; none unless the server demands them.
    pub fn certificates(&self) -> impl Iterator<Item = &[u8]> {
        self.certificates.all().iter().map(|certificate| &**certificate)
    }
}

impl fmt::Debug for Caller {
    /// Leaves the headers out: they hold tokens.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller").field("path", &self.path()).finish_non_exhaustive()
    }
}
