use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use kubernetes_client::Client;
use kubernetes_models::events::v1::Event;
use tokio::sync::{mpsc, oneshot};

use super::counts::Counters;
use super::pending::Pending;
use super::series::SeriesCache;
use super::spam::SpamFilter;
use crate::clock::{self, Instant, later};

/// How often it is checked which series have ended.
const CHECK: Duration = Duration::from_secs(60);

/// The task that sends events.
pub(super) struct Worker {
    queue: mpsc::Receiver<Message>,
    spam: SpamFilter,
    series: SeriesCache,
    pending: Pending,
    counters: Arc<Counters>,
    /// The nanoseconds in the name of the last event.
    last_name: i128,
}

pub(super) enum Message {
    Event(Box<Event>),
    /// Everything before it is to be sent.
    Flush(oneshot::Sender<()>),
}

/// The next thing for the worker to do.
enum Step {
    Take(Message),
    CheckSeries,
    /// All recorders were dropped.
    End,
}

impl Worker {
    pub(super) fn new(client: Client, queue: mpsc::Receiver<Message>, counters: Arc<Counters>) -> Self {
        let (spam, series) = (SpamFilter::default(), SeriesCache::default());
        let pending = Pending::new(client, Arc::clone(&counters));
        Self { queue, spam, series, pending, counters, last_name: 0 }
    }

    pub(super) async fn run(mut self) {
        let mut check_at = later(clock::now(), CHECK);
        loop {
            match self.next_step(check_at).await {
                Step::Take(Message::Event(event)) => self.record(*event),
                Step::Take(Message::Flush(done)) => {
                    self.send_unwritten();
                    self.pending.flush(done);
                }
                Step::CheckSeries => {
                    check_at = later(clock::now(), CHECK);
                    self.series.due(clock::now()).into_iter().for_each(|write| self.pending.send(write));
                }
                Step::End => break,
            }
        }
        self.send_unwritten();
        while !self.pending.is_empty() {
            poll_fn(|context| self.pending.poll_sent(context)).await;
        }
    }

    async fn next_step(&mut self, check_at: Instant) -> Step {
        let mut check = pin!(clock::sleep_until(check_at));
        poll_fn(|context| {
            while self.pending.poll_sent(context).is_ready() {}
            if !self.pending.is_full()
                && let Poll::Ready(message) = self.queue.poll_recv(context)
            {
                return Poll::Ready(message.map_or(Step::End, Step::Take));
            }
            if self.series.is_empty() {
                return Poll::Pending;
            }
            check.as_mut().poll(context).map(|()| Step::CheckSeries)
        })
        .await
    }

    fn record(&mut self, mut event: Event) {
        let now = clock::now();
        event.metadata.name = Some(self.name(&event).into());
        // What is counted in a series makes no request, and takes none of its object's.
        let Some(write) = self.series.observe(event, now) else { return self.counters.aggregated() };
        match write.event().regarding.as_deref().is_none_or(|regarding| self.spam.admits(regarding, now)) {
            true => self.pending.send(write),
            false => self.counters.filtered(),
        }
    }

    /// A name that no other event has, as client-go's `GenerateEventName`.
    fn name(&mut self, event: &Event) -> String {
        self.last_name = event.event_time.timestamp().as_nanosecond().max(self.last_name + 1);
        let object = event.regarding.as_deref().and_then(|regarding| regarding.name.as_deref()).unwrap_or_default();
        let name = format!("{object}.{:x}", self.last_name);
        // Names of some objects, such as roles, can't be in those of others.
        if is_subdomain(&name) { name } else { format!("event.{:x}", self.last_name) }
    }

    fn send_unwritten(&mut self) {
        self.series.unwritten(clock::now()).into_iter().for_each(|write| self.pending.send(write));
    }
}

/// Whether a text is a DNS subdomain (RFC 1123), as names of objects are.
fn is_subdomain(name: &str) -> bool {
    let is_label = |label: &str| {
        let is_alphanumeric = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let bytes = label.as_bytes();
        let ends = [bytes.first(), bytes.last()];
        ends.iter().all(|end| end.is_some_and(|byte| is_alphanumeric(*byte)))
            && bytes.iter().all(|byte| is_alphanumeric(*byte) || *byte == b'-')
    };
    name.len() <= 253 && name.split('.').all(is_label)
}
