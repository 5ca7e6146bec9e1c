//! Takes what a store tells, to be checked at the end.

use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::StreamExt;
use kubernetes_watch::{ObjectKey, Store, StoreEvent};
use tokio::time::sleep;

use crate::history::{History, Kind};
use crate::{Widget, show, uid, version};

pub(crate) struct Subscriber {
    told: Arc<Mutex<Vec<StoreEvent<Widget>>>>,
    /// Whether the store has only what a selector fits: an object may leave it, and come again.
    selected: bool,
    hurries: Arc<AtomicBool>,
}

impl Subscriber {
    /// Of one that needs so long for each event.
    pub(crate) fn of(store: &Store<Widget>, selected: bool, pause: Duration) -> Self {
        let told = Arc::<Mutex<Vec<_>>>::default();
        let hurries = Arc::<AtomicBool>::default();
        let (subscription, events, hurry) = (store.subscribe(), Arc::clone(&told), Arc::clone(&hurries));
        tokio::spawn(subscription.for_each(move |event| {
            events.lock().expect("no panic").push(event);
            sleep(if hurry.load(Ordering::Relaxed) { Duration::ZERO } else { pause })
        }));
        Self { told, selected, hurries }
    }

    /// Needs no time any more.
    pub(crate) fn hurry(&self) {
        self.hurries.store(true, Ordering::Relaxed);
    }

    /// Each object comes, changes and goes, in this order, and what is left at the end is what is expected.
    pub(crate) fn check(&self, seed: u64, history: &History, expected: &[String]) -> usize {
        let told = self.told.lock().expect("no panic");
        let mut known = BTreeMap::<ObjectKey, Arc<Widget>>::new();
        let mut gone = HashSet::new();
        for event in &*told {
            let (key, object) = (event.key(), event.object());
            let of_key = key.clone();
            let at = || {
                let same = told.iter().filter(|other| other.key() == of_key).map(|event| (show(event.object()), event));
                format!("seed {seed}: {event:?} among {:#?}", same.collect::<Vec<_>>())
            };
            assert!(self.selected || !gone.contains(&uid(object)), "{}: it was deleted before", at());
            match event {
                StoreEvent::Added(object) => {
                    assert!(known.insert(key, Arc::clone(object)).is_none(), "{}: it is known", at());
                }
                StoreEvent::Updated { old, new } => {
                    let before = known.insert(key, Arc::clone(new));
                    assert_eq!(before.as_ref(), Some(old), "{}: another one was told before", at());
                    assert_eq!(uid(old), uid(new), "{}: it is another object", at());
                    assert!(version(old) < version(new), "{}: it goes back", at());
                }
                StoreEvent::Deleted { object, .. } => {
                    let before = known.remove(&key).unwrap_or_else(|| panic!("{}: it is not known", at()));
                    assert_eq!(uid(&before), uid(object), "{}: another one is known", at());
                    assert!(version(&before) <= version(object), "{}: it goes back", at());
                    gone.insert(uid(object));
                }
            }
            if !matches!(event, StoreEvent::Deleted { .. }) {
                let change = history.get(version(object));
                let change = change.unwrap_or_else(|| panic!("{}: there was no such change", at()));
                assert_eq!(change.uid, uid(object), "{}: it was a change of another object", at());
                assert_ne!(change.kind, Kind::Deleted, "{}: it was its end", at());
            }
        }
        let left: Vec<String> = known.values().map(|widget| show(widget)).collect();
        assert_eq!(left, expected, "seed {seed}: what was told, all together");
        told.len()
    }
}
