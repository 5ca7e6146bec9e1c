use std::collections::HashMap;
use std::time::Duration;

use kubernetes_core::{MicroTime, Str};
use kubernetes_models::core::v1::ObjectReference;
use kubernetes_models::events::v1::{Event, EventSeries};

use super::spam::MAX_OBJECTS;
use crate::clock::{Instant, later};

/// client-go's `refreshTime`: how often the count of a series is written.
const REFRESH: Duration = Duration::from_secs(30 * 60);
/// client-go's `finishTime`: how long after its last event a series has ended.
const FINISH: Duration = Duration::from_secs(6 * 60);

/// The events that may repeat.
#[derive(Default)]
pub(super) struct SeriesCache {
    series: HashMap<Key, Series>,
}

/// A write that is to be sent to the server.
#[derive(Debug)]
pub(super) enum Write {
    Create(Box<Event>),
    /// The event with its series.
    Update(Box<Event>),
}

impl Write {
    pub(super) fn event(&self) -> &Event {
        let (Self::Create(event) | Self::Update(event)) = self;
        event
    }
}

/// All of an event but note, time and the version of its object.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    texts: [Option<Str>; 5],
    regarding: Option<ObjectKey>,
    related: Option<ObjectKey>,
}

type ObjectKey = [Option<Str>; 6];

struct Series {
    event: Event,
    count: i32,
    /// The count that was written last.
    written: i32,
    written_at: Instant,
    last_seen: Instant,
    last_observed: MicroTime,
}

impl SeriesCache {
    pub(super) fn is_empty(&self) -> bool {
        self.series.is_empty()
    }

    /// The write for an event; `None` if it is only counted.
    pub(super) fn observe(&mut self, mut event: Event, now: Instant) -> Option<Write> {
        let key = Key::of(&event);
        if let Some(series) = self.series.get_mut(&key) {
            series.count = series.count.saturating_add(1);
            (series.last_seen, series.last_observed) = (now, event.event_time);
            return (series.written == 1).then(|| series.write(now));
        }
        self.make_room();
        // The server's answer to a later write is not needed, so that the cache keeps what was sent.
        let last_observed = event.event_time;
        event.series = None;
        let series =
            Series { event: event.clone(), count: 1, written: 1, written_at: now, last_seen: now, last_observed };
        self.series.insert(key, series);
        Some(Write::Create(Box::new(event)))
    }

    /// The writes that are due: of series that have ended, and of counts that were not written for long.
    pub(super) fn due(&mut self, now: Instant) -> Vec<Write> {
        let mut writes = Vec::new();
        self.series.retain(|_, series| {
            let has_ended = later(series.last_seen, FINISH) <= now;
            let is_due = has_ended || later(series.written_at, REFRESH) <= now;
            if is_due && series.count > series.written {
                writes.push(series.write(now));
            }
            !has_ended
        });
        writes
    }

    /// The counts that were not written yet.
    pub(super) fn unwritten(&mut self, now: Instant) -> Vec<Write> {
        let unwritten = self.series.values_mut().filter(|series| series.count > series.written);
        unwritten.map(|series| series.write(now)).collect()
    }

    /// Forgets the event that was seen the longest ago; its count is lost.
    fn make_room(&mut self) {
        if self.series.len() >= MAX_OBJECTS
            && let Some(key) = self.series.iter().min_by_key(|(_, series)| series.last_seen).map(|(key, _)| key.clone())
        {
            self.series.remove(&key);
        }
    }
}

impl Series {
    fn write(&mut self, now: Instant) -> Write {
        (self.written, self.written_at) = (self.count, now);
        let series = EventSeries { count: self.count, last_observed_time: self.last_observed };
        Write::Update(Box::new(Event { series: Some(Box::new(series)), ..self.event.clone() }))
    }
}

impl Key {
    fn of(event: &Event) -> Self {
        let object = |reference: &Option<Box<ObjectReference>>| reference.as_deref().map(object_key);
        Self {
            texts: [
                event.type_.clone(),
                event.action.clone(),
                event.reason.clone(),
                event.reporting_controller.clone(),
                event.reporting_instance.clone(),
            ],
            regarding: object(&event.regarding),
            related: object(&event.related),
        }
    }
}

fn object_key(reference: &ObjectReference) -> ObjectKey {
    let ObjectReference { api_version, kind, namespace, name, uid, field_path, .. } = reference.clone();
    [api_version, kind, namespace, name, uid, field_path]
}
