//! Random operations under random faults: whatever happens, nothing is lost, invented, or told out of order.
//!
//! A run is drawn from a seed, which a failure tells. `CHAOS_SEED` and `CHAOS_STEPS` run another one.

#![allow(clippy::print_stdout, reason = "a run tells its seed and its figures")]

mod follower;
mod history;
mod subscriber;
mod world;

use std::env;
use std::time::Duration;

use futures_util::FutureExt;
use kubernetes_core::{ListRequest, ObjectMeta};
use kubernetes_watch::{Informer, Reflector, Store};
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};

use follower::Follower;
use subscriber::Subscriber;
use world::{NAMESPACES, World};

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Widget {
    #[serde(default)]
    metadata: ObjectMeta,
    #[serde(default)]
    value: u64,
}

kubernetes_core::resource!(Widget: "example.com" / "v1" / "Widget", "widgets", namespaced, watch, serde);

/// How long the watches have to catch up once the faults are over: longer than all their timeouts and waits.
const CALM: Duration = Duration::from_secs(1800);

#[test]
fn nothing_is_lost_or_invented() {
    let seeds = env::var("CHAOS_SEED").map_or(1..9, |seed| {
        let seed = seed.parse().expect("CHAOS_SEED is a number");
        seed..seed + 1
    });
    let steps = env::var("CHAOS_STEPS").map_or(500, |steps| steps.parse().expect("CHAOS_STEPS is a number"));
    for seed in seeds {
        run(seed, steps);
    }
}

#[test]
#[ignore = "takes minutes: scripts/check --long"]
fn nothing_is_lost_or_invented_in_the_long_run() {
    for seed in 1_000..1_012 {
        run(seed, 10_000);
    }
}

fn run(seed: u64, steps: usize) {
    println!("seed {seed}, {steps} steps");
    // What the watches draw their waits and timeouts from.
    fastrand::seed(seed);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime").block_on(chaos(seed, steps));
}

async fn chaos(seed: u64, steps: usize) {
    let mut world = World::new(seed);
    world.operate(20).await;
    let client = world.client();

    let everything = Informer::start(&client, ListRequest::<Widget>::all_namespaces());
    let sharded = Informer::builder(&client, ListRequest::<Widget>::all_namespaces()).shards(3).start();
    let paged = Informer::start(&client, ListRequest::<Widget>::all_namespaces().limit(3));
    let red = ListRequest::<Widget>::namespaced(NAMESPACES[0]).label_selector("color=red");
    let mut writer = Store::builder().build();
    let selected = writer.store();
    let changes = Reflector::new(&client).stream(red);
    let reflected = tokio::spawn(async move { writer.follow(changes).await });
    let stores = [everything.store(), sharded.store(), paged.store(), selected.clone()];

    let quick = |store| Subscriber::of(store, false, Duration::ZERO);
    let mut subscribers: Vec<Subscriber> = stores[..3].iter().map(quick).collect();
    subscribers.push(Subscriber::of(&selected, true, Duration::ZERO));
    subscribers.push(Subscriber::of(&stores[0], false, Duration::from_secs(45)));
    let follower = Follower::start(&client);

    world.begin_faults();
    world.operate(steps).await;
    world.end_faults();
    subscribers.iter().for_each(Subscriber::hurry);
    let last = world.settle().await;

    let start = Instant::now();
    loop {
        let expected = [world.all(), world.all(), world.all(), world.red()];
        let actual = stores.each_ref().map(shown);
        if actual == expected && follower.has_seen(last) {
            break;
        }
        assert!(start.elapsed() < CALM, "seed {seed}: the stores are {actual:#?}, instead of {expected:#?}");
        sleep(Duration::from_secs(1)).await;
    }
    let recovery = start.elapsed();
    // Phantoms get the time to appear.
    sleep(CALM).await;
    let expected = [world.all(), world.all(), world.all(), world.red()];
    assert_eq!(stores.each_ref().map(shown), expected, "seed {seed}: the stores have changed by themselves");
    assert!(reflected.now_or_never().is_none(), "seed {seed}: the reflector has ended");
    for informer in [&everything, &sharded, &paged] {
        assert!(informer.error().is_none(), "seed {seed}: {:?}", informer.error());
    }
    let mut told = 0;
    for (subscriber, expected) in subscribers.into_iter().zip(expected.iter().chain([&expected[0]])) {
        told += subscriber.check(seed, world.history(), expected);
    }
    let (events, streams) = follower.check(seed, world.history());
    let changes = world.history().len();
    println!(
        "  {changes} changes, {} requests; {told} told by stores, {events} by {streams} streams; recovered within {recovery:?}",
        world.requests()
    );
}

/// The objects of a store, as `namespace/name@version`.
fn shown(store: &Store<Widget>) -> Vec<String> {
    store.list().iter().map(|widget| show(widget)).collect()
}

fn show(widget: &Widget) -> String {
    let namespace = widget.metadata.namespace.as_deref().unwrap_or_default();
    format!("{namespace}/{}@{}", widget.name(), version(widget))
}

/// Only the test may compare versions: it knows how its server counts.
fn version(widget: &Widget) -> u64 {
    widget.metadata.resource_version.as_deref().and_then(|version| version.parse().ok()).expect("a version")
}

fn uid(widget: &Widget) -> String {
    widget.metadata.uid.as_deref().expect("a uid").to_owned()
}
