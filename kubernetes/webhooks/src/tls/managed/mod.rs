//! Certificates that the replicas of a program make for themselves.

mod authorities;
mod authority;
mod bundle;
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
use kubernetes_client::{Client, Error};
use kubernetes_election::{Election, Leadership, LeaseConfig};

use super::{Certificates, CertificatesError, certified};
use crate::clock;
use crate::configuration::{Configuration, Endpoint, Place};
use authorities::{Authorities, Lifetimes};
use authority::Leaf;
use bundle::Target;
use secret::Store;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Certificates without cert-manager: an authority in a Secret, shared by all replicas, which signs a certificate for each.
///
/// ```no_run
/// # use kubernetes_client::Client;
/// # use kubernetes_webhooks::{CaBundle, Configuration, Endpoint, ManagedCertificates, WebhookServer, Webhooks};
/// # async fn example(client: Client, webhooks: Webhooks) -> Result<(), Box<dyn std::error::Error>> {
/// let endpoint = Endpoint::service("shop", "webhooks");
/// let configuration = Configuration::new("shop", &webhooks, &endpoint, &CaBundle::Unset);
/// let managed = ManagedCertificates::new(&client, "shop", "webhook-authority", &endpoint).configuration(&configuration);
///
/// let server = WebhookServer::new(webhooks, managed.certificates());
/// let shutdown = || async { tokio::signal::ctrl_c().await.unwrap_or_default() };
/// tokio::spawn(async move { managed.run_until(shutdown()).await });
/// server.run_until(shutdown()).await?;
/// # Ok(())
/// # }
/// ```
///
/// One replica, elected by a Lease of the Secret's name, makes the authority, renews it, and sets `caBundle` in the
/// configurations, with the field manager `webhook-certificates`. A new authority is trusted for a while before it signs,
/// and the old one until it expires, so that no call fails meanwhile. The keys of certificates are in memory only.
///
/// It needs the rights to get, create and update Secrets and Leases in the namespace, and to get and patch the
/// configurations and definitions.
#[must_use]
pub struct ManagedCertificates {
    client: Client,
    store: Store,
    names: Vec<String>,
    targets: Vec<Target>,
    lifetimes: Lifetimes,
    interval: Duration,
    certificates: Certificates,
}

impl ManagedCertificates {
    /// Certificates for the server at `endpoint`, by an authority in a Secret.
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
            interval: Duration::from_secs(10),
            certificates: Certificates::managed(),
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

    /// Sets how long an authority is valid, by default a year. It is replaced after two thirds of that.
    pub fn authority_lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetimes.authority = lifetime;
        self
    }

    /// Sets how long a certificate is valid, by default 30 days. It is replaced after two thirds of that.
    pub fn certificate_lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetimes.leaf = lifetime;
        self
    }

    /// Sets how long a new authority is trusted before it signs, by default 10 minutes: API servers need some time to see
    /// the change.
    pub fn overlap(mut self, overlap: Duration) -> Self {
        self.lifetimes.overlap = overlap;
        self
    }

    /// Sets how often the Secret and the configurations are looked at, by default every 10 s.
    pub fn interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
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
    /// If the names of the certificate, or the settings of the election, are not valid.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future stops the renewal; the certificates stay as they are.
    pub async fn run_until(&self, shutdown: impl Future<Output = ()>) -> Result<(), CertificatesError> {
        authority::check_names(&self.names)?;
        let lease = LeaseConfig::new(self.store.namespace(), self.store.name());
        let election = Election::new(&self.client, lease).map_err(|error| CertificatesError::new(error.to_string()))?;
        // Only the second ends, when the Lease is released.
        select(pin!(self.follow()), pin!(self.lead(election, shutdown.shared()))).await;
        Ok(())
    }

    /// Makes certificates by the authority in the Secret.
    async fn follow(&self) {
        let mut leaf = None;
        loop {
            if let Err(error) = self.renew(&mut leaf).await {
                tracing::warn!(error, "can't renew the webhooks' certificate");
            }
            clock::sleep(self.pause(leaf.is_some())).await;
        }
    }

    async fn renew(&self, leaf: &mut Option<Leaf>) -> Result<(), BoxError> {
        let Some(stored) = self.store.read(&self.client).await? else { return Ok(()) };
        let authority = stored.authorities.signing();
        let now = clock::timestamp();
        if leaf.as_ref().is_some_and(|leaf| leaf.is_of(authority) && !leaf.is_due(now)) {
            return Ok(());
        }
        let new = authority.sign(&self.names, now, self.lifetimes.leaf)?;
        self.certificates.set(certified(new.certificate.as_bytes(), new.key.as_bytes())?);
        tracing::info!(until = %new.not_after, "the webhooks have a new certificate");
        *leaf = Some(new);
        Ok(())
    }

    /// Keeps the authority while this replica is elected, until `shutdown` completes.
    async fn lead(&self, mut election: Election, shutdown: Shared<impl Future<Output = ()>>) {
        loop {
            let lead = |leadership: Leadership| async move {
                let (client, mut trust) = (leadership.client(), None);
                loop {
                    let result = self.maintain(&client, &mut trust).await;
                    if let Err(error) = &result {
                        tracing::warn!(error, "can't maintain the webhooks' authority");
                    }
                    clock::sleep(self.pause(result.is_ok())).await;
                }
            };
            let result: Result<Option<Infallible>, _> = election.run_until(shutdown.clone(), lead).await;
            match result {
                Ok(_) => return,
                Err(error) => tracing::warn!(%error, "another replica maintains the webhooks' authority"),
            }
        }
    }

    /// Sets the present authorities in all configurations, and then makes one step with them.
    async fn maintain(&self, client: &Client, trust: &mut Option<Trust>) -> Result<(), BoxError> {
        let Some(stored) = self.store.read(client).await? else {
            let authorities = Authorities::create(clock::timestamp(), &self.lifetimes)?;
            self.store.create(client, &authorities).await?;
            return Ok(self.inject(client, &authorities.bundle()).await?);
        };
        let bundle = stored.authorities.bundle();
        let injected = self.inject(client, &bundle).await;
        let now = clock::timestamp();
        match &injected {
            Ok(()) if trust.as_ref().is_none_or(|trust| trust.bundle != bundle) => {
                *trust = Some(Trust { bundle, since: now });
            }
            Ok(()) => {}
            // Better one configuration with old authorities than expired ones in all.
            Err(_) if stored.authorities.signing().is_pressing(now) => {
                trust.get_or_insert(Trust { bundle, since: now });
            }
            Err(_) => return Ok(injected?),
        }
        let trusted = trust.as_ref().map(|trust| trust.since);
        if let Some(next) = stored.authorities.next_step(now, &self.lifetimes, trusted)? {
            self.store.replace(client, &stored, &next).await?;
            tracing::info!("the webhooks' authorities have changed");
        }
        Ok(injected?)
    }

    /// Sets the authorities wherever they belong; an object that refuses them does not keep them from the others.
    async fn inject(&self, client: &Client, bundle: &str) -> Result<(), Error> {
        let mut result = Ok(());
        for target in &self.targets {
            if let Err(error) = target.inject(client, bundle).await {
                tracing::warn!(?target, %error, "can't set the webhooks' authorities");
                result = Err(error);
            }
        }
        result
    }

    /// The time until the next look: less while something is missing, so that the start is quick.
    fn pause(&self, is_settled: bool) -> Duration {
        if is_settled { self.interval } else { self.interval.min(Duration::from_secs(1)) }
    }
}

/// The authorities that all configurations have, and since when.
struct Trust {
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
