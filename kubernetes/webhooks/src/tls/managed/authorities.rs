//! The authorities of a Secret, and how they follow each other.

use std::time::Duration;

use jiff::Timestamp;

use super::super::CertificatesError;
use super::authority::{Authority, validity};

/// How long things are valid.
#[derive(Clone, Debug)]
pub(super) struct Lifetimes {
    pub(super) authority: Duration,
    pub(super) leaf: Duration,
    /// How long a new authority is trusted before it signs.
    pub(super) overlap: Duration,
}

impl Default for Lifetimes {
    fn default() -> Self {
        const DAY: Duration = Duration::from_secs(24 * 3600);
        Self { authority: DAY * 365, leaf: DAY * 30, overlap: Duration::from_secs(600) }
    }
}

/// The authority that signs, the one that will, and those that did.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Authorities {
    pub(super) current: Authority,
    pub(super) next: Option<Authority>,
    /// Certificates alone, as PEM, each until it expires.
    pub(super) retired: Vec<String>,
}

impl Authorities {
    /// The first authority.
    pub(super) fn create(now: Timestamp, lifetimes: &Lifetimes) -> Result<Self, CertificatesError> {
        Ok(Self { current: Authority::create(now, lifetimes.authority)?, next: None, retired: Vec::new() })
    }

    /// The authority that signs.
    pub(super) fn signing(&self) -> &Authority {
        &self.current
    }

    /// All that are trusted, as PEM.
    pub(super) fn bundle(&self) -> String {
        let next = self.next.iter().map(|next| next.certificate.as_str());
        let all = [self.current.certificate.as_str()].into_iter().chain(next);
        all.chain(self.retired.iter().map(String::as_str)).collect()
    }

    /// The authorities after the next change; `None` if there is nothing to do yet.
    ///
    /// The successor signs when the whole [bundle](Self::bundle) has been set everywhere, since `trusted`, for the overlap.
    pub(super) fn next_step(
        &self,
        now: Timestamp,
        lifetimes: &Lifetimes,
        trusted: Option<Timestamp>,
    ) -> Result<Option<Self>, CertificatesError> {
        let is_expired = |until: Timestamp| until <= now;
        let mut after = self.clone();
        after.retired.retain(|retired| validity(retired).is_ok_and(|validity| !is_expired(validity.not_after)));
        match &self.next {
            // A successor that nobody trusts yet is better than an authority that nobody trusts any more.
            Some(next)
                if trusted.is_some_and(|trusted| is_over(trusted, lifetimes.overlap, now))
                    || is_expired(self.current.not_after) =>
            {
                let retired = std::mem::replace(&mut after.current, next.clone());
                after.retired.push(retired.certificate);
                after.next = None;
            }
            Some(_) => {}
            None if now >= self.current.due() => after.next = Some(Authority::create(now, lifetimes.authority)?),
            None => {}
        }
        Ok(Some(after).filter(|after| after != self))
    }
}

/// Whether a time has passed since a moment.
fn is_over(since: Timestamp, time: Duration, now: Timestamp) -> bool {
    since.checked_add(time).is_ok_and(|end| end <= now)
}
