use std::time::Duration;

use fastrand::Rng;
use serde_json::Value;

/// Calls are compared as a whole, since the number of a client configuration does not identify them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Call {
    /// The `clientConfig` of the webhook.
    pub(crate) client: Value,
    pub(crate) timeout: Duration,
    pub(crate) body: Value,
}

/// The returned review, or the reason why there is none.
pub(crate) type Outcome = Result<Value, String>;

/// The calls made by a request, over all its executions.
#[derive(Debug, Default)]
pub(crate) struct Exchange {
    id: u64,
    known: Vec<(Call, Outcome)>,
    wanted: Vec<Call>,
    /// The number of reviews in this execution.
    reviews: u64,
    warnings: Vec<String>,
    /// The state of the random number generator and the clock at the first execution of the request.
    start: Option<(Rng, Duration)>,
}

impl Exchange {
    pub(crate) fn new(id: u64) -> Self {
        Self { id, ..Self::default() }
    }

    /// The response to a call; `None` if the call has not been made.
    pub(crate) fn ask(&mut self, call: Call) -> Option<Outcome> {
        let known = self.known.iter().find(|(other, _)| *other == call).map(|(_, outcome)| outcome.clone());
        if known.is_none() && !self.wanted.contains(&call) {
            self.wanted.push(call);
        }
        known
    }

    /// The uid of the next review, which is the same in every execution of the request.
    pub(crate) fn next_uid(&mut self) -> String {
        self.reviews += 1;
        format!("{:08x}-0000-4000-8000-{:012x}", self.id, self.reviews)
    }

    pub(crate) fn warn(&mut self, warning: &str) {
        self.warnings.push(warning.to_owned());
    }

    pub(crate) fn is_waiting(&self) -> bool {
        !self.wanted.is_empty()
    }

    /// Starts another execution; returns the initial state of the first.
    pub(crate) fn begin(&mut self, random: &Rng, elapsed: Duration) -> Option<(Rng, Duration)> {
        (self.reviews, self.warnings) = (0, Vec::new());
        match &self.start {
            Some(start) => Some(start.clone()),
            None => {
                self.start = Some((random.clone(), elapsed));
                None
            }
        }
    }

    pub(crate) fn take_warnings(&mut self) -> Vec<String> {
        std::mem::take(&mut self.warnings)
    }

    pub(crate) fn take_wanted(&mut self) -> Vec<Call> {
        std::mem::take(&mut self.wanted)
    }

    pub(crate) fn learn(&mut self, call: Call, outcome: Outcome) {
        self.known.push((call, outcome));
    }
}
