//! Follows `Watch::stream` as its documentation says: after a version is forgotten, from a new list.

use std::sync::{Arc, Mutex};

use futures_util::StreamExt;
use kubernetes_client::Client;
use kubernetes_core::ListRequest;
use kubernetes_watch::{Event, Watch};

use crate::history::{History, Kind};
use crate::{Widget, uid, version};

/// The events of every stream.
#[derive(Clone)]
pub(crate) struct Follower(Arc<Mutex<Vec<Vec<Event<Widget>>>>>);

impl Follower {
    pub(crate) fn start(client: &Client) -> Self {
        let follower = Self(Arc::default());
        tokio::spawn(follower.clone().follow(Watch::new(client)));
        follower
    }

    async fn follow(self, watch: Watch) {
        loop {
            self.streams(|streams| streams.push(Vec::new()));
            let mut events = watch.stream(ListRequest::<Widget>::all_namespaces());
            while let Some(event) = events.next().await {
                match event {
                    Ok(event) => self.streams(|streams| streams.last_mut().expect("one was begun").push(event)),
                    Err(error) => assert!(error.is_gone(), "it can go on after {error:?}"),
                }
            }
        }
    }

    fn streams<T>(&self, with: impl FnOnce(&mut Vec<Vec<Event<Widget>>>) -> T) -> T {
        with(&mut self.0.lock().expect("no panic"))
    }

    pub(crate) fn has_seen(&self, last: u64) -> bool {
        self.streams(|streams| {
            let seen = streams.last().into_iter().flatten().filter_map(|event| event.object());
            seen.map(version).max() >= Some(last)
        })
    }

    /// From its list on, each stream has every change, in order, and nothing else. Returns how many events, and
    /// streams.
    pub(crate) fn check(&self, seed: u64, history: &History) -> (usize, usize) {
        self.streams(|streams| {
            for events in &*streams {
                check_stream(seed, history, events);
            }
            (streams.iter().map(Vec::len).sum(), streams.len())
        })
    }
}

fn check_stream(seed: u64, history: &History, events: &[Event<Widget>]) {
    let is_end = |event: &Event<Widget>| matches!(event, Event::Bookmark(bookmark) if bookmark.ends_initial_events());
    let Some(end) = events.iter().position(is_end) else {
        assert!(events.is_empty(), "seed {seed}: a stream begins with {:?}", events[0]);
        return;
    };
    let (listed, changes) = events.split_at(end);
    assert!(listed.iter().all(|event| matches!(event, Event::Added(_))), "seed {seed}: {listed:?}");
    let Some(Event::Bookmark(bookmark)) = changes.first() else { unreachable!("it was found") };
    let from: u64 = bookmark.resource_version().parse().expect("the server counts");
    let told: Vec<_> = changes
        .iter()
        .filter_map(|event| match event {
            Event::Added(widget) => Some((version(widget), Kind::Added, uid(widget))),
            Event::Modified(widget) => Some((version(widget), Kind::Modified, uid(widget))),
            Event::Deleted(widget) => Some((version(widget), Kind::Deleted, uid(widget))),
            Event::Bookmark(_) => None,
        })
        .collect();
    let to = told.last().map_or(from, |(version, ..)| *version);
    let done: Vec<_> =
        history.between(from, to).map(|(version, change)| (version, change.kind, change.uid.clone())).collect();
    assert_eq!(told, done, "seed {seed}: from version {from} on");
}
