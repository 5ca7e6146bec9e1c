//! The client's credentials: the `Authorization` header, the certificate for TLS, and their replacements when the
//! server does not accept them.

pub(crate) mod exec;
mod fields;
mod identity;
pub(crate) mod impersonation;
mod jwt;
mod oidc;
mod renewed;

use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use kubernetes_config::{Config, Credentials};
use rustls::sign::CertifiedKey;

use crate::authorization::{basic, bearer};
use crate::clock;
use crate::error::{AuthenticationError, Error, Kind};
use crate::reloaded::Reloaded;
use crate::transport::ClientCertificate;

use identity::Identity;
use renewed::{Issued, Renewed};

/// The credentials of a client. Without `Debug`: it holds secrets.
pub(crate) struct Authentication {
    source: Source,
    /// The certificate for TLS; `None` when there is none and will be none.
    identity: Option<Arc<Identity>>,
    /// The context and user of the kubeconfig, for errors.
    origin: Option<String>,
}

/// Where the header comes from.
enum Source {
    None,
    Fixed(HeaderValue),
    TokenFile(Reloaded<HeaderValue>),
    Renewed(Arc<Renewed>),
}

/// The credentials of one request.
#[derive(Clone)]
pub(crate) struct Credential {
    header: Header,
    /// The certificate that the files had.
    certificate: Option<Arc<CertifiedKey>>,
}

#[derive(Clone)]
enum Header {
    Value(Option<HeaderValue>),
    Issued(Arc<Issued>),
}

/// How a server refused credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// By an answer: 401.
    Unauthorized,
    /// In TLS, which has seen only the certificate.
    Certificate,
}

impl Authentication {
    /// Of an injected service, which authenticates by itself if need be.
    pub(crate) fn none() -> Self {
        Self { source: Source::None, identity: None, origin: None }
    }

    /// Reads no file and starts no program yet, except for the certificate of TLS.
    pub(crate) fn new(config: &Config, exec_timeout: Option<Duration>) -> Result<Self, Error> {
        let mut identity = config.client_identity.as_ref().map(Identity::new).transpose()?;
        let source = match &config.credentials {
            Credentials::None => Source::None,
            Credentials::Token(token) => {
                bearer(token.expose()).map(Source::Fixed).ok_or_else(|| Error::build(INVALID_TOKEN))?
            }
            Credentials::TokenFile(path) => {
                Source::TokenFile(Reloaded::new("the token", vec![path.clone()], |contents| {
                    let [token] = contents else { return Err("there is one file".into()) };
                    bearer(std::str::from_utf8(token)?.trim()).ok_or_else(|| INVALID_TOKEN.into())
                }))
            }
            Credentials::Basic { username, password } => basic(username, password.expose())
                .map(Source::Fixed)
                .ok_or_else(|| Error::build("user name and password do not make a valid header"))?,
            Credentials::Exec(plugin) => {
                let plugin = Arc::new(exec::plugin(plugin, exec_timeout));
                // The user's own certificate is the better one, should there ever be both.
                identity.get_or_insert_with(|| Identity::Issued(Arc::clone(&plugin)));
                Source::Renewed(plugin)
            }
            Credentials::Oidc(oidc) => Source::Renewed(Arc::new(oidc::provider(oidc, config)?)),
            // `Credentials` may grow; leaving a kind out would make the request anonymous.
            _ => return Err(Error::build("this kind of credentials is not supported")),
        };
        let names = [("context", &config.context), ("user", &config.user)];
        let names = names.into_iter().filter_map(|(what, name)| Some(format!("{what} {:?}", name.as_ref()?)));
        let origin = Some(names.collect::<Vec<_>>().join(", ")).filter(|origin| !origin.is_empty());
        Ok(Self { source, identity: identity.map(Arc::new), origin })
    }

    /// Where the certificate for TLS comes from.
    pub(crate) fn certificate(&self) -> Option<Arc<dyn ClientCertificate>> {
        self.identity.clone().map(|identity| identity as _)
    }

    /// Waits until there are credentials, so that a user who has to log in first is not cut short by the timeout of a
    /// request.
    pub(crate) async fn ready(&self) -> Result<(), Error> {
        if let Source::Renewed(renewed) = &self.source {
            renewed.get().await.map_err(failed)?;
        }
        Ok(())
    }

    /// The credentials for a request that is sent now.
    pub(crate) async fn credential(&self) -> Result<Credential, Error> {
        let header = match &self.source {
            Source::None => Header::Value(None),
            Source::Fixed(value) => Header::Value(Some(value.clone())),
            Source::TokenFile(file) => {
                let token = file.current();
                let no_token = |error| AuthenticationError::with_source("can't read the token", error);
                Header::Value(Some(token.map_err(|error| failed(no_token(error)))?.as_ref().clone()))
            }
            Source::Renewed(renewed) => Header::Issued(renewed.get().await.map_err(failed)?),
        };
        let certificate = self.identity.as_deref().and_then(Identity::of_files);
        Ok(Credential { header, certificate })
    }

    /// Other credentials than those that the server refused, if there are any. Without an error: the server's answer is
    /// the one to show.
    pub(crate) async fn replacement(&self, refused: &Credential, refusal: Refusal) -> Option<Credential> {
        let reloaded = self.identity.as_deref().zip(refused.certificate.as_ref());
        let reloaded = reloaded.and_then(|(identity, used)| identity.other_than(used));
        let has_seen_header = refusal == Refusal::Unauthorized || self.is_certificate_issued();
        // A plugin, which might have the user log in, can't help with a certificate in files.
        let renewed = if has_seen_header { self.renew(&refused.header).await } else { None };
        if renewed.is_none() && reloaded.is_none() {
            return None;
        }
        Some(Credential {
            header: renewed.unwrap_or_else(|| refused.header.clone()),
            certificate: reloaded.or_else(|| refused.certificate.clone()),
        })
    }

    async fn renew(&self, refused: &Header) -> Option<Header> {
        match (&self.source, refused) {
            (Source::Renewed(renewed), Header::Issued(issued)) => renewed.replace(issued).await.map(Header::Issued),
            (Source::TokenFile(file), Header::Value(Some(refused))) => {
                file.other_than(|used| used == refused).map(|header| Header::Value(Some(header.as_ref().clone())))
            }
            _ => None,
        }
    }

    /// Adds to an error what is known about the credentials, and removes them where the server has sent them back.
    pub(crate) fn explain(&self, mut error: Error, sent: Option<&HeaderValue>) -> Error {
        let sent = sent.and_then(|header| header.to_str().ok()?.split_once(' '));
        if let Some((_, secret)) = sent.filter(|(_, secret)| secret.len() >= MIN_SECRET) {
            error = error.redact(secret);
        }
        error = error.shorten();
        if !error.may_be_about_credentials() {
            return error;
        }
        let token = sent.filter(|(scheme, _)| *scheme == "Bearer" && error.is_unauthorized());
        let expired = token.and_then(|(_, token)| {
            let expires = jwt::expiry(token).ok()?;
            (expires <= clock::timestamp()).then(|| format!("the token expired at {expires}: renew it"))
        });
        let reason = expired.or_else(|| self.identity.as_ref()?.fault());
        let origin = self.origin.clone().filter(|_| error.is_unauthorized());
        error.with_hint(|| match (origin, reason) {
            (Some(origin), Some(reason)) => Some(format!("{origin}; {reason}")),
            (origin, reason) => origin.or(reason),
        })
    }

    /// Whether new credentials may come with another certificate.
    fn is_certificate_issued(&self) -> bool {
        matches!(self.identity.as_deref(), Some(Identity::Issued(_)))
    }

    /// Whether there may be a [`replacement`](Self::replacement).
    pub(crate) fn can_change(&self) -> bool {
        matches!(self.source, Source::TokenFile(_) | Source::Renewed(_))
            || self.identity.as_ref().is_some_and(|identity| identity.can_change())
    }
}

impl Credential {
    /// The value of `Authorization`.
    pub(crate) fn header(&self) -> Option<&HeaderValue> {
        match &self.header {
            Header::Value(header) => header.as_ref(),
            Header::Issued(issued) => issued.header.as_ref(),
        }
    }
}

/// A shorter text does not count as a secret: it may be anywhere in an error.
const MIN_SECRET: usize = 4;

const INVALID_TOKEN: &str = "the token is empty, or contains a line break or control character";

fn failed(error: AuthenticationError) -> Error {
    Error::new(Kind::Authentication(error))
}
