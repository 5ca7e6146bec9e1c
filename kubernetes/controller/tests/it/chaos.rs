//! A controller of several namespaces, with a source that comes and goes, under random faults: runs never act on a state
//! from before their own writes, and in the end all is as it should be.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kubernetes_client::{Backoff, Client};
use kubernetes_controller::{Action, Context, Controller, Informers, Sources};
use kubernetes_core::{CreateRequest, DeleteRequest, ListRequest, Object, ObjectKey, Patch, PatchRequest};
use kubernetes_testing::{RandomFaults, TestServer};
use kubernetes_watch::Watch;
use serde_json::json;

use crate::support::*;

type Error = Box<dyn std::error::Error + Send + Sync>;

const NAMESPACES: [&str; 2] = ["default", "shop"];
const NAMES: [&str; 3] = ["a", "b", "c"];

#[tokio::test(start_paused = true)]
async fn a_controller_converges_and_repeats_no_write() {
    for seed in 0..6 {
        World::new(seed).run().await;
    }
}

struct World {
    seed: u64,
    random: fastrand::Rng,
    server: TestServer,
    /// How many gadgets each widget should have.
    sizes: HashMap<ObjectKey, u32>,
}

impl World {
    fn new(seed: u64) -> Self {
        Self { seed, random: fastrand::Rng::with_seed(seed), server: server(), sizes: HashMap::new() }
    }

    async fn run(mut self) {
        let client = self.server.client();
        for (namespace, name) in NAMESPACES.into_iter().flat_map(|namespace| NAMES.map(|name| (namespace, name))) {
            let widget = create_in(&client, namespace, &Widget::named(name)).await;
            self.sizes.insert(ObjectKey::of(&widget), 0);
        }
        let mut sources = None;
        let (active, overlaps) = (Arc::<Mutex<HashSet<ObjectKey>>>::default(), Arc::<Mutex<Vec<ObjectKey>>>::default());
        let controller = Controller::new(&client, in_namespaces::<Widget>(&NAMESPACES))
            // Watches that end soon meet more faults, and are behind more often. They must outlast two seconds: shorter ones
            // get no bookmark, without which a quiet namespace never shows that it has seen a write of unknown outcome.
            .informers(&Informers::with_watch(&Watch::new(&client).timeout_seconds(3)))
            .concurrency(3)
            .backoff(Backoff::new(Duration::from_millis(5), SECOND * 5))
            .consistency_timeout(SECOND * 3600);
        let reconcile = {
            let (active, overlaps) = (Arc::clone(&active), Arc::clone(&overlaps));
            move |widget: Arc<Widget>, context: Context<Widget>| {
                let run = Run::begin(&active, &overlaps, context.key());
                async move {
                    let result = create_one(&widget, &context).await;
                    drop(run);
                    result
                }
            }
        };
        let running = Running::start_with(controller, reconcile, |runner| sources = Some(runner.sources()));
        let sources = sources.expect("a runner");
        for step in 0..40 {
            self.server.clear_faults();
            self.change(&client, &sources).await;
            let faults = RandomFaults::seeded(self.seed * 1_000 + step).share(0.3);
            self.server.inject_random(faults);
            tokio::time::sleep(Duration::from_millis(self.random.u64(10..8_000))).await;
        }
        self.server.clear_faults();
        tokio::time::sleep(SECOND * 1_200).await;
        assert_eq!(self.owned(&client).await, self.sizes, "seed {}", self.seed);
        assert_eq!(*overlaps.lock().unwrap(), [], "seed {}", self.seed);
        let counts = running.monitor.counts();
        assert_eq!(counts.consistency_timeouts, 0, "seed {}", self.seed);
        assert!(counts.errors > 0, "seed {}: no run has met a fault", self.seed);
        running.stop().await.unwrap();
    }

    /// Makes a change that the controller has to react to.
    async fn change(&mut self, client: &Client, sources: &Sources<Widget>) {
        let place = self.random.usize(..NAMESPACES.len());
        let key = ObjectKey::new(NAMESPACES[place], NAMES[self.random.usize(..NAMES.len())]);
        match self.random.u32(..10) {
            0..5 => {
                let size = self.sizes.entry(key.clone()).or_default();
                *size += self.random.u32(1..3);
                let patch = Patch::merge(&json!({"spec": {"size": *size}}));
                PatchRequest::<Widget>::namespaced(NAMESPACES[place], key.name(), &patch).send(client).await.unwrap();
            }
            5..7 => {
                let gadgets = ListRequest::<Gadget>::namespaced(NAMESPACES[place]).send(client).await.unwrap().items;
                if let Some(gadget) = self.random.choice(gadgets.iter()) {
                    let request = DeleteRequest::<Gadget>::namespaced(NAMESPACES[place], gadget.name());
                    request.send(client).await.unwrap();
                }
            }
            7..9 => drop(sources.remove("gadgets")),
            _ => self.server.compact(),
        }
        add_gadgets(sources).unwrap();
    }

    async fn owned(&self, client: &Client) -> HashMap<ObjectKey, u32> {
        let mut owned: HashMap<_, _> = self.sizes.keys().map(|key| (key.clone(), 0)).collect();
        for gadget in ListRequest::<Gadget>::all_namespaces().send(client).await.unwrap().items {
            let owner = &gadget.metadata.owner_references[0].name;
            *owned.entry(ObjectKey::new(gadget.namespace(), owner)).or_default() += 1;
        }
        owned
    }
}

fn add_gadgets(sources: &Sources<Widget>) -> Result<bool, kubernetes_controller::ControllerError> {
    sources.owns("gadgets", in_namespaces::<Gadget>(&NAMESPACES))
}

/// Creates a gadget if there are too few. What a run does not know of, it would create again.
async fn create_one(widget: &Widget, context: &Context<Widget>) -> Result<Action, Error> {
    if !context.sources().store::<Gadget>("gadgets").is_some_and(|store| store.is_ready()) {
        return Ok(Action::requeue_after(SECOND));
    }
    let owned = context.owned::<Gadget>(widget).len();
    if owned >= widget.spec.size as usize {
        return Ok(Action::await_change());
    }
    let mut gadget = Gadget::default();
    gadget.metadata.generate_name = Some("g-".into());
    gadget.metadata.owner_references = widget.owner_ref(true).into_iter().collect();
    CreateRequest::namespaced(context.key().namespace().unwrap_or_default(), &gadget).send(context.client()).await?;
    Ok(Action::requeue_after(Duration::from_millis(1)))
}

/// A run, of which there is one at a time for an object.
struct Run {
    active: Arc<Mutex<HashSet<ObjectKey>>>,
    key: ObjectKey,
}

impl Run {
    fn begin(active: &Arc<Mutex<HashSet<ObjectKey>>>, overlaps: &Mutex<Vec<ObjectKey>>, key: &ObjectKey) -> Self {
        if !active.lock().unwrap().insert(key.clone()) {
            overlaps.lock().unwrap().push(key.clone());
        }
        Self { active: Arc::clone(active), key: key.clone() }
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        self.active.lock().unwrap().remove(&self.key);
    }
}
