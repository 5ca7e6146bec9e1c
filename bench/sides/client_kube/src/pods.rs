use std::error::Error;
use std::pin::pin;
use std::time::Duration;

use bench_live::{Job, Phases};
use futures::{Stream, StreamExt, TryStreamExt, stream};
use k8s_openapi::api::core::v1::Pod;
use kube::Client;
use kube::api::{Api, ListParams};
use kube::runtime::reflector::{self, Store};
use kube::runtime::watcher::{self, Config, Event, watcher};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

pub(crate) async fn run(mut phases: Phases) -> Result<()> {
    let client = Client::try_from(kube::Config::new(phases.server().parse()?))?;
    let pods = Api::<Pod>::all(client.clone());
    match phases.job() {
        Job::Watch => take(watcher(pods, Config::default()), &mut phases).await?,
        Job::WatchStreaming => take(watcher(pods, Config::default().streaming_lists()), &mut phases).await?,
        Job::Reflector => keep(pods, Config::default(), &mut phases).await?,
        Job::ReflectorStreaming => keep(pods, Config::default().streaming_lists(), &mut phases).await?,
        Job::Informers => informers(&client, &mut phases).await?,
        Job::List => {
            let list = pods.list(&ListParams::default()).await?;
            phases.listed();
            assert!(!list.items.is_empty(), "the list is empty");
        }
        Job::Stalled => {
            let mut events = pin!(watcher(pods, Config::default()));
            while !matches!(next(&mut events).await?, Event::InitDone) {}
            phases.synced();
            tokio::time::sleep(Duration::from_secs(5)).await;
            phases.finished();
        }
    }
    phases.report();
    Ok(())
}

async fn take(events: impl Stream<Item = watcher::Result<Event<Pod>>>, phases: &mut Phases) -> Result<()> {
    let mut events = pin!(events);
    while !matches!(next(&mut events).await?, Event::InitDone) {}
    phases.synced();
    let mut seen = 0;
    while seen < phases.events() {
        seen += usize::from(matches!(next(&mut events).await?, Event::Apply(_)));
    }
    phases.finished();
    Ok(())
}

async fn keep(pods: Api<Pod>, config: Config, phases: &mut Phases) -> Result<()> {
    let (store, events) = reflect(pods, config);
    take(events, phases).await?;
    // Its store lives until the report is made.
    assert!(!store.is_empty(), "the store is empty");
    Ok(())
}

fn reflect(pods: Api<Pod>, config: Config) -> (Store<Pod>, impl Stream<Item = watcher::Result<Event<Pod>>>) {
    let (store, writer) = reflector::store();
    (store, reflector::reflector(writer, watcher(pods, config)))
}

/// All reflectors in one task, as streams are combined; each has its own watch.
async fn informers(client: &Client, phases: &mut Phases) -> Result<()> {
    let count = phases.informers();
    let parts = (0..count).map(|set| reflect(Api::namespaced(client.clone(), &set.to_string()), Config::default()));
    let (stores, events): (Vec<_>, Vec<_>) = parts.map(|(store, events)| (store, events.boxed())).unzip();
    let mut events = stream::select_all(events);
    let mut ready = 0;
    while ready < count {
        ready += usize::from(matches!(next(&mut events).await?, Event::InitDone));
    }
    phases.synced();
    let mut seen = 0;
    while seen < phases.events() {
        seen += usize::from(matches!(next(&mut events).await?, Event::Apply(_)));
    }
    phases.finished();
    assert_eq!(stores.len(), count);
    Ok(())
}

async fn next(events: &mut (impl Stream<Item = watcher::Result<Event<Pod>>> + Unpin)) -> Result<Event<Pod>> {
    Ok(events.try_next().await?.ok_or("the stream has ended")?)
}
