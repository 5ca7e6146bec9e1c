//! Who the client says it is: the `Authorization` header, and what to do when the server does not accept it.

pub(crate) mod exec;
mod failure;
mod fields;
mod oidc;
mod renewed;
mod token_file;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use http::header::AUTHORIZATION;
use http::{HeaderValue, Request, Response, StatusCode};
use kubernetes_config::{Config, Credentials};
use rustls::sign::CertifiedKey;

use crate::authorization::{basic, bearer};
use crate::error::Kind;
use crate::tls::Identity;
use crate::{Body, Error};

pub(crate) use failure::Failure;
pub(crate) use renewed::Renewed;

use renewed::Issued;
use token_file::TokenFile;

/// What a client authenticates with. Without `Debug`: it holds secrets.
pub(crate) struct Authentication {
    source: Source,
    /// The certificate for TLS; `None` when there is none and will be none.
    identity: Option<Arc<Identity>>,
}

/// Where the header comes from.
enum Source {
    None,
    Fixed(HeaderValue),
    TokenFile(TokenFile),
    Renewed(Arc<Renewed>),
}

/// What one request was sent with.
#[derive(Clone)]
enum Credential {
    Header(Option<HeaderValue>),
    Issued(Arc<Issued>),
}

impl Authentication {
    /// Of an injected service, which authenticates by itself if need be.
    pub(crate) fn none() -> Self {
        Self { source: Source::None, identity: None }
    }

    /// Reads no file and starts no program yet, except for the certificate of TLS.
    pub(crate) fn new(config: &Config, exec_timeout: Option<Duration>) -> Result<Self, Error> {
        let mut identity = config.client_identity.as_ref().map(Identity::new).transpose()?;
        let source = match &config.credentials {
            Credentials::None => Source::None,
            Credentials::Token(token) => bearer(token.expose())
                .map(Source::Fixed)
                .ok_or_else(|| Error::build("the token is empty, or contains a line break or control character"))?,
            Credentials::TokenFile(path) => Source::TokenFile(TokenFile::new(path.clone())),
            Credentials::Basic { username, password } => basic(username, password.expose())
                .map(Source::Fixed)
                .ok_or_else(|| Error::build("user name and password make no valid header"))?,
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
        Ok(Self { source, identity: identity.map(Arc::new) })
    }

    /// The certificate that TLS is to be set up with.
    pub(crate) fn identity(&self) -> Option<&Arc<Identity>> {
        self.identity.as_ref()
    }

    /// Waits until there are credentials, so that a user who has to log in first is not cut short by the timeout of a
    /// request.
    pub(crate) async fn ready(&self) -> Result<(), Error> {
        if let Source::Renewed(renewed) = &self.source {
            renewed.get().await.map_err(failed)?;
        }
        Ok(())
    }

    /// Sends a request with credentials, unless it has some of its own. When the server does not know them (401, or TLS
    /// refuses the certificate), asks for others, and sends it once more if there are any and the body can be sent again.
    pub(crate) async fn send<F>(
        &self,
        mut request: Request<Body>,
        transmit: impl Fn(Request<Body>) -> F,
    ) -> Result<Response<Body>, Error>
    where
        F: Future<Output = Result<Response<Body>, Error>>,
    {
        if request.headers().contains_key(AUTHORIZATION) {
            return transmit(request).await;
        }
        let credential = self.credential().await?;
        let certificate = self.certificate_of_files();
        let spare = if self.can_change() { try_clone(&request) } else { None };
        credential.apply(&mut request);
        let result = transmit(request).await;
        let by_tls = match &result {
            Ok(response) if response.status() == StatusCode::UNAUTHORIZED => false,
            Err(error) if error.is_certificate_refused() => true,
            _ => return result,
        };
        let has_reloaded = self.has_reloaded(certificate.as_ref());
        // TLS has seen nothing else: a plugin, which might have the user log in, is no cure for a certificate in files.
        let renewed = if by_tls && !self.is_certificate_issued() { None } else { self.renew(&credential).await };
        match (renewed.or_else(|| has_reloaded.then_some(credential)), spare) {
            (Some(credential), Some(mut request)) => {
                // Before the next one is sent, so that HTTP/1.1 can use the connection again.
                drop(result);
                credential.apply(&mut request);
                transmit(request).await
            }
            _ => result,
        }
    }

    /// Adds to an error what is known about our own certificate.
    pub(crate) fn explain(&self, error: Error) -> Error {
        let fault = || self.identity.as_ref()?.fault();
        if error.may_be_about_credentials() { error.with_hint(fault) } else { error }
    }

    async fn credential(&self) -> Result<Credential, Error> {
        match &self.source {
            Source::None => Ok(Credential::Header(None)),
            Source::Fixed(value) => Ok(Credential::Header(Some(value.clone()))),
            Source::TokenFile(file) => file.header().map(|header| Credential::Header(Some(header))).map_err(failed),
            Source::Renewed(renewed) => renewed.get().await.map(Credential::Issued).map_err(failed),
        }
    }

    /// Other credentials than the ones that were refused, apart from a certificate in files. Without an error: the
    /// server's answer is the one to show.
    async fn renew(&self, refused: &Credential) -> Option<Credential> {
        match (&self.source, refused) {
            (Source::Renewed(renewed), Credential::Issued(issued)) => {
                renewed.replace(issued).await.map(Credential::Issued)
            }
            (Source::TokenFile(file), Credential::Header(Some(header))) => {
                file.replace(header).map(|header| Credential::Header(Some(header)))
            }
            _ => None,
        }
    }

    /// The certificate that is in files, as it was read last.
    fn certificate_of_files(&self) -> Option<Arc<CertifiedKey>> {
        self.identity.as_deref().filter(|identity| matches!(identity, Identity::Files(_)))?.current()
    }

    /// Whether the files have another certificate than this by now: one that another request has found in them, or that
    /// is found in them at once.
    fn has_reloaded(&self, used: Option<&Arc<CertifiedKey>>) -> bool {
        let (Some(used), Some(identity)) = (used, &self.identity) else { return false };
        let is_other = || identity.current().is_some_and(|current| !Arc::ptr_eq(used, &current));
        is_other() || identity.reload()
    }

    /// Whether new credentials may come with another certificate.
    fn is_certificate_issued(&self) -> bool {
        matches!(self.identity.as_deref(), Some(Identity::Issued(_)))
    }

    fn can_change(&self) -> bool {
        matches!(self.source, Source::TokenFile(_) | Source::Renewed(_))
            || self.identity.as_ref().is_some_and(|identity| identity.can_change())
    }
}

impl Credential {
    fn apply(&self, request: &mut Request<Body>) {
        let header = match self {
            Self::Header(header) => header.as_ref(),
            Self::Issued(issued) => issued.header.as_ref(),
        };
        if let Some(value) = header {
            request.headers_mut().insert(AUTHORIZATION, value.clone());
        }
    }
}

fn failed(failure: Failure) -> Error {
    Error::new(Kind::Authentication(failure))
}

/// The same request again, unless its body can be sent only once.
fn try_clone(request: &Request<Body>) -> Option<Request<Body>> {
    let mut clone = Request::new(request.body().try_clone()?);
    *clone.method_mut() = request.method().clone();
    *clone.uri_mut() = request.uri().clone();
    *clone.version_mut() = request.version();
    *clone.headers_mut() = request.headers().clone();
    *clone.extensions_mut() = request.extensions().clone();
    Some(clone)
}
