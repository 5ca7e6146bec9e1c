//! Certificates that the replicas of a program make for themselves.

mod bundle;
mod ca;
mod changes;
mod pace;
mod rotation;
mod secret;

#[cfg(test)]
mod tests;

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{Shared, select};
use jiff::Timestamp;
use kubernetes_client::Client;
use kubernetes_election::{Election, Leadership, LeaseConfig};
use kubernetes_serving::{Certificates, CertificatesError};

use crate::clock;
use crate::configuration::{Configuration, Endpoint, Place};
use bundle::Target;
use ca::Leaf;
use changes::Changes;
use pace::{Look, Pace};
use rotation::{Lifetimes, Rotation};
use secret::{Store, Stored};

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Manages certificates without cert-manager: a CA in a Secret, shared by all replicas, signs a certificate for each.
///
/// ```no_run
/// # use kubernetes_client::Client;
/// # use kubernetes_webhooks::{CaBundle, Configuration, Endpoint, ManagedCertificates, WebhookServer, Webhooks};
/// # async fn example(client: Client, webhooks: Webhooks) -> Result<(), Box<dyn std::error::Error>> {
/// let endpoint = Endpoint::service("shop", "webhooks");
/// let configuration = Configuration::new("shop", &webhooks, &endpoint, &CaBundle::Unset);
/// configuration.apply(&client, "shop-operator").await?; // `caBundle` alone is set by `managed`
/// let managed = ManagedCertificates::new(&client, "shop", "webhook-ca", &endpoint).configuration(&configuration);
///
/// let server = WebhookServer::new(webhooks, managed.certificates());
/// let shutdown = || async { tokio::signal::ctrl_c().await.unwrap_or_default() };
/// tokio::spawn(async move { managed.run_until(shutdown()).await });
/// server.run_until(shutdown()).await?;
/// # Ok(())
/// # }
/// ```
///
/// One replica, elected by a Lease of the Secret's name, makes the CA, renews it, and sets `caBundle` in the
/// configurations, with the field manager `webhook-certificates`. A new CA is trusted for a while before it signs, and
/// the old one until it expires, so that no call fails meanwhile. The keys of certificates are in memory only.
///
/// An empty Secret is filled; one with other content is left alone. If the Secret is deleted, the CA that replicas use
/// is written again; delete it while no replica runs to get a new one. The old one stays trusted until it expires: if
/// its key is known to others, remove `caBundle` from the configurations and definitions, too.
///
/// It needs permission to get, list, watch, create and update the Secret, to get, create and update the Lease, and to
/// get, list, watch and patch the configurations and definitions; without permission to list and watch, it reads them
/// every minute.
#[must_use]
pub struct ManagedCertificates {
    client: Client,
    store: Store,
    names: Vec<String>,
    targets: Vec<Target>,
    lifetimes: Lifetimes,
    certificates: Certificates,
}

impl ManagedCertificates {
    /// Certificates for the server at `endpoint`, by a CA in a Secret.
    pub fn new(client: &Client, namespace: &str, secret: &str, endpoint: &Endpoint) -> Self {
        let mut names = vec![endpoint.host()];
        if let Place::Service { namespace, name, .. } = &endpoint.0 {
            names.push(format!("{name}.{namespace}"));
            names.push(format!("{name}.{namespace}.svc.cluster.local"));
        }
        Self {
            client: client.clone(),
            store: Store::new(namespace, secret),
            names,
            targets: Vec::new(),
            lifetimes: Lifetimes::default(),
            certificates: Certificates::unset(),
        }
    }

    /// Sets `caBundle` in these configurations and definitions. Those that do not exist yet are waited for.
    pub fn configuration(mut self, configuration: &Configuration) -> Self {
        self.targets.extend(Target::of(configuration));
        self
    }

    /// Adds a name or address to the certificates.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.names.push(name.into());
        self
    }

    /// Sets how long a CA is valid, by default a year. It is replaced after two thirds of that.
    pub fn ca_lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetimes.ca = lifetime;
        self
    }

    /// Sets the lifetime of a certificate; 30 days by default. It is replaced after two thirds of that.
    pub fn certificate_lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetimes.leaf = lifetime;
        self
    }

    /// Sets how long a new CA is trusted before it signs, by default 10 minutes: API servers need some time to see
    /// the change.
    pub fn overlap(mut self, overlap: Duration) -> Self {
        self.lifetimes.overlap = overlap;
        self
    }

    /// Sets the interval at which the Secret and the configurations are read; one minute by default. Watches show
    /// changes at once; this is for programs without permission to watch.
    pub fn interval(mut self, interval: Duration) -> Self {
        self.lifetimes.interval = interval;
        self
    }

    /// The certificates, for a [`WebhookServer`](crate::WebhookServer). There are none until this
    /// [runs](Self::run_until).
    pub fn certificates(&self) -> Certificates {
        self.certificates.clone()
    }

    /// Keeps the certificates valid until `shutdown` completes. Failed requests are logged and made again.
    ///
    /// # Errors
    ///
    /// Returns an error if a name can't be in a certificate, the lifetimes leave no time to renew, or the Secret's name
    /// can't be that of a Lease.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future stops the renewal; the certificates stay as they are.
    pub async fn run_until(&self, shutdown: impl Future<Output = ()>) -> Result<(), CertificatesError> {
        self.lifetimes.check()?;
        ca::check_names(&self.names)?;
        let lease = LeaseConfig::new(self.store.namespace(), self.store.name());
        let election = Election::new(&self.client, lease).map_err(|error| CertificatesError::new(error.to_string()))?;
        // Only the second ends, when the Lease is released.
        select(pin!(self.follow()), pin!(self.lead(election, shutdown.shared()))).await;
        Ok(())
    }

    /// Makes certificates by the CA in the Secret.
    async fn follow(&self) {
        let (mut leaf, mut changes, mut pace) = (None, Changes::default(), Pace::new(self.lifetimes.interval));
        changes.add(&self.client, self.store.watched());
        loop {
            if let Err(error) = self.renew(&mut leaf).await {
                tracing::warn!(error, "can't renew the webhooks' certificate");
            }
            pace.wait(&mut changes, if leaf.is_some() { Look::Settled } else { Look::Waiting }).await;
        }
    }

    async fn renew(&self, leaf: &mut Option<Leaf>) -> Result<(), BoxError> {
        let Stored::Filled { rotation, .. } = self.store.read(&self.client).await? else { return Ok(()) };
        let now = clock::timestamp();
        let is_kept =
            |leaf: &Leaf| leaf.is_current(&rotation.current, now) || self.lifetimes.keeps(leaf, &rotation, now);
        if leaf.as_ref().is_some_and(is_kept) {
            return Ok(());
        }
        let new = rotation.current.sign(&self.names, now, self.lifetimes.leaf)?;
        self.certificates.set(new.certificate.as_bytes(), new.key.as_bytes())?;
        tracing::info!(until = %new.not_after, "the webhooks have a new certificate");
        *leaf = Some(new);
        Ok(())
    }

    /// Keeps the CA while this replica is elected, until `shutdown` completes.
    async fn lead(&self, mut election: Election, shutdown: Shared<impl Future<Output = ()>>) {
        loop {
            let lead = |leadership: Leadership| self.maintain_all(leadership.client());
            let result: Result<Option<Infallible>, _> = election.run_until(shutdown.clone(), lead).await;
            match result {
                Ok(_) => return,
                Err(error) => tracing::warn!(%error, "another replica maintains the webhooks' CA"),
            }
        }
    }

    async fn maintain_all(&self, client: Client) -> Infallible {
        let (mut published, mut changes, mut pace) = (None, Changes::default(), Pace::new(self.lifetimes.interval));
        changes.add(&client, self.store.watched());
        self.targets.iter().for_each(|target| target.watch(&client, &mut changes));
        let mut is_stored = false;
        loop {
            let look = self.maintain(&client, &mut published).await.unwrap_or_else(|error| {
                tracing::warn!(error, "can't maintain the webhooks' CA");
                Some(Look::Unsettled)
            });
            // Replicas sign with what was stored, so that has to be trusted as soon as possible. If the Secret does not
            // keep it, the next try is not sooner than others.
            is_stored = look.is_none() && !is_stored;
            if !is_stored {
                pace.wait(&mut changes, look.unwrap_or(Look::Unsettled)).await;
            }
        }
    }

    /// Sets the present CA bundle in all configurations, and then makes one step of the rotation. Returns `None` if
    /// it has changed the Secret.
    async fn maintain(&self, client: &Client, published: &mut Option<Published>) -> Result<Option<Look>, BoxError> {
        let (rotation, secret) = match self.store.read(client).await? {
            Stored::Filled { rotation, secret } => (rotation, secret),
            Stored::Empty(secret) => {
                self.store.replace(client, secret, &self.first(client).await?).await?;
                return Ok(None);
            }
            Stored::Missing => {
                self.store.create(client, &self.first(client).await?).await?;
                return Ok(None);
            }
        };
        let bundle = rotation.bundle();
        let (is_changed, is_complete) = self.inject(client, &bundle).await;
        let now = clock::timestamp();
        let is_new = published.as_ref().is_none_or(|published| published.bundle != bundle);
        if is_changed || is_new {
            *published = Some(Published { bundle, since: now });
        }
        // It is better to leave one configuration behind than to let the CA of all expire.
        let counts = is_complete || rotation.current.is_pressing(now);
        let trusted = published.as_ref().filter(|_| counts).map(|published| published.since);
        let Some(next) = rotation.next_step(now, &self.lifetimes, trusted)? else {
            let is_settled = is_complete && (is_new || !is_changed);
            return Ok(Some(if is_settled { Look::Settled } else { Look::Unsettled }));
        };
        self.store.replace(client, secret, &next).await?;
        let (current, retired) = (next.current.not_after, next.retired.len());
        tracing::info!(%current, has_next = next.next.is_some(), retired, "the webhooks' CAs have changed");
        Ok(None)
    }

    /// The CAs for a Secret that has none: those that replicas still use, or new ones. In the latter case, what the
    /// configurations trust stays trusted.
    async fn first(&self, client: &Client) -> Result<Rotation, BoxError> {
        if let Some(last) = self.store.last() {
            return Ok(last);
        }
        let now = clock::timestamp();
        let mut rotation = Rotation::create(now, &self.lifetimes)?;
        for target in &self.targets {
            match target.bundle(client).await {
                Ok(bundle) => rotation.retire(&bundle, now),
                Err(error) => tracing::warn!(?target, %error, "can't read the CA bundle"),
            }
        }
        Ok(rotation)
    }

    /// Sets the CA bundle of all objects, also after one has refused it. Returns whether any had another one, and whether
    /// all have it now.
    async fn inject(&self, client: &Client, bundle: &str) -> (bool, bool) {
        let (mut is_changed, mut is_complete) = (false, true);
        for target in &self.targets {
            match target.inject(client, bundle).await {
                Ok(differed) => is_changed |= differed,
                Err(error) => {
                    tracing::warn!(?target, %error, "can't set the CA bundle");
                    is_complete = false;
                }
            }
        }
        (is_changed, is_complete)
    }
}

/// The CA bundle that all configurations have, but for those that refuse it, and since when.
struct Published {
    bundle: String,
    since: Timestamp,
}

impl fmt::Debug for ManagedCertificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ManagedCertificates")
            .field("secret", &format_args!("{}/{}", self.store.namespace(), self.store.name()))
            .field("names", &self.names)
            .field("targets", &self.targets)
            .field("lifetimes", &self.lifetimes)
            .finish_non_exhaustive()
    }
}
