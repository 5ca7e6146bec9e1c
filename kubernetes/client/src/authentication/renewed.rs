//! Credentials that somebody issues for a time: kept until they expire, and asked for once for all who wait.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{Shared, WeakShared};
use http::HeaderValue;
use jiff::{SignedDuration, Timestamp};
use rustls::sign::CertifiedKey;
use tokio::time::Instant;

use crate::clock;
use crate::error::AuthenticationError;
use crate::sync::lock;

/// How long before they expire credentials are replaced: the server's clock may be ahead, and the request takes time.
/// As in client-go's OIDC plugin.
const SKEW: SignedDuration = SignedDuration::from_secs(10);

/// How long credentials are used whatever they say: they were issued for the requests that waited for them, and with a
/// wrong clock would be issued again for each.
const FRESH: Duration = Duration::from_secs(2);

/// How long after a replacement that the server asked for (401) it may not ask for another, so that a server which
/// refuses everything does not have the issuer asked for every request.
const REPLACE_PERIOD: Duration = Duration::from_secs(10);

/// Credentials that were issued. Without `Debug`: it holds secrets.
pub(crate) struct Issued {
    /// The `Authorization` header.
    pub(super) header: Option<HeaderValue>,
    /// The certificate for TLS.
    pub(crate) identity: Option<Arc<CertifiedKey>>,
    /// `None` when they are good until the server refuses them.
    pub(super) expires: Option<Timestamp>,
}

pub(super) type Issuing<'a> = Pin<Box<dyn Future<Output = Result<Issued, AuthenticationError>> + Send + 'a>>;

/// Issues credentials.
pub(super) trait Issuer: Send + Sync {
    /// Asks for new credentials. Dropping the future gives up.
    fn issue(&self) -> Issuing<'_>;
}

type Outcome = Result<Arc<Issued>, AuthenticationError>;
type Issuance = Pin<Box<dyn Future<Output = Outcome> + Send>>;

/// The credentials of an issuer.
pub(crate) struct Renewed {
    issuer: Box<dyn Issuer>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    current: Option<Arc<Issued>>,
    /// When the issuer last answered; `None` for credentials that were there before.
    issued_at: Option<Instant>,
    /// The request to the issuer that is under way. It is driven by those who wait for it, and given up with the last
    /// of them.
    issuance: Option<WeakShared<Issuance>>,
    /// When credentials were last replaced because the server refused them.
    replaced_at: Option<Instant>,
}

impl Renewed {
    /// Credentials of `issuer`, which is asked as soon as `first` are no longer good.
    pub(super) fn new(issuer: impl Issuer + 'static, first: Option<Issued>) -> Self {
        let state = State { current: first.map(Arc::new), ..State::default() };
        Self { issuer: Box::new(issuer), state: Mutex::new(state) }
    }

    /// Good credentials; asks the issuer if there are none.
    pub(super) async fn get(self: &Arc<Self>) -> Outcome {
        let issuance = {
            let mut state = self.lock();
            match &state.current {
                Some(issued) if issued.is_good() || state.is_fresh() => return Ok(Arc::clone(issued)),
                _ => self.join(&mut state),
            }
        };
        issuance.await
    }

    /// Other credentials than those that the server refused, if there are any.
    pub(super) async fn replace(self: &Arc<Self>, refused: &Arc<Issued>) -> Option<Arc<Issued>> {
        let issuance = {
            let mut state = self.lock();
            match &state.current {
                Some(issued) if !Arc::ptr_eq(issued, refused) => return Some(Arc::clone(issued)),
                _ if state.replaced_at.is_some_and(|at| clock::now().duration_since(at) < REPLACE_PERIOD) => {
                    return None;
                }
                _ => self.join(&mut state),
            }
        };
        let answer = issuance.await;
        self.lock().replaced_at = Some(clock::now());
        match answer {
            Ok(issued) => Some(issued),
            Err(failure) => {
                let reason = format_args!("{failure:#}");
                tracing::warn!(%reason, "the server refused the credentials, and there are no others");
                None
            }
        }
    }

    /// The certificate that was issued last.
    pub(crate) fn identity(&self) -> Option<Arc<CertifiedKey>> {
        self.lock().current.as_ref()?.identity.clone()
    }

    /// The request to the issuer that is under way, or a new one.
    fn join(self: &Arc<Self>, state: &mut State) -> Shared<Issuance> {
        if let Some(issuance) = state.issuance.as_ref().and_then(WeakShared::upgrade) {
            return issuance;
        }
        let this = Arc::clone(self);
        let issuing: Issuance = Box::pin(async move {
            let answer = this.issuer.issue().await;
            let mut state = this.lock();
            state.issuance = None;
            let issued = Arc::new(answer?.keeping_certificate_of(state.current.as_deref()));
            state.current = Some(Arc::clone(&issued));
            state.issued_at = Some(clock::now());
            Ok(issued)
        });
        let issuance = issuing.shared();
        state.issuance = issuance.downgrade();
        issuance
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

impl State {
    fn is_fresh(&self) -> bool {
        self.issued_at.is_some_and(|at| clock::now().duration_since(at) < FRESH)
    }
}

impl Issued {
    fn is_good(&self) -> bool {
        self.expires.is_none_or(|expires| expires.duration_since(clock::timestamp()) > SKEW)
    }

    /// With the very same certificate, if it did not change, so that connections are kept.
    fn keeping_certificate_of(mut self, last: Option<&Self>) -> Self {
        if let Some(last) = last.and_then(|last| last.identity.as_ref())
            && self.identity.as_ref().is_some_and(|identity| identity.cert == last.cert)
        {
            self.identity = Some(Arc::clone(last));
        }
        self
    }
}
