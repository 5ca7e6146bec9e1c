use std::collections::{BTreeSet, HashMap};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use kubernetes_client::Client;
use kubernetes_core::Str;
use tokio::sync::oneshot;

use super::counts::Counters;
use super::series::Write;
use super::sink::{Outcome, Sink};

/// How many writes may be under way or wait to be sent again.
const LIMIT: usize = 1000;

/// The writes that are under way: one that has to be sent again does not delay others.
pub(super) struct Pending {
    sink: Arc<Sink>,
    running: FuturesUnordered<Pin<Box<dyn Future<Output = Sent> + Send>>>,
    /// The events that are being written, each with the write that comes after it: writes of one event keep their
    /// order.
    events: HashMap<Str, Option<Numbered>>,
    /// The numbers of all that are not sent yet.
    numbers: BTreeSet<u64>,
    last_number: u64,
    /// Those who wait until everything up to a number has been sent.
    flushes: Vec<(u64, oneshot::Sender<()>)>,
    counters: Arc<Counters>,
}

struct Numbered {
    number: u64,
    write: Write,
}

struct Sent {
    event: Str,
    number: u64,
    outcome: Outcome,
}

impl Pending {
    pub(super) fn new(client: Client, counters: Arc<Counters>) -> Self {
        Self {
            sink: Arc::new(Sink::new(client)),
            running: FuturesUnordered::new(),
            events: HashMap::new(),
            numbers: BTreeSet::new(),
            last_number: 0,
            flushes: Vec::new(),
            counters,
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.numbers.len() >= LIMIT
    }

    pub(super) fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }

    pub(super) fn send(&mut self, write: Write) {
        self.last_number += 1;
        let numbered = Numbered { number: self.last_number, write };
        let event = numbered.write.event().metadata.name.clone().unwrap_or_default();
        match self.events.get_mut(&event) {
            None => {
                self.events.insert(event.clone(), None);
                self.numbers.insert(numbered.number);
                self.start(event, numbered);
            }
            // The later one has the count of both, and whoever waits for the first waits for it.
            Some(Some(next)) => {
                next.write = numbered.write;
                self.counters.aggregated();
            }
            Some(next) => {
                self.numbers.insert(numbered.number);
                *next = Some(numbered);
            }
        }
    }

    fn start(&self, event: Str, Numbered { number, write }: Numbered) {
        let sink = Arc::clone(&self.sink);
        self.running.push(Box::pin(async move { Sent { event, number, outcome: sink.send(&write).await } }));
    }

    /// Waits for a write to end.
    pub(super) fn poll_sent(&mut self, context: &mut Context<'_>) -> Poll<()> {
        match self.running.poll_next_unpin(context) {
            Poll::Ready(Some(sent)) => {
                self.ended(sent);
                Poll::Ready(())
            }
            Poll::Ready(None) | Poll::Pending => Poll::Pending,
        }
    }

    fn ended(&mut self, Sent { event, number, outcome }: Sent) {
        match outcome {
            Outcome::Sent => self.counters.sent(),
            Outcome::Refused => self.counters.refused(),
            Outcome::Failed => self.counters.failed(),
        }
        self.numbers.remove(&number);
        match self.events.get_mut(&event).and_then(Option::take) {
            Some(next) => self.start(event, next),
            None => drop(self.events.remove(&event)),
        }
        self.answer_flushes();
    }

    /// Tells `done` when everything that was given so far has been sent.
    pub(super) fn flush(&mut self, done: oneshot::Sender<()>) {
        self.flushes.push((self.last_number, done));
        self.answer_flushes();
    }

    fn answer_flushes(&mut self) {
        let first = self.numbers.first().copied().unwrap_or(u64::MAX);
        for (_, done) in self.flushes.extract_if(.., |(number, _)| *number < first) {
            // The caller may have given up.
            let _ = done.send(());
        }
    }
}
