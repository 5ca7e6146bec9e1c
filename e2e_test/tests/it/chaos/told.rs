//! The events that handlers and streams received, put together.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex};

use futures::StreamExt;
use kubernetes_sdk::core::ListRequest;
use kubernetes_sdk::models::core::v1::ConfigMap;
use kubernetes_sdk::watch::{Event, StoreEvent, Watch};

/// The uid and version of each object, by its name.
pub(crate) type Contents = BTreeMap<String, (String, String)>;

pub(crate) fn contents<'a>(objects: impl IntoIterator<Item = &'a ConfigMap>) -> Contents {
    objects.into_iter().map(|object| (object.name().to_owned(), state(object))).collect()
}

fn state(object: &ConfigMap) -> (String, String) {
    let text = |text: &Option<kubernetes_sdk::Str>| text.as_deref().unwrap_or_default().to_owned();
    (text(&object.metadata.uid), text(&object.metadata.resource_version))
}

/// The objects that are missing, superfluous, or in another state.
#[derive(Debug)]
pub(crate) struct Difference {
    _lost: Vec<String>,
    _phantoms: Vec<String>,
    _outdated: Vec<String>,
}

pub(crate) fn difference(found: &Contents, expected: &Contents) -> Difference {
    let missing =
        |of: &Contents, from: &Contents| of.keys().filter(|name| !from.contains_key(*name)).cloned().collect();
    let outdated = expected.iter().filter(|(name, state)| found.get(*name).is_some_and(|found| found != *state));
    Difference {
        _lost: missing(expected, found),
        _phantoms: missing(found, expected),
        _outdated: outdated.map(|(name, _)| name.clone()).collect(),
    }
}

/// The events of one of them, and those that make no sense.
#[derive(Clone, Default)]
pub(crate) struct Told(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    contents: Contents,
    gone: HashSet<String>,
    events: usize,
    wrong: Vec<String>,
}

impl Told {
    /// For a handler: each object comes, changes and goes, in this order, once.
    pub(crate) fn handler(&self) -> impl FnMut(StoreEvent<ConfigMap>) + Send + 'static {
        let told = self.clone();
        move |event| told.with(|state| state.take(&event))
    }

    pub(crate) fn contents(&self) -> Contents {
        self.with(|state| state.contents.clone())
    }

    /// How many events there were, all in order.
    pub(crate) fn check(&self) -> usize {
        self.with(|state| {
            assert!(state.wrong.is_empty(), "{:#?}", state.wrong);
            state.events
        })
    }

    fn with<T>(&self, with: impl FnOnce(&mut State) -> T) -> T {
        with(&mut self.0.lock().expect("nothing panics with it"))
    }
}

impl State {
    fn take(&mut self, event: &StoreEvent<ConfigMap>) {
        self.events += 1;
        let (name, (uid, version)) = (event.object().name().to_owned(), state(event.object()));
        let known = self.contents.get(&name).cloned();
        let makes_sense = !self.gone.contains(&uid)
            && match event {
                StoreEvent::Added(_) => known.is_none(),
                StoreEvent::Updated { old, .. } => known.as_ref() == Some(&state(old)) && state(old).0 == uid,
                StoreEvent::Deleted { .. } => known.as_ref().is_some_and(|known| known.0 == uid),
            };
        if !makes_sense {
            self.wrong.push(format!("{event:?} ({uid}@{version}) of {known:?}"));
        }
        if let StoreEvent::Deleted { .. } = event {
            self.contents.remove(&name);
            self.gone.insert(uid);
        } else {
            self.contents.insert(name, (uid, version));
        }
    }
}

/// Keeps the objects by `Watch::stream`, and lists again when the version is forgotten.
pub(crate) fn follow(watch: Watch, request: ListRequest<ConfigMap>) -> Told {
    let told = Told::default();
    let following = told.clone();
    tokio::spawn(async move {
        loop {
            let mut events = watch.stream(request.clone());
            let mut listing = Some(Contents::new());
            while let Some(event) = events.next().await {
                match (event, &mut listing) {
                    (Ok(Event::Added(object)), Some(listed)) => {
                        listed.insert(object.name().to_owned(), state(&object));
                    }
                    (Ok(Event::Added(object) | Event::Modified(object)), _) => {
                        following.with(|told| told.contents.insert(object.name().to_owned(), state(&object)));
                    }
                    (Ok(Event::Deleted(object)), _) => {
                        following.with(|told| told.contents.remove(object.name()));
                    }
                    (Ok(Event::Bookmark(_)), listing) => {
                        if let Some(listed) = listing.take() {
                            following.with(|told| told.contents = listed);
                        }
                    }
                    (Err(error), _) => assert!(error.is_gone(), "it can go on after {error:?}"),
                }
            }
        }
    });
    told
}
