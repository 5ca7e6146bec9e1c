//! A store against a model: in whatever order changes come, it ends up with the objects of the server, and so do those
//! who apply the events of subscriptions.

use std::collections::{BTreeMap, VecDeque};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use futures_core::Stream;
use kubernetes_core::{Object, ObjectMeta, Str};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

use super::*;
use crate::Change;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Widget {
    metadata: ObjectMeta,
}

kubernetes_core::resource!(Widget: "example.com" / "v1" / "Widget", "widgets", namespaced, watch, serde);

/// A step of a run.
#[derive(Clone, Debug)]
enum Step {
    /// An object is created or changed, so that it matches these sources.
    Write {
        name: u8,
        matches: [bool; 2],
    },
    Delete {
        name: u8,
    },
    /// Some events reach a source.
    Deliver {
        source: usize,
        count: usize,
    },
    /// A source has lost its connection, and lists.
    Relist {
        source: usize,
        broken: bool,
    },
    /// A subscription begins, in place of another.
    Subscribe {
        subscription: usize,
    },
    /// A subscription is read.
    Read {
        subscription: usize,
        count: usize,
    },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (0..6_u8, any::<[bool; 2]>()).prop_map(|(name, matches)| Step::Write { name, matches }),
        3 => (0..6_u8).prop_map(|name| Step::Delete { name }),
        6 => (0..2_usize, 1..8_usize).prop_map(|(source, count)| Step::Deliver { source, count }),
        1 => (0..2_usize, any::<bool>()).prop_map(|(source, broken)| Step::Relist { source, broken }),
        1 => (0..2_usize).prop_map(|subscription| Step::Subscribe { subscription }),
        3 => (0..2_usize, 1..12_usize).prop_map(|(subscription, count)| Step::Read { subscription, count }),
    ];
    prop::collection::vec(step, 0..200)
}

#[derive(Default)]
struct Server {
    version: u32,
    objects: BTreeMap<String, (Widget, [bool; 2])>,
    /// The changes that each source has not received yet.
    sent: [VecDeque<Change<Widget>>; 2],
}

impl Server {
    fn write(&mut self, name: u8, matches: [bool; 2]) {
        self.version += 1;
        let name = format!("w{name}");
        let before = self.objects.get(&name).cloned();
        let uid = match &before {
            Some((before, _)) => before.uid().to_owned(),
            None => format!("uid-{}", self.version),
        };
        let widget = self.widget(&name, &uid);
        for (source, sent) in self.sent.iter_mut().enumerate() {
            match (before.as_ref().is_some_and(|(_, matches)| matches[source]), matches[source]) {
                (_, true) => sent.push_back(Change::Applied(widget.clone())),
                (true, false) => sent.push_back(Change::Deleted(widget.clone())),
                (false, false) => {}
            }
        }
        self.objects.insert(name, (widget, matches));
    }

    fn delete(&mut self, name: u8) {
        let Some((before, matches)) = self.objects.remove(&format!("w{name}")) else { return };
        self.version += 1;
        let last = self.widget(before.name(), before.uid());
        for (sent, _) in self.sent.iter_mut().zip(matches).filter(|(_, matches)| *matches) {
            sent.push_back(Change::Deleted(last.clone()));
        }
    }

    /// An object of the current version; its label is one of three.
    fn widget(&self, name: &str, uid: &str) -> Widget {
        let mut widget = Widget::named(name);
        widget.metadata.uid = Some(uid.into());
        widget.metadata.resource_version = Some(self.version.to_string().into());
        let app = format!("app-{}", self.version % 3);
        widget.metadata.labels = [("app", Str::from(app))].into_iter().collect();
        widget
    }

    fn list(&self, source: usize) -> impl Iterator<Item = Widget> {
        self.objects.values().filter(move |(_, matches)| matches[source]).map(|(widget, _)| widget.clone())
    }
}

/// A subscription, and the objects that exist by its events.
struct Reader {
    subscription: Subscription<Widget>,
    told: BTreeMap<String, Arc<Widget>>,
    /// Whether no object goes back to an older state, as it may where two sources that have it are not in step.
    ordered: bool,
}

impl Reader {
    fn new(store: &Store<Widget>, sources: usize) -> Self {
        Self { subscription: store.subscribe(), told: BTreeMap::new(), ordered: sources == 1 }
    }

    /// Takes events, each of which must follow from those before; whether there were as many.
    fn read(&mut self, count: usize) -> bool {
        for _ in 0..count {
            let mut context = Context::from_waker(Waker::noop());
            let Poll::Ready(Some(event)) = Pin::new(&mut self.subscription).poll_next(&mut context) else {
                return false;
            };
            let name = event.object().name().to_owned();
            match event {
                StoreEvent::Added(widget) => assert_eq!(self.told.insert(name, widget), None),
                StoreEvent::Updated { old, new } => {
                    assert!(!Arc::ptr_eq(&old, &new) && old.uid() == new.uid());
                    assert!(!self.ordered || version(&old) < version(&new), "{old:?} to {new:?}");
                    assert_eq!(self.told.insert(name, new), Some(old));
                }
                StoreEvent::Deleted { object, observed } => {
                    let told = self.told.remove(&name).expect("only what was told to exist is deleted");
                    assert_eq!(told.uid(), object.uid());
                    assert!(observed || told == object);
                }
            }
        }
        true
    }
}

fn version(widget: &Widget) -> u32 {
    widget.metadata.resource_version.as_deref().expect("a version").parse().expect("a number")
}

fn check(store: &Store<Widget>, index: &Index<Widget>) {
    let snapshot = store.snapshot();
    for app in ["app-0", "app-1", "app-2"] {
        let found: Vec<_> = snapshot
            .iter()
            .filter(|widget| widget.labels().get("app").is_some_and(|of| *of == *app))
            .cloned()
            .collect();
        assert_eq!(snapshot.by_index(index, app), found);
    }
}

fn deliver(writer: &mut StoreWriter<Widget>, sent: &mut VecDeque<Change<Widget>>, count: usize) {
    let count = count.min(sent.len());
    sent.drain(..count).for_each(|change| writer.apply(change));
}

fn relist(writer: &mut StoreWriter<Widget>, server: &mut Server, source: usize, broken: bool) {
    server.sent[source].clear();
    if broken {
        writer.apply(Change::RestartBegin);
        server.list(source).for_each(|widget| writer.apply(Change::Applied(widget)));
        writer.apply(Change::Applied(Widget::named("phantom")));
    }
    writer.apply(Change::RestartBegin);
    server.list(source).for_each(|widget| writer.apply(Change::Applied(widget)));
    writer.apply(Change::RestartEnd);
}

proptest! {
    #[test]
    fn comes_to_what_the_server_has(steps in steps(), sources in 1..=2_usize, indexed: bool) {
        let index = Index::label("app");
        let builder = if indexed { Store::builder().index(&index) } else { Store::builder() };
        let mut writers = builder.build_with_writers(sources);
        let store = writers[0].store();
        let mut server = Server::default();
        let mut readers = [Reader::new(&store, sources), Reader::new(&store, sources)];
        for step in steps {
            match step {
                Step::Write { name, matches } => server.write(name, matches),
                Step::Delete { name } => server.delete(name),
                Step::Deliver { source, .. } | Step::Relist { source, .. } if source >= sources => {}
                Step::Deliver { source, count } => deliver(&mut writers[source], &mut server.sent[source], count),
                Step::Relist { source, broken } => relist(&mut writers[source], &mut server, source, broken),
                Step::Subscribe { subscription } => readers[subscription] = Reader::new(&store, sources),
                Step::Read { subscription, count } => {
                    readers[subscription].read(count);
                }
            }
            check(&store, &index);
        }
        for (source, writer) in writers.iter_mut().enumerate() {
            deliver(writer, &mut server.sent[source], usize::MAX);
        }
        let expected: Vec<_> = server.objects.values()
            .filter(|(_, matches)| matches[..sources].contains(&true))
            .map(|(widget, _)| widget.clone())
            .collect();
        let stored: Vec<_> = store.list().iter().map(|widget| (**widget).clone()).collect();
        prop_assert_eq!(&stored, &expected);
        for reader in &mut readers {
            prop_assert!(!reader.read(100_000), "it ends");
            prop_assert_eq!(reader.subscription.is_synced(), store.is_ready());
            let told: Vec<_> = reader.told.values().map(|widget| (**widget).clone()).collect();
            prop_assert_eq!(&told, &expected);
        }
    }
}

/// Also run by Miri (`scripts/check --long`), as the map below a snapshot has unsafe code.
#[test]
fn snapshots_stay_as_they_are_while_the_store_changes_on_any_thread() {
    let index = Index::label("app");
    let mut writer = Store::builder().index(&index).build_with_writers(1).remove(0);
    let store = writer.store();
    let server = |version| Server { version, ..Server::default() };
    let widget = |number: u32| server(number).widget(&format!("w{}", number % 7), "uid");
    let snapshots: Vec<_> = (1..=20)
        .map(|number| {
            writer.apply(Change::Applied(widget(number)));
            (number, store.snapshot())
        })
        .collect();
    let readers: Vec<_> = snapshots
        .into_iter()
        .map(|(number, snapshot)| {
            std::thread::spawn(move || {
                let newest = snapshot.get(None, &format!("w{}", number % 7)).map(|widget| version(&widget));
                assert_eq!((newest, snapshot.len()), (Some(number), number.min(7) as usize));
            })
        })
        .collect();
    (21..=27).for_each(|number| writer.apply(Change::Deleted(widget(number))));
    assert!(store.snapshot().is_empty());
    readers.into_iter().for_each(|reader| reader.join().expect("the snapshot has what it had"));
}
