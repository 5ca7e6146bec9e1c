//! The CAs of a Secret, and how they follow each other.

use std::time::Duration;

use jiff::Timestamp;
use kubernetes_serving::CertificatesError;

use super::ca::{Ca, Leaf, certificates, is_ours, validity};

/// A shorter one would be a busy loop.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(100);

/// The most CAs that are taken over from bundles.
const MAX_RETIRED: usize = 16;

/// The lifetimes of certificates, and the times that changes take.
#[derive(Clone, Debug)]
pub(super) struct Lifetimes {
    pub(super) ca: Duration,
    pub(super) leaf: Duration,
    /// How long a new CA is trusted before it signs.
    pub(super) overlap: Duration,
    /// How often the objects are looked at, beside watches.
    pub(super) interval: Duration,
}

impl Default for Lifetimes {
    fn default() -> Self {
        const DAY: Duration = Duration::from_secs(24 * 3600);
        Self { ca: DAY * 365, leaf: DAY * 30, overlap: Duration::from_secs(600), interval: Duration::from_secs(60) }
    }
}

impl Lifetimes {
    /// Checks that there is time for each change.
    pub(super) fn check(&self) -> Result<(), CertificatesError> {
        let Self { ca, leaf, overlap, interval } = *self;
        if interval < SHORTEST_INTERVAL {
            return Err(CertificatesError::new(format!(
                "interval ({interval:?}) must be at least {SHORTEST_INTERVAL:?}"
            )));
        }
        let reaction = self.reaction();
        if ca / 3 <= overlap.saturating_add(reaction) {
            return Err(CertificatesError::new(format!(
                "ca_lifetime ({ca:?}) must be more than three times overlap ({overlap:?}) and three \
                 intervals ({reaction:?}): a third of it is left when the successor is made"
            )));
        }
        if leaf / 3 <= interval {
            return Err(CertificatesError::new(format!(
                "certificate_lifetime ({leaf:?}) must be more than three times interval ({interval:?})"
            )));
        }
        Ok(())
    }

    /// Whether a server should keep its certificate for now though the CA is another: it is so new that API servers may
    /// not trust it yet, as after the loss of a Secret, and they trust the certificate until they do.
    pub(super) fn keeps(&self, leaf: &Leaf, rotation: &Rotation, now: Timestamp) -> bool {
        let ca = &rotation.current;
        let is_new = !is_over(ca.made, self.overlap, now);
        let is_trusted = leaf.is_trusted_by(&rotation.bundle()) && is_over(now, self.reaction(), leaf.not_after);
        is_new && !leaf.is_of(ca) && is_trusted
    }

    /// How long replicas may take to follow a change.
    fn reaction(&self) -> Duration {
        self.interval.saturating_mul(3)
    }
}

/// The CA that signs, its successor, and those before it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Rotation {
    pub(super) current: Ca,
    pub(super) next: Option<Ca>,
    /// Certificates alone, as PEM, each until it expires.
    pub(super) retired: Vec<String>,
}

impl Rotation {
    /// The first CA.
    pub(super) fn create(now: Timestamp, lifetimes: &Lifetimes) -> Result<Self, CertificatesError> {
        Ok(Self { current: Ca::create(now, lifetimes.ca)?, next: None, retired: Vec::new() })
    }

    /// Adds CAs that other replicas may have made, unless they have expired: those of other programs, which may change
    /// one of the bundles alone, are not trusted in all.
    pub(super) fn retire(&mut self, bundle: &str, now: Timestamp) {
        for certificate in certificates(bundle) {
            let is_valid = validity(&certificate).is_ok_and(|validity| validity.not_after > now);
            let is_taken = is_valid && is_ours(&certificate) && self.retired.len() < MAX_RETIRED;
            if is_taken && !self.bundle().contains(&certificate) {
                self.retired.push(certificate);
            }
        }
    }

    /// All that are trusted, as PEM.
    pub(super) fn bundle(&self) -> String {
        let next = self.next.iter().map(|next| next.certificate.as_str());
        let all = [self.current.certificate.as_str()].into_iter().chain(next);
        all.chain(self.retired.iter().map(String::as_str)).collect()
    }

    /// The CAs after the next change; `None` if there is nothing to do yet.
    ///
    /// The successor signs when the whole [bundle](Self::bundle) has been set everywhere, since `trusted`, for the overlap.
    pub(super) fn next_step(
        &self,
        now: Timestamp,
        lifetimes: &Lifetimes,
        trusted: Option<Timestamp>,
    ) -> Result<Option<Self>, CertificatesError> {
        let mut after = self.clone();
        after.retired.retain(|retired| validity(retired).is_ok_and(|validity| validity.not_after > now));
        match &self.next {
            // A successor that nobody trusts yet is better than a CA that nobody trusts any more.
            Some(next)
                if trusted.is_some_and(|trusted| is_over(trusted, lifetimes.overlap, now))
                    || !is_over(now, lifetimes.reaction(), self.current.not_after) =>
            {
                let retired = std::mem::replace(&mut after.current, next.clone());
                after.retired.push(retired.certificate);
                after.next = None;
            }
            Some(_) => {}
            None if now >= self.current.due() => after.next = Some(Ca::create(now, lifetimes.ca)?),
            None => {}
        }
        Ok(Some(after).filter(|after| after != self))
    }
}

/// Whether a time has passed since a moment.
fn is_over(since: Timestamp, time: Duration, now: Timestamp) -> bool {
    since.checked_add(time).is_ok_and(|end| end <= now)
}
