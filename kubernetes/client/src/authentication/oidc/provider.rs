//! Asking the provider: discovery, and the refresh grant of OAuth 2.0 (RFC 6749, §6).

use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, StatusCode, Uri};
use kubernetes_config::{Config, OidcConfig, Secret, is_loopback};
use kubernetes_core::text::printable;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::authentication::fields::Fields;
use crate::authorization::basic;
use crate::body::Body;
use crate::error::{AuthenticationError, Error};
use crate::transport::{Connector, Delivery, Pool, Transport, tls};

/// How long one answer may take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// More than any discovery document or token has.
const MAX_ANSWER_BYTES: usize = 1024 * 1024;

/// How many bytes of a provider's text are shown.
const MAX_SHOWN: usize = 300;

/// `application/x-www-form-urlencoded`, with `%20` for a space.
const FORM: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'*');

/// An OpenID Connect provider, and who we are to it.
pub(super) struct Provider {
    issuer: Uri,
    client_id: String,
    client_secret: Option<Secret>,
    /// How to reach it: not the API server's trust, names and proxy, except for what the environment says of proxies.
    config: Config,
    tls: tls::Settings,
}

/// The result of a refresh. Without `Debug`, as all of it is secret.
pub(super) struct Tokens {
    pub(super) id_token: Secret,
    /// Only when it is another one.
    pub(super) refresh_token: Option<Secret>,
}

struct Discovery {
    token_endpoint: String,
    token_endpoint_auth_methods_supported: Vec<String>,
}

struct TokenResponse {
    id_token: Option<String>,
    refresh_token: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
}

/// How the client proves to the provider who it is (RFC 6749, §2.3.1).
#[derive(Clone, Copy, PartialEq, Eq)]
enum ClientAuth {
    Basic,
    Post,
}

impl Provider {
    pub(super) fn new(oidc: &OidcConfig, config: &Config) -> Result<Self, Error> {
        let mut provider = Config::new(oidc.issuer_url.clone());
        provider.certificate_authority = oidc.certificate_authority.clone();
        provider.certificate_authority_file = oidc.certificate_authority_file.clone();
        provider.proxy = config.proxy.clone();
        Ok(Self {
            issuer: oidc.issuer_url.clone(),
            client_id: oidc.client_id.clone(),
            client_secret: oidc.client_secret.clone(),
            tls: tls::Settings::new(&provider)?,
            config: provider,
        })
    }

    /// New tokens for a refresh token.
    pub(super) async fn refresh(&self, refresh_token: &Secret) -> Result<Tokens, AuthenticationError> {
        let discovery = self.discover().await?;
        let endpoint = self.token_endpoint(&discovery)?;
        let mut result = Err(AuthenticationError::new("the provider was not asked"));
        for method in self.client_auth(&discovery) {
            let (status, answer) = self.post(&endpoint, refresh_token, method).await?;
            // With this error nothing was done, and the refresh token is still good.
            let is_wrong_method = answer.error.as_deref() == Some("invalid_client");
            result = self.tokens(status, answer, refresh_token);
            if !is_wrong_method {
                break;
            }
        }
        result
    }

    /// OpenID Connect Discovery 1.0, §4.
    async fn discover(&self) -> Result<Discovery, AuthenticationError> {
        let uri = format!("{}/.well-known/openid-configuration", self.issuer.to_string().trim_end_matches('/'));
        let request = Request::get(&uri).header(ACCEPT, "application/json").body(Body::empty());
        let request =
            request.map_err(|error| AuthenticationError::with_source(format!("{uri} is not a valid URL"), error))?;
        let (status, body) = self.fetch(request).await?;
        if status != StatusCode::OK {
            return Err(self.refusal(status, "the OpenID Connect provider has no usable discovery document"));
        }
        Discovery::parse(&body).ok_or_else(|| {
            AuthenticationError::new(format!("{uri} is not an OpenID Connect discovery document with a token_endpoint"))
        })
    }

    fn token_endpoint(&self, discovery: &Discovery) -> Result<Uri, AuthenticationError> {
        let endpoint = discovery.token_endpoint.parse::<Uri>().ok().filter(|uri| {
            let is_encrypted = uri.scheme_str() == Some("https");
            is_encrypted || uri.scheme_str() == Some("http") && is_loopback(uri)
        });
        endpoint.ok_or_else(|| {
            let message = "is not an https:// URL, and the refresh token is sent nowhere else";
            AuthenticationError::new(format!(
                "the token_endpoint of the OpenID Connect provider {} {message}",
                self.issuer
            ))
        })
    }

    /// The ways to try. Not all providers say truly what they support, so the other one comes second.
    fn client_auth(&self, discovery: &Discovery) -> Vec<ClientAuth> {
        let supported = &discovery.token_endpoint_auth_methods_supported;
        let supports = |method: &str| supported.iter().any(|supported| supported == method);
        if self.client_secret.is_none() {
            return vec![ClientAuth::Post];
        }
        if supports("client_secret_post") && !supports("client_secret_basic") {
            return vec![ClientAuth::Post, ClientAuth::Basic];
        }
        vec![ClientAuth::Basic, ClientAuth::Post]
    }

    async fn post(
        &self,
        endpoint: &Uri,
        refresh_token: &Secret,
        method: ClientAuth,
    ) -> Result<(StatusCode, TokenResponse), AuthenticationError> {
        let mut form = format!("grant_type=refresh_token&refresh_token={}", encode(refresh_token.expose()));
        let secret = self.client_secret.as_ref().map(Secret::expose);
        let mut authorization = None;
        if method == ClientAuth::Basic {
            authorization = basic(encode(&self.client_id), encode(secret.unwrap_or_default()));
        } else {
            form = format!("{form}&client_id={}", encode(&self.client_id));
            if let Some(secret) = secret {
                form = format!("{form}&client_secret={}", encode(secret));
            }
        }
        let mut request = Request::new(Body::from(form));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = endpoint.clone();
        let headers = request.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        if let Some(authorization) = authorization {
            headers.insert(AUTHORIZATION, authorization);
        }
        let (status, body) = self.fetch(request).await?;
        Ok((status, TokenResponse::parse(&body)))
    }

    fn tokens(
        &self,
        status: StatusCode,
        answer: TokenResponse,
        refresh_token: &Secret,
    ) -> Result<Tokens, AuthenticationError> {
        match answer.error.as_deref() {
            Some("invalid_grant") => {
                let text = "no longer accepts the refresh token: log in again";
                return Err(AuthenticationError::new(format!(
                    "the OpenID Connect provider {} {text}{}",
                    self.issuer,
                    answer.why()
                )));
            }
            None if status.is_success() => {}
            _ => return Err(self.refusal(status, &format!("the ID token can't be refreshed{}", answer.why()))),
        }
        let Some(id_token) = answer.id_token.filter(|token| !token.is_empty()) else {
            return Err(AuthenticationError::new(format!(
                "the OpenID Connect provider {} returned no id_token for a refresh: log in with the scope openid, \
                 or use a provider that supports it",
                self.issuer
            )));
        };
        let next = answer.refresh_token.filter(|token| !token.is_empty() && token != refresh_token.expose());
        Ok(Tokens { id_token: id_token.into(), refresh_token: next.map(Secret::from) })
    }

    async fn fetch(&self, request: Request<Body>) -> Result<(StatusCode, Bytes), AuthenticationError> {
        let unreachable = || format!("can't reach the OpenID Connect provider {}", self.issuer);
        let answer = async {
            // For one request, since an hour will pass until the next, and the two endpoints may be on two servers.
            let mut config = self.config.clone();
            config.server = request.uri().clone();
            let connector = Connector::new(&config, self.tls.client_config(None), Some(TIMEOUT))?;
            let pool = Pool::new(connector.clone(), connector, config.server.clone());
            let response = pool.send(request, Delivery::Whole).await;
            let (head, body) = response.map_err(|error| Error::from_service(error, Some(&config.server)))?.into_parts();
            Ok::<_, Error>((head.status, body.collect(MAX_ANSWER_BYTES).await?))
        };
        match tokio::time::timeout(TIMEOUT, answer).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) if error.is_retryable() => {
                Err(AuthenticationError::passing(unreachable(), Some(error.into())))
            }
            Ok(Err(error)) => Err(AuthenticationError::with_source(unreachable(), error)),
            Err(_) => Err(AuthenticationError::timeout(format!("{}: no response within {TIMEOUT:?}", unreachable()))),
        }
    }

    fn refusal(&self, status: StatusCode, what: &str) -> AuthenticationError {
        let message = format!("{what}: {} answered {status}", self.issuer);
        if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
            return AuthenticationError::passing(message, None);
        }
        AuthenticationError::new(message)
    }
}

impl Discovery {
    fn parse(json: &[u8]) -> Option<Self> {
        let mut fields = Fields::parse(json).ok()?;
        Some(Self {
            token_endpoint: fields.text_or_none("token_endpoint")?,
            token_endpoint_auth_methods_supported: fields.texts("token_endpoint_auth_methods_supported"),
        })
    }
}

impl TokenResponse {
    fn parse(json: &[u8]) -> Self {
        let mut fields = Fields::parse(json).unwrap_or_default();
        Self {
            id_token: fields.text_or_none("id_token"),
            refresh_token: fields.text_or_none("refresh_token"),
            error: fields.text_or_none("error"),
            error_description: fields.text_or_none("error_description"),
        }
    }

    /// ` (error: description)`, shortened, and without what a terminal would obey.
    fn why(&self) -> String {
        let texts = [&self.error, &self.error_description].into_iter().flatten();
        let text = texts.map(String::as_str).collect::<Vec<_>>().join(": ");
        let text = printable(&text, MAX_SHOWN);
        if text.is_empty() { text } else { format!(" ({text})") }
    }
}

fn encode(text: &str) -> impl std::fmt::Display + '_ {
    utf8_percent_encode(text, FORM)
}
