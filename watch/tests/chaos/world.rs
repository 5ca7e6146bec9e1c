//! A server, what is done to it, and what goes wrong with it.

use std::collections::BTreeMap;
use std::time::Duration;

use fastrand::Rng;
use kubernetes_client::Client;
use kubernetes_core::{CreateRequest, DeleteRequest, ReplaceRequest};
use kubernetes_testing::{CustomResource, Fault, RandomFaults, TestServer};
use tokio::time::sleep;

use crate::history::{History, Kind};
use crate::{Widget, show, uid};

pub(crate) const NAMESPACES: [&str; 2] = ["north", "south"];

/// Few, so that an object often comes again after its deletion.
const NAMES: usize = 12;

/// Few, so that versions are often forgotten.
const HISTORY: usize = 40;

pub(crate) struct World {
    server: TestServer,
    client: Client,
    random: Rng,
    seed: u64,
    objects: BTreeMap<(&'static str, String), Widget>,
    history: History,
    faulty: bool,
    requests: usize,
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        let [north, south] = NAMESPACES;
        let server = TestServer::builder().resource(CustomResource::of::<Widget>()).namespace(north).namespace(south);
        let server = server.history(HISTORY).seed(seed).in_process();
        Self {
            client: server.client(),
            server,
            random: Rng::with_seed(seed),
            seed,
            objects: BTreeMap::new(),
            history: History::default(),
            faulty: false,
            requests: 0,
        }
    }

    pub(crate) fn client(&self) -> Client {
        self.server.client()
    }

    pub(crate) fn history(&self) -> &History {
        &self.history
    }

    pub(crate) fn requests(&self) -> usize {
        self.requests
    }

    pub(crate) fn all(&self) -> Vec<String> {
        self.objects.values().map(show).collect()
    }

    pub(crate) fn red(&self) -> Vec<String> {
        let red = self.objects.iter().filter(|((namespace, _), widget)| {
            *namespace == NAMESPACES[0] && widget.metadata.labels.get("color").is_some_and(|color| color == "red")
        });
        red.map(|(_, widget)| show(widget)).collect()
    }

    pub(crate) fn begin_faults(&mut self) {
        self.faulty = true;
        self.server.inject_random(RandomFaults::seeded(self.seed).share(0.4).reads_only());
    }

    pub(crate) fn end_faults(&mut self) {
        self.faulty = false;
        self.server.clear_faults();
    }

    pub(crate) async fn operate(&mut self, steps: usize) {
        for step in 0..steps {
            self.change().await;
            if self.faulty {
                self.go_wrong();
            }
            let pause = match self.random.u8(0..100) {
                0..60 => Duration::ZERO,
                60..85 => Duration::from_millis(self.random.u64(1..1_000)),
                85..98 => Duration::from_secs(self.random.u64(1..20)),
                _ => Duration::from_secs(self.random.u64(20..400)),
            };
            if !pause.is_zero() {
                sleep(pause).await;
            }
            if step % 100 == 0 {
                self.forget_requests();
            }
        }
        self.forget_requests();
    }

    /// A last change to every object, so that each watch has something to see; the version of the last one.
    pub(crate) async fn settle(&mut self) -> u64 {
        for namespace in NAMESPACES {
            self.update(namespace, "last".to_owned()).await;
        }
        self.version()
    }

    fn forget_requests(&mut self) {
        self.requests += self.server.requests().len();
        self.server.forget_requests();
    }

    async fn change(&mut self) {
        let namespace = NAMESPACES[self.random.usize(0..NAMESPACES.len())];
        let name = format!("w{}", self.random.usize(0..NAMES));
        match self.random.u8(0..10) {
            0..7 => self.update(namespace, name).await,
            7..9 => self.delete(namespace, name).await,
            _ => {
                self.delete(namespace, name.clone()).await;
                self.update(namespace, name).await;
            }
        }
    }

    /// Creates the object, or gives it another value and perhaps another color; one that is being deleted loses its
    /// finalizer, and goes.
    async fn update(&mut self, namespace: &'static str, name: String) {
        let key = (namespace, name);
        let color = ["red", "blue"][self.random.usize(0..2)];
        let Some(mut widget) = self.objects.get(&key).cloned() else {
            let mut widget = Widget::named(&key.1);
            widget.metadata.labels.insert("color", color);
            widget.metadata.annotations.insert("price", "5 €"); // more than a byte, so that it can be cut in two
            if self.random.u8(0..4) == 0 {
                widget.metadata.finalizers = vec!["example.com/held".into()];
            }
            let created = CreateRequest::namespaced(namespace, &widget).send(&self.client).await.expect("a new widget");
            self.history.add(crate::version(&created), Kind::Added, uid(&created));
            self.objects.insert(key, created);
            return;
        };
        widget.value += 1;
        widget.metadata.labels.insert("color", color);
        let is_last = widget.metadata.deletion_timestamp.is_some();
        if is_last {
            widget.metadata.finalizers.clear();
        }
        let replaced = ReplaceRequest::namespaced(namespace, &widget).send(&self.client).await.expect("a new state");
        if is_last {
            self.history.add(self.version(), Kind::Deleted, uid(&replaced));
            self.objects.remove(&key);
        } else {
            self.history.add(crate::version(&replaced), Kind::Modified, uid(&replaced));
            self.objects.insert(key, replaced);
        }
    }

    async fn delete(&mut self, namespace: &'static str, name: String) {
        let Some(mut widget) = self.objects.remove(&(namespace, name.clone())) else { return };
        if widget.metadata.deletion_timestamp.is_some() {
            self.objects.insert((namespace, name), widget);
            return;
        }
        let request = DeleteRequest::<Widget>::namespaced(namespace, &name);
        let deleted = request.send(&self.client).await.expect("a deletion");
        if widget.metadata.finalizers.is_empty() {
            self.history.add(self.version(), Kind::Deleted, uid(&widget));
            return;
        }
        if let kubernetes_core::Deleted::Object(marked) = deleted {
            widget = *marked;
        }
        self.history.add(crate::version(&widget), Kind::Modified, uid(&widget));
        self.objects.insert((namespace, name), widget);
    }

    /// Faults that [`RandomFaults`] does not have.
    fn go_wrong(&mut self) {
        match self.random.u8(0..60) {
            0 => self.server.compact(),
            1 => self.server.inject(Fault::silence().verb("watch")),
            2 => self.server.inject(Fault::silence().verb("list")),
            3 => self.server.inject(Fault::half_character().verb("watch")),
            4 => self.server.inject(Fault::compaction().verb("list")),
            5 => self.server.inject(Fault::status(410).verb("list")),
            _ => {}
        }
    }

    fn version(&self) -> u64 {
        self.server.resource_version().parse().expect("the server counts")
    }
}
