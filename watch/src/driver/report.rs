use std::time::Duration;

use kubernetes_core::Request;
use tracing::{debug, warn};

use crate::counters::Counters;
use crate::settings::{Observer, Settings};
use crate::{Error, Reason, Transition};

/// Reports transitions to observers, counters and logs.
pub(super) struct Reporter {
    observer: Option<Observer>,
    counters: Counters,
}

impl Reporter {
    pub(super) fn new(settings: &Settings) -> Self {
        Self { observer: settings.observer.clone(), counters: settings.counters.clone() }
    }

    pub(super) fn counters(&self) -> &Counters {
        &self.counters
    }

    /// The stream continues, after `wait` if there was a failure.
    pub(super) fn report(
        &self,
        request: &Request,
        resource_version: Option<&str>,
        reason: Reason,
        error: Option<&Error>,
        wait: Duration,
    ) {
        match error {
            Some(error) if reason.is_failure() => {
                warn!(?request, resource_version, ?wait, cause = ?error, "watch interrupted: {reason}");
            }
            _ => debug!(?request, resource_version, ?wait, "watch: {reason}"),
        }
        self.counters.transition(reason);
        if let Some(observer) = &self.observer {
            let path = request.path.as_str().unwrap_or_default();
            observer(&Transition { reason, error, wait, resource_version, path });
        }
    }
}
