use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{Either, select};
use kubernetes_client::Client;
use kubernetes_models::events::v1::Event;
use tokio::sync::{mpsc, oneshot};

use super::counts::Counters;
use super::series::{SeriesCache, Write};
use super::sink::{Outcome, Sink};
use super::spam::SpamFilter;
use crate::clock::{self, Instant, later};

/// How often it is checked which series have ended.
const CHECK: Duration = Duration::from_secs(60);

/// The task that sends events, one after another.
pub(super) struct Worker {
    sink: Sink,
    queue: mpsc::Receiver<Message>,
    spam: SpamFilter,
    series: SeriesCache,
    counters: Arc<Counters>,
    /// The nanoseconds in the name of the last event.
    last_name: i128,
}

pub(super) enum Message {
    Event(Box<Event>),
    /// Everything before it shall be sent.
    Flush(oneshot::Sender<()>),
}

impl Worker {
    pub(super) fn new(client: Client, queue: mpsc::Receiver<Message>, counters: Arc<Counters>) -> Self {
        let (spam, series) = (SpamFilter::default(), SeriesCache::default());
        Self { sink: Sink { client }, queue, spam, series, counters, last_name: 0 }
    }

    pub(super) async fn run(mut self) {
        let mut check_at = later(clock::now(), CHECK);
        loop {
            let Some(message) = self.receive(check_at).await else {
                check_at = later(clock::now(), CHECK);
                let writes = self.series.due(clock::now());
                self.send_all(writes).await;
                continue;
            };
            match message {
                Some(Message::Event(event)) => self.record(*event).await,
                Some(Message::Flush(done)) => {
                    self.send_unwritten().await;
                    // The caller may have given up.
                    let _ = done.send(());
                }
                None => return self.send_unwritten().await,
            }
        }
    }

    /// The next message, or that there will be none; `None` if it is time to look at the series before it comes.
    async fn receive(&mut self, check_at: Instant) -> Option<Option<Message>> {
        let message = pin!(self.queue.recv());
        if self.series.is_empty() {
            return Some(message.await);
        }
        match select(message, pin!(clock::sleep_until(check_at))).await {
            Either::Left((message, _)) => Some(message),
            Either::Right(_) => None,
        }
    }

    async fn record(&mut self, mut event: Event) {
        let now = clock::now();
        event.metadata.name = Some(self.name(&event).into());
        // What is counted in a series makes no request, and takes none of its object's.
        let Some(write) = self.series.observe(event, now) else { return self.counters.aggregated() };
        let (Write::Create(event) | Write::Update(event)) = &write;
        match event.regarding.as_deref().is_none_or(|regarding| self.spam.admits(regarding, now)) {
            true => self.send(&write).await,
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

    async fn send_unwritten(&mut self) {
        let writes = self.series.unwritten(clock::now());
        self.send_all(writes).await;
    }

    async fn send_all(&self, writes: Vec<Write>) {
        for write in writes {
            self.send(&write).await;
        }
    }

    async fn send(&self, write: &Write) {
        match self.sink.send(write).await {
            Outcome::Sent => self.counters.sent(),
            Outcome::Refused => self.counters.refused(),
            Outcome::Failed => self.counters.failed(),
        }
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
