use std::error::Error;
use std::sync::Arc;

use bench_live::Load;
use futures::{StreamExt, TryStreamExt, future, stream};
use kubernetes_sdk::Client;
use kubernetes_sdk::api::core::v1 as core_v1;
use kubernetes_sdk::config::{Config, Kubeconfig};
use kubernetes_sdk::models::core::v1::ConfigMap;
use kubernetes_sdk::watch::{Event, Watch};
use tokio::sync::Barrier;

use crate::requests;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// Creates config maps, lists them, and changes one as often as watches are to be told.
pub(crate) async fn run(mut load: Load) -> Result<()> {
    let kubeconfig = Kubeconfig::read(load.kubeconfig())?;
    let client = Client::new(Config::from_kubeconfig(&kubeconfig, None)?)?;
    requests::create(&client, 0).await?;
    load.begin();
    load.end("start", 0)?;

    load.begin();
    let (objects, in_flight) = (load.objects(), load.in_flight());
    let created = stream::iter(1..=objects).map(|number| {
        let client = client.clone();
        async move { tokio::spawn(async move { requests::create(&client, number).await }).await? }
    });
    created.buffer_unordered(in_flight).try_for_each(|()| future::ok(())).await?;
    load.end("create", objects)?;

    load.begin();
    let list = core_v1::list_namespaced_config_map("default").send(&client).await?;
    if list.items.len() < objects {
        return Err(format!("{} of {objects} objects are there", list.items.len()).into());
    }
    load.end("list", list.items.len())?;
    drop(list);
    watch(&mut load, &client).await?;
    load.report();
    Ok(())
}

/// A namespace that every cluster has, with few objects.
const WATCHED: &str = "kube-public";

async fn watch(load: &mut Load, client: &Client) -> Result<()> {
    let (watchers, events) = (load.watchers(), load.events());
    let name = bench_live::name(0);
    let mut map = ConfigMap::named(name.as_str()).with_data([("count", "0")]);
    core_v1::create_namespaced_config_map(WATCHED, &map).send(client).await?;
    load.begin();
    let begun = Arc::new(Barrier::new(watchers + 1));
    let watches: Vec<_> = (0..watchers)
        .map(|_| {
            let (client, begun) = (client.clone(), Arc::clone(&begun));
            tokio::spawn(async move {
                let mut changes = Watch::new(&client).stream(core_v1::list_namespaced_config_map(WATCHED));
                let mut seen = 0;
                while seen < events {
                    match changes.next().await.ok_or("a watch has ended")?? {
                        Event::Bookmark(bookmark) if bookmark.ends_initial_events() => drop(begun.wait().await),
                        Event::Modified(_) => seen += 1,
                        _ => {}
                    }
                }
                Result::Ok(())
            })
        })
        .collect();
    begun.wait().await;
    load.end("begin", watchers)?;
    load.begin();
    for number in 1..=events {
        map.data.insert("count", number.to_string());
        core_v1::replace_namespaced_config_map(WATCHED, &name, &map).send(client).await?;
    }
    for watch in watches {
        watch.await??;
    }
    load.end("watch", watchers * events)?;
    core_v1::delete_namespaced_config_map(WATCHED, &name).send(client).await?;
    Ok(())
}
