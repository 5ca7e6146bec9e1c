use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::Duration;

use fastrand::Rng;
use serde_json::Value;

/// A call of a webhook.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// The `clientConfig` of the webhook.
    pub(crate) client: Value,
    pub(crate) timeout: Timeout,
    /// The identity of the review, which differs for each call of a request.
    pub(crate) uid: String,
    pub(crate) body: Value,
}

/// How long a call may take.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Timeout {
    /// As a webhook's configuration says. The API server sends it as the parameter `timeout`.
    Sent(Duration),
    /// API servers wait for conversions without a limit, and send none. This one is for tests that would hang.
    Guard,
}

impl Timeout {
    pub(crate) fn duration(self) -> Duration {
        match self {
            Self::Sent(timeout) => timeout,
            Self::Guard => Duration::from_secs(30),
        }
    }
}

/// The returned review, or the reason why there is none.
pub(crate) type Outcome = Result<Value, String>;

/// The calls made by a request, over all its executions.
#[derive(Debug, Default)]
pub(crate) struct Exchange {
    id: u64,
    /// By the identities of reviews.
    known: HashMap<String, Outcome>,
    wanted: Vec<Call>,
    /// How often each question was asked this time, by its hash.
    asked: HashMap<u64, u64>,
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
        let known = self.known.get(&call.uid).cloned();
        if known.is_none() && self.wanted.iter().all(|wanted| wanted.uid != call.uid) {
            self.wanted.push(call);
        }
        known
    }

    /// The identity of a review with this content.
    ///
    /// It is the same each time that the request is carried out, though reviews in between are only made later.
    pub(crate) fn uid(&mut self, content: &Value) -> String {
        let mut hasher = DefaultHasher::new();
        content.to_string().hash(&mut hasher);
        let times = self.asked.entry(hasher.finish()).or_default();
        *times += 1;
        times.hash(&mut hasher);
        let (id, hash) = (self.id, hasher.finish());
        format!("{id:08x}-{:04x}-4000-8000-{:012x}", hash >> 48, hash & 0xffff_ffff_ffff)
    }

    pub(crate) fn warn(&mut self, warning: &str) {
        self.warnings.push(warning.to_owned());
    }

    pub(crate) fn is_waiting(&self) -> bool {
        !self.wanted.is_empty()
    }

    /// Starts another execution; returns the initial state of the first.
    pub(crate) fn begin(&mut self, random: &Rng, elapsed: Duration) -> Option<(Rng, Duration)> {
        (self.asked, self.warnings) = (HashMap::new(), Vec::new());
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

    pub(crate) fn learn(&mut self, uid: String, outcome: Outcome) {
        self.known.insert(uid, outcome);
    }
}
