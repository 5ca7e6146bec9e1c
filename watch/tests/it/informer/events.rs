use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::{FutureExt, StreamExt};
use kubernetes_core::{Object, PartialObjectMetadata};
use kubernetes_testing::Fault;
use kubernetes_watch::{Index, Informer, Stopped, StoreEvent};

use crate::informer::{Log, SECOND, Widget, create, create_in, delete, has, resize, server, widgets};

#[tokio::test(start_paused = true)]
async fn handlers_are_told_everything_in_order() {
    let server = server();
    let client = server.client();
    create(&client, "a").await;
    let informer = Informer::start(&client, widgets());
    let early = Log::default();
    informer.on_event(early.handler());
    informer.wait_until_ready().await.unwrap();
    assert_eq!(early.take().await, ["+a=0"]);

    create(&client, "b").await;
    resize(&client, "a", 1).await;
    resize(&client, "a", 2).await;
    delete(&client, "b").await;
    assert_eq!(early.take().await, ["+b=0", "~a=0>1", "~a=1>2", "-b=0"]);

    let late = Log::default();
    let handler = informer.on_event(late.handler());
    assert_eq!(late.take().await, ["+a=2"], "existing objects are reported as added");
    handler.remove();
    handler.remove();
    resize(&client, "a", 3).await;
    assert_eq!(early.take().await, ["~a=2>3"]);
    assert!(late.take().await.is_empty() && handler.is_finished());
}

/// Also one that removes itself while more is waiting for it.
#[tokio::test(start_paused = true)]
async fn a_handler_that_is_removed_is_told_no_more() {
    let server = server();
    let client = server.client();
    for name in ["a", "b", "c"] {
        create(&client, name).await;
    }
    let informer = Informer::start(&client, widgets());
    informer.wait_until_ready().await.unwrap();
    let itself = Arc::new(std::sync::OnceLock::<kubernetes_watch::Handler>::new());
    let (own, log) = (itself.clone(), Log::default());
    let mut told = log.handler();
    let handler = informer.on_event(move |event| {
        told(event);
        own.get().expect("it is set before the task runs").remove();
    });
    itself.set(handler).expect("it is set once");
    assert_eq!(log.take().await, ["+a=0"]);
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_panics_is_told_no_more_and_others_are() {
    let server = server();
    let client = server.client();
    let informer = Informer::start(&client, widgets());
    let broken = informer.on_event(|_| panic!("expected by this test"));
    let log = Log::default();
    informer.on_event(log.handler());
    create(&client, "a").await;
    assert_eq!(log.take().await, ["+a=0"]);
    create(&client, "b").await;
    assert_eq!(log.take().await, ["+b=0"]);
    assert!(broken.is_finished());
}

#[tokio::test(start_paused = true)]
async fn a_handler_is_synced_when_it_has_been_told_of_what_there_was() {
    let server = server();
    let client = server.client();
    server.inject(Fault::status(503).resource("widgets").times(3));
    let informer = Informer::start(&client, widgets());
    let empty = informer.on_event(drop);
    assert!(empty.wait_until_synced().now_or_never().is_none());
    let names = ["a", "b", "c"];
    server.clear_faults();
    for name in names {
        create(&client, name).await;
    }
    let first = Arc::new(AtomicUsize::new(0));
    let count = |counter: &Arc<AtomicUsize>| {
        let counter = Arc::clone(counter);
        move |_| {
            counter.fetch_add(1, Ordering::SeqCst);
        }
    };
    let early = informer.on_event(count(&first));
    assert!(early.wait_until_synced().await && empty.wait_until_synced().await);
    assert_eq!(first.load(Ordering::SeqCst), names.len());

    let second = Arc::new(AtomicUsize::new(0));
    let late = informer.on_event(count(&second));
    assert!(late.wait_until_synced().await);
    assert_eq!(second.load(Ordering::SeqCst), names.len());

    let panicked = informer.on_event(|_| panic!("expected by this test"));
    assert!(!panicked.wait_until_synced().await);
    let mut events = informer.subscribe();
    for _ in names {
        assert!(!events.is_synced());
        assert!(events.next().await.is_some());
    }
    assert!(events.next().now_or_never().is_none());
    assert!(events.is_synced());
}

#[tokio::test(start_paused = true)]
async fn the_store_has_what_a_handler_is_told_of() {
    let server = server();
    let client = server.client();
    let informer = Informer::start(&client, widgets());
    let (store, mut events) = (informer.store(), informer.subscribe());
    create(&client, "a").await;
    let Some(StoreEvent::Added(told)) = events.next().await else { panic!("not added") };
    assert_eq!(store.get("default", "a"), Some(told));
}

#[tokio::test(start_paused = true)]
async fn a_write_is_waited_for() {
    let server = server();
    let client = server.client();
    let informer = Informer::start(&client, widgets());
    let store = informer.store();
    informer.wait_until_ready().await.unwrap();
    let created = create(&client, "a").await;
    store.wait_until_seen(&created).await.unwrap();
    assert_eq!(store.get("default", "a").as_deref(), Some(&created));
    let resized = resize(&client, "a", 1).await;
    store.wait_until_seen(&resized).await.unwrap();
    assert_eq!(store.get("default", "a").as_deref(), Some(&resized));

    let elsewhere = create_in(&client, "shop", Widget::named("a")).await;
    let before = tokio::time::Instant::now();
    store.wait_until_seen(&elsewhere).await.unwrap();
    assert!(before.elapsed() <= Duration::from_secs(61), "a bookmark comes every minute");
}

#[tokio::test(start_paused = true)]
async fn metadata_alone_can_be_kept() {
    let server = server();
    let client = server.client();
    let informer = Informer::start(&client, widgets().metadata_only());
    create(&client, "a").await;
    let mut events = informer.subscribe();
    let Some(StoreEvent::Added(told)) = events.next().await else { panic!("not added") };
    let kept: &PartialObjectMetadata<Widget> = &told;
    assert_eq!(kept.name(), "a");
    resize(&client, "a", 1).await;
    assert!(matches!(events.next().await, Some(StoreEvent::Updated { .. })));
    delete(&client, "a").await;
    assert!(matches!(events.next().await, Some(StoreEvent::Deleted { observed: true, .. })));
}

#[tokio::test(start_paused = true)]
async fn fields_and_indexes_are_as_the_builder_says() {
    let server = server();
    let client = server.client();
    let by_size = Index::new(|widget: &Widget| [widget.size.to_string()]);
    let informer = Informer::builder(&client, widgets()).index(&by_size).drop_managed_fields().start();
    let store = informer.store();
    let created = create(&client, "a").await;
    assert!(!created.metadata().managed_fields.is_empty(), "or the test shows nothing");
    resize(&client, "a", 7).await;
    has(&store, &["a=7"]).await;
    assert_eq!((store.by_index(&by_size, "7").len(), store.by_index(&by_size, "0").len()), (1, 0));
    assert!(store.list()[0].metadata.managed_fields.is_empty());
}

#[tokio::test(start_paused = true)]
async fn dropping_or_stopping_it_ends_everything() {
    for drop_it in [true, false] {
        let server = server();
        let client = server.client();
        create(&client, "a").await;
        let before = tokio::runtime::Handle::current().metrics().num_alive_tasks();
        let informer =
            Informer::builder(&client, widgets()).and(crate::informer::ListRequest::namespaced("shop")).start();
        let (store, mut events) = (informer.store(), informer.subscribe());
        let handler = informer.on_event(drop);
        informer.wait_until_ready().await.unwrap();
        assert!(matches!(events.next().await, Some(StoreEvent::Added(_))));
        let waiting = tokio::spawn(async move { events.next().await.is_none() });
        tokio::time::sleep(SECOND).await;
        let kept = if drop_it {
            drop(informer);
            None
        } else {
            informer.stop();
            Some(informer)
        };
        let stopped: Stopped = store.wait_until_version("1000000").await.unwrap_err();
        assert!(stopped.cause().is_none(), "{stopped}");
        assert!(waiting.await.unwrap());
        tokio::time::sleep(SECOND).await;
        assert!(handler.is_finished());
        assert_eq!(tokio::runtime::Handle::current().metrics().num_alive_tasks(), before);
        let requests = server.requests().len();
        create(&client, "b").await;
        tokio::time::sleep(3600 * SECOND).await;
        assert_eq!(server.requests().len(), requests + 1, "nothing is asked any more");
        assert_eq!(store.len(), 1, "and the store keeps what it has");
        drop(kept);
    }
}

#[tokio::test(start_paused = true)]
async fn an_informer_is_idle_at_rest() {
    let server = server();
    let client = server.client();
    create(&client, "a").await;
    let informer = Informer::start(&client, widgets());
    informer.wait_until_ready().await.unwrap();
    let requests = server.requests().len();
    tokio::time::sleep(3600 * SECOND).await;
    let requests = server.requests().len() - requests;
    assert!((6..=13).contains(&requests), "{requests} watches in an hour");
}
