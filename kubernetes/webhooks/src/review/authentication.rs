use kubernetes_core::{Str, percent};
use kubernetes_models::authentication::v1::{TokenReview, TokenReviewSpec, TokenReviewStatus, UserInfo};
use tracing::Span;

use super::kind::ReviewKind;

/// The decision about a token: the user it belongs to, or none.
///
/// ```
/// use kubernetes_models::authentication::v1::UserInfo;
/// use kubernetes_webhooks::Authentication;
///
/// let ann = UserInfo { username: Some("ann".into()), groups: vec!["shop".into()], ..UserInfo::default() };
/// let decision = Authentication::authenticated(ann).audiences(["https://shop.example.com"]);
/// ```
///
/// An API server remembers either decision for two minutes (`--authentication-token-webhook-cache-ttl`), but not an
/// error. So a handler that can't check a token must return an error.
#[derive(Clone, Debug, Default, PartialEq)]
#[must_use]
pub struct Authentication {
    user: Option<UserInfo>,
    audiences: Vec<Str>,
}

impl Authentication {
    /// The token is valid and belongs to this user, whose name must not be empty.
    pub fn authenticated(user: UserInfo) -> Self {
        Self { user: Some(user), audiences: Vec::new() }
    }

    /// The token is not known here. The API server tries its other authenticators.
    pub fn unauthenticated() -> Self {
        Self::default()
    }

    /// Sets the audiences that the token is for. Those that the API server did not ask for are left out; if none is left,
    /// the token is not valid.
    ///
    /// Without audiences, an API server accepts the token only where its own audiences are asked for.
    pub fn audiences(mut self, audiences: impl IntoIterator<Item = impl Into<Str>>) -> Self {
        self.audiences = audiences.into_iter().map(Into::into).collect();
        self
    }
}

impl From<UserInfo> for Authentication {
    fn from(user: UserInfo) -> Self {
        Self::authenticated(user)
    }
}

impl From<Option<UserInfo>> for Authentication {
    /// `None` means that the token is not known.
    fn from(user: Option<UserInfo>) -> Self {
        Self { user, audiences: Vec::new() }
    }
}

impl ReviewKind for TokenReview {
    const API_VERSIONS: [&'static str; 2] = ["authentication.k8s.io/v1", "authentication.k8s.io/v1beta1"];
    const HAS_SECRET: bool = true;
    type Spec = TokenReviewSpec;
    type Decision = Authentication;
    type Status = TokenReviewStatus;

    fn check(spec: &TokenReviewSpec) -> Result<(), &'static str> {
        if spec.token.is_empty() { Err("token is empty") } else { Ok(()) }
    }

    fn status(spec: &TokenReviewSpec, decision: Authentication) -> Result<TokenReviewStatus, &'static str> {
        let refused = TokenReviewStatus { authenticated: Some(false), ..TokenReviewStatus::default() };
        let Authentication { user: Some(user), mut audiences } = decision else { return Ok(refused) };
        if user.username.as_deref().unwrap_or_default().is_empty() {
            return Err("the handler returned a user without a name");
        }
        if !audiences.is_empty() && !spec.audiences.is_empty() {
            audiences.retain(|audience| spec.audiences.contains(audience));
            if audiences.is_empty() {
                return Ok(refused);
            }
        }
        Ok(TokenReviewStatus { authenticated: Some(true), user: Some(Box::new(user)), audiences, error: None })
    }

    fn failure(message: &str) -> Option<TokenReviewStatus> {
        let error = Some(message.into());
        Some(TokenReviewStatus { authenticated: Some(false), error, ..TokenReviewStatus::default() })
    }

    fn redact(spec: &TokenReviewSpec, message: String) -> String {
        let token = spec.token.as_str();
        let (in_url, in_quotes) = (percent::encode(token).to_string(), format!("{token:?}"));
        let in_quotes = in_quotes.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(token);
        let others = [&*in_url, in_quotes].into_iter().filter(|form| *form != token);
        others.chain([token]).fold(message, |message, form| message.replace(form, "[token]"))
    }

    fn span(path: &str, _: &TokenReviewSpec) -> Span {
        tracing::debug_span!("token_review", path)
    }
}
