use std::time::Duration;

use super::{Driver, Io, Output};
use crate::clock::Timer;
use crate::error::Cause;
use crate::machine::{Loss, Recovery};
use crate::{Error, Reason};

/// Handles ends of connections.
impl Driver {
    /// Handles a request that has failed, or whose connection has ended.
    pub(super) fn lost(&mut self, cause: Cause) -> Output {
        let lived = self.since.elapsed();
        let cause = match cause {
            Cause::Ended if self.machine.has_ended_at_once(lived) => Cause::EndedAtOnce,
            cause => cause,
        };
        let loss = cause.loss();
        match self.machine.lost(loss, lived) {
            Recovery::Retry { wait } => self.retry(Reason::of(loss), cause, wait),
            // The server has refused not the watch, but its initial list.
            Recovery::ListInstead if loss == Loss::Refused => self.list_instead(Reason::NoStreamingList, cause),
            Recovery::ListInstead => self.list_instead(Reason::of(loss), cause),
            Recovery::Fail => self.fail(cause),
        }
    }

    pub(super) fn retry(&mut self, reason: Reason, cause: Cause, wait: Duration) -> Output {
        if self.reconnect {
            let error = Error::new(self.requests.list(), cause);
            self.report(reason, Some(&error), wait);
            self.io = if wait.is_zero() { Io::Idle } else { Io::Waiting(Timer::after(wait)) };
            return None;
        }
        match cause {
            // The end of the only connection.
            Cause::Ended | Cause::EndedAtOnce if !self.machine.is_listing() => {
                self.report(Reason::Ended, None, Duration::ZERO);
                self.close();
                None
            }
            cause => self.fail(cause),
        }
    }

    pub(super) fn list_instead(&mut self, reason: Reason, cause: Cause) -> Output {
        let error = Error::new(self.requests.list(), cause);
        self.report(reason, Some(&error), Duration::ZERO);
        self.io = Io::Idle;
        None
    }

    pub(super) fn fail(&mut self, cause: Cause) -> Output {
        self.counters().failed();
        self.close();
        Some(Err(Error::new(self.requests.list(), cause)))
    }

    pub(super) fn report(&self, reason: Reason, error: Option<&Error>, wait: Duration) {
        self.reporter.report(self.requests.list(), self.resource_version(), reason, error, wait);
    }
}
