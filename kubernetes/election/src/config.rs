use std::sync::Arc;
use std::time::Duration;

use kubernetes_client::Backoff;
use kubernetes_core::{Map, ObjectKey, Str};

use crate::coordination::Coordination;
use crate::error::Error;
use crate::event::ElectionEvent;
use crate::host::host_name;

/// The factor of client-go's `JitterFactor`: how much longer than the retry period a wait may be.
const JITTER_FACTOR: f64 = 1.2;

/// The Lease of an election, the candidate's identity, and the timings.
///
/// ```
/// use std::time::Duration;
///
/// use kubernetes_election::LeaseConfig;
///
/// let config = LeaseConfig::new("shop", "operator")
///     .identity("operator-7c9f")
///     .lease_duration(Duration::from_secs(30))
///     .renew_deadline(Duration::from_secs(20))
///     .retry_period(Duration::from_secs(4));
/// ```
///
/// The defaults are those of Kubernetes' own components: a lease of 15 s, a renew deadline of 10 s and a retry period
/// of 2 s. All candidates should have the same timings.
#[derive(Clone)]
pub struct LeaseConfig {
    pub(crate) key: ObjectKey,
    pub(crate) identity: Str,
    pub(crate) lease_duration: Duration,
    pub(crate) renew_deadline: Duration,
    pub(crate) retry_period: Duration,
    pub(crate) release_on_cancel: bool,
    pub(crate) recovery_deadline: Option<Duration>,
    pub(crate) coordination: Option<Coordination>,
    pub(crate) labels: Map<Str>,
    pub(crate) observer: Option<Observer>,
}

pub(crate) type Observer = Arc<dyn Fn(&ElectionEvent<'_>) + Send + Sync>;

impl LeaseConfig {
    /// Creates the configuration for an election on this Lease, which is created if it does not exist.
    ///
    /// As in controller-runtime, the identity is the name of the host (in a pod, the pod's name) and a random part.
    pub fn new(namespace: &str, name: &str) -> Self {
        Self {
            key: ObjectKey::new(namespace, name),
            identity: unique_identity(),
            lease_duration: Duration::from_secs(15),
            renew_deadline: Duration::from_secs(10),
            retry_period: Duration::from_secs(2),
            release_on_cancel: true,
            recovery_deadline: None,
            coordination: None,
            labels: Map::default(),
            observer: None,
        }
    }

    /// Sets the identity of this candidate. It must be unique: two processes with the same identity may lead at the
    /// same time.
    pub fn identity(mut self, identity: impl Into<Str>) -> Self {
        self.identity = identity.into();
        self
    }

    /// Sets the time that others wait after the last renewal that they have seen before they take the Lease: whole
    /// seconds, longer than the renew deadline.
    pub fn lease_duration(mut self, duration: Duration) -> Self {
        self.lease_duration = duration;
        self
    }

    /// Sets the time that leadership lasts after the last successful renewal, counted from sending its request. It must
    /// be longer than 1.2 retry periods. Between it and the end of the Lease, there is no leader.
    pub fn renew_deadline(mut self, deadline: Duration) -> Self {
        self.renew_deadline = deadline;
        self
    }

    /// Sets the time between renewals, and between attempts; a candidate waits up to 2.2 times as long, at random.
    pub fn retry_period(mut self, period: Duration) -> Self {
        self.retry_period = period;
        self
    }

    /// Sets whether the Lease is released when the leader is done, so that another candidate can take it at once; true
    /// by default.
    pub fn release_on_cancel(mut self, release: bool) -> Self {
        self.release_on_cancel = release;
        self
    }

    /// Keeps the function running for this time after the renew deadline, in case the same Lease can still be renewed.
    /// During that time the token is not valid and the gate is closed.
    ///
    /// Recovery ends when another holder is seen, or the Lease is deleted. It must be at least 1 s, and is incompatible
    /// with [`coordinated`](Self::coordinated). [KEP-6361](https://kep.k8s.io/6361).
    pub fn recovery(mut self, deadline: Duration) -> Self {
        self.recovery_deadline = Some(deadline);
        self
    }

    /// Lets the API server pick the leader: this candidate announces itself, and leads when it was given the Lease.
    ///
    /// The API server needs the feature gate `CoordinatedLeaderElection` and `coordination.k8s.io/v1beta1`.
    /// [KEP-4355](https://kep.k8s.io/4355).
    pub fn coordinated(mut self, coordination: Coordination) -> Self {
        self.coordination = Some(coordination);
        self
    }

    /// Adds a label to the Lease when this candidate writes it.
    pub fn label(mut self, key: &str, value: &str) -> Self {
        self.labels.insert(key, value);
        self
    }

    /// Calls a function for each event of the election: new leaders, started and stopped leading, failed attempts. It
    /// should return quickly.
    pub fn observe(mut self, observer: impl Fn(&ElectionEvent<'_>) + Send + Sync + 'static) -> Self {
        self.observer = Some(match self.observer {
            None => Arc::new(observer),
            Some(first) => Arc::new(move |event: &ElectionEvent<'_>| {
                first(event);
                observer(event);
            }),
        });
        self
    }

    /// Checks what client-go checks, and that the lease is one that can be written down.
    pub(crate) fn validate(&self) -> Result<(), Error> {
        let least_deadline = self.retry_period.mul_f64(JITTER_FACTOR);
        let problem = match self {
            _ if self.key.name().is_empty() => "the name of the Lease is empty",
            _ if self.key.namespace().is_none() => "the namespace of the Lease is empty",
            _ if self.identity.is_empty() => "the identity is empty",
            _ if self.retry_period.is_zero() => "the retry period must be longer than zero",
            _ if self.renew_deadline.is_zero() => "the renew deadline must be longer than zero",
            _ if self.lease_seconds().is_none() => {
                "the lease duration must be a whole number of seconds from 1 to 2147483647"
            }
            _ if self.lease_duration <= self.renew_deadline => {
                "the lease duration must be longer than the renew deadline"
            }
            _ if self.renew_deadline <= least_deadline => {
                "the renew deadline must be longer than 1.2 times the retry period"
            }
            _ if self.recovery_deadline.is_some_and(|deadline| deadline < Duration::from_secs(1)) => {
                "the recovery deadline must be at least 1s"
            }
            _ if self.recovery_deadline.is_some() && self.coordination.is_some() => {
                "recovery and coordinated election can't be combined"
            }
            _ => return self.coordination.as_ref().map_or(Ok(()), Coordination::validate),
        };
        Err(Error::config(problem))
    }

    /// The duration as it is written, if it can be.
    pub(crate) fn lease_seconds(&self) -> Option<i32> {
        let is_whole = self.lease_duration.subsec_nanos() == 0;
        i32::try_from(self.lease_duration.as_secs()).ok().filter(|seconds| *seconds > 0 && is_whole)
    }

    /// The time between attempts of candidates: one to 2.2 retry periods.
    pub(crate) fn attempt_backoff(&self) -> Backoff {
        Backoff::new(self.retry_period, self.retry_period).jitter(1.0, 1.0 + JITTER_FACTOR)
    }

    /// How long one request may take: half the renew deadline, as in client-go, so that a second attempt is possible.
    pub(crate) fn request_timeout(&self) -> Duration {
        self.renew_deadline / 2
    }

    pub(crate) fn notify(&self, event: &ElectionEvent<'_>) {
        if let Some(observer) = &self.observer {
            observer(event);
        }
    }
}

impl std::fmt::Debug for LeaseConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LeaseConfig")
            .field("lease", &format_args!("{}", self.key))
            .field("identity", &self.identity)
            .field("lease_duration", &self.lease_duration)
            .field("renew_deadline", &self.renew_deadline)
            .field("retry_period", &self.retry_period)
            .finish_non_exhaustive()
    }
}

fn unique_identity() -> Str {
    let random = fastrand::u128(..);
    format!("{}_{random:032x}", host_name()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// client-go's `TestLeaderElectionConfigValidation` and those of recovery.
    #[test]
    fn timings_are_validated() {
        let seconds = Duration::from_secs;
        let config = || LeaseConfig::new("shop", "operator");
        let problem = |config: LeaseConfig| config.validate().err().map(|error| error.to_string()).unwrap_or_default();
        assert_eq!(problem(config()), "");
        assert_eq!(problem(config().recovery(seconds(1))), "");
        for (config, expected) in [
            (config().lease_duration(seconds(10)), "longer than the renew deadline"),
            (config().renew_deadline(Duration::from_millis(2400)), "1.2 times the retry period"),
            (config().retry_period(Duration::ZERO), "the retry period must be longer than zero"),
            (config().renew_deadline(Duration::ZERO), "the renew deadline must be longer than zero"),
            (config().lease_duration(Duration::ZERO), "whole number of seconds"),
            (config().lease_duration(Duration::from_millis(15_500)), "whole number of seconds"),
            (config().lease_duration(seconds(1 << 31)), "whole number of seconds"),
            (config().identity(""), "the identity is empty"),
            (LeaseConfig::new("shop", ""), "the name of the Lease is empty"),
            (LeaseConfig::new("", "operator"), "the namespace of the Lease is empty"),
            (config().recovery(Duration::from_millis(999)), "at least 1s"),
            (config().recovery(seconds(5)).coordinated(Coordination::new("1.2.3")), "can't be combined"),
            (config().coordinated(Coordination::new("v1")), "semantic version"),
        ] {
            assert!(problem(config).contains(expected), "{expected}");
        }
    }

    #[test]
    fn identities_are_unique() {
        let identity = || LeaseConfig::new("shop", "operator").identity;
        assert_ne!(identity(), identity());
        assert!(identity().len() > 33);
    }

    #[test]
    fn candidates_wait_for_one_to_two_periods() {
        let mut delays = LeaseConfig::new("shop", "operator").attempt_backoff().seeded(1);
        let waits: Vec<_> = (0..100).map(|_| delays.next_delay().as_millis()).collect();
        assert!(waits.iter().all(|wait| (2000..=4400).contains(wait)), "{waits:?}");
        assert!(waits.iter().max() > waits.iter().min());
    }
}
