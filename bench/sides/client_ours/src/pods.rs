use std::error::Error;
use std::time::Duration;

use bench_live::{Job, Phases};
use futures::{Stream, TryStreamExt, stream};
use kubernetes_sdk::Client;
use kubernetes_sdk::api::core::v1 as core_v1;
use kubernetes_sdk::config::Config;
use kubernetes_sdk::models::core::v1::Pod;
use kubernetes_sdk::watch::{self, Change, Event, Reflector, Store, Watch};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

pub(crate) async fn run(mut phases: Phases) -> Result<()> {
    let client = Client::new(Config::new(phases.server().parse()?))?;
    match phases.job() {
        // Streaming the first list is what this SDK does by itself.
        Job::Watch | Job::WatchStreaming => take(&client, &mut phases).await?,
        Job::Reflector | Job::ReflectorStreaming => keep(&client, &mut phases).await?,
        Job::Informers => informers(&client, &mut phases).await?,
        Job::List => {
            let client = Client::builder(Config::new(phases.server().parse()?))
                .max_response_bytes(usize::MAX)
                .request_timeout(None)
                .build()?;
            let list = core_v1::list_pod_for_all_namespaces().send(&client).await?;
            phases.listed();
            assert!(!list.items.is_empty(), "the list is empty");
        }
        Job::Stalled => {
            let mut events = Watch::new(&client).stream(core_v1::list_pod_for_all_namespaces());
            while !is_end_of_list(&next(&mut events).await?) {}
            phases.synced();
            tokio::time::sleep(Duration::from_secs(5)).await;
            phases.finished();
        }
    }
    phases.report();
    Ok(())
}

async fn take(client: &Client, phases: &mut Phases) -> Result<()> {
    let mut events = Watch::new(client).stream(core_v1::list_pod_for_all_namespaces());
    while !is_end_of_list(&next(&mut events).await?) {}
    phases.synced();
    let mut seen = 0;
    while seen < phases.events() {
        seen += usize::from(matches!(next(&mut events).await?, Event::Modified(_)));
    }
    phases.finished();
    Ok(())
}

fn is_end_of_list(event: &Event<Pod>) -> bool {
    matches!(event, Event::Bookmark(bookmark) if bookmark.ends_initial_events())
}

async fn keep(client: &Client, phases: &mut Phases) -> Result<()> {
    let mut writer = Store::builder().build();
    let store = writer.store();
    let mut changes = Reflector::new(client).stream(core_v1::list_pod_for_all_namespaces());
    while !store.is_ready() {
        writer.apply(next(&mut changes).await?);
    }
    phases.synced();
    let mut seen = 0;
    while seen < phases.events() {
        let change = next(&mut changes).await?;
        seen += usize::from(matches!(change, Change::Applied(_)));
        writer.apply(change);
    }
    phases.finished();
    // The store lives until the report is made.
    assert!(!store.is_empty(), "the store is empty");
    Ok(())
}

/// All reflectors in one task, as streams are combined; each has its own watch.
async fn informers(client: &Client, phases: &mut Phases) -> Result<()> {
    let count = phases.informers();
    let mut writers: Vec<_> = (0..count).map(|_| Store::builder().build()).collect();
    let reflector = Reflector::new(client);
    let part = |set: usize| {
        let changes = reflector.stream(core_v1::list_namespaced_pod(&set.to_string()));
        changes.map_ok(move |change| (set, change))
    };
    let mut changes = stream::select_all((0..count).map(part));
    let mut ready = 0;
    while ready < count {
        let (set, change) = next(&mut changes).await?;
        ready += usize::from(matches!(change, Change::RestartEnd));
        writers[set].apply(change);
    }
    phases.synced();
    let mut seen = 0;
    while seen < phases.events() {
        let (set, change) = next(&mut changes).await?;
        seen += usize::from(matches!(change, Change::Applied(_)));
        writers[set].apply(change);
    }
    phases.finished();
    Ok(())
}

async fn next<T>(items: &mut (impl Stream<Item = std::result::Result<T, watch::Error>> + Unpin)) -> Result<T> {
    Ok(items.try_next().await?.ok_or("the stream has ended")?)
}
