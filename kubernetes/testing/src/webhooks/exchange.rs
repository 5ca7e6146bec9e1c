use std::time::Duration;

use fastrand::Rng;
use serde_json::Value;

/// The number of a client's configuration can't tell calls apart, so all of a call is compared.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Call {
    /// The `clientConfig` of the webhook.
    pub(crate) client: Value,
    pub(crate) timeout: Duration,
    pub(crate) body: Value,
}

/// The review that came back, or why none did.
pub(crate) type Outcome = Result<Value, String>;

/// The calls that one request makes, over all times that it is carried out.
#[derive(Debug, Default)]
pub(crate) struct Exchange {
    id: u64,
    known: Vec<(Call, Outcome)>,
    wanted: Vec<Call>,
    /// How many reviews were made this time.
    reviews: u64,
    warnings: Vec<String>,
    /// The state in which the request found the source of random values and the clock, the first time.
    start: Option<(Rng, Duration)>,
}

impl Exchange {
    pub(crate) fn new(id: u64) -> Self {
        Self { id, ..Self::default() }
    }

    /// The answer to a call; `None` if it is still to be made.
    pub(crate) fn ask(&mut self, call: Call) -> Option<Outcome> {
        let known = self.known.iter().find(|(other, _)| *other == call).map(|(_, outcome)| outcome.clone());
        if known.is_none() && !self.wanted.contains(&call) {
            self.wanted.push(call);
        }
        known
    }

    /// The identity of the next review, which is the same each time that the request is carried out.
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

    /// Begins anew; returns where the request began the first time.
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
