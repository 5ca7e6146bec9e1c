//! Runs see what earlier runs have written, however far behind the watches are.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::BoxFuture;
use kubernetes_client::{Client, Error};
use kubernetes_controller::{Action, Context, Controller, Informers, Predicate, Source};
use kubernetes_core::{
    CreateRequest, DeleteCollectionRequest, DeleteRequest, ListRequest, Object, Patch, PatchRequest,
};
use kubernetes_models::core::v1::Secret;
use kubernetes_testing::{Fault, TestServer};
use kubernetes_watch::Watch;
use serde_json::json;

use crate::support::*;

/// Informers whose watches end every 5 seconds, so that faults come to act.
fn brief(client: &Client) -> Informers {
    Informers::with_watch(&Watch::new(client).timeout_seconds(5))
}

/// The next watch of a resource takes this long to begin, so that its store is behind.
fn lag(server: &TestServer, resource: &str, by: Duration) {
    server.inject(Fault::delay(by).verb("watch").resource(resource));
}

/// Runs every second; each writes if the stores say that there is something to write.
fn every_second<F, R>(
    log: &Log,
    write: F,
) -> impl Fn(Arc<Widget>, Context<Widget>) -> BoxFuture<'static, Result<Action, Error>> + Send + Sync + 'static
where
    F: Fn(Arc<Widget>, Context<Widget>, Log) -> R + Clone + Send + Sync + 'static,
    R: Future<Output = Result<(), Error>> + Send + 'static,
{
    let log = log.clone();
    move |widget, context| {
        let running = write(widget, context, log.clone());
        Box::pin(async move {
            running.await?;
            Ok(Action::requeue_after(SECOND))
        })
    }
}

/// Creates a gadget if the store has none.
async fn create_one(widget: Arc<Widget>, context: Context<Widget>, log: Log) -> Result<(), Error> {
    let is_armed = widget.spec.size > 0;
    if is_armed && context.store_of::<Gadget>().expect("a source").is_empty() {
        log.push("created");
        let mut gadget = Gadget { metadata: Default::default(), spec: Default::default() };
        gadget.metadata.generate_name = Some("g-".into());
        gadget.metadata.labels = [("team", "a")].into();
        gadget.metadata.owner_references = widget.owner_ref(true).into_iter().collect();
        CreateRequest::namespaced("default", &gadget).send(context.client()).await?;
    }
    Ok(())
}

/// The widget is armed when the watch of gadgets is away.
async fn arm(server: &TestServer, client: &Client, by: Duration) {
    settle().await;
    lag(server, "gadgets", by);
    tokio::time::sleep(SECOND * 6).await;
    resize(client, "a", 1).await;
    tokio::time::sleep(SECOND * 60).await;
}

#[tokio::test(start_paused = true)]
async fn a_run_sees_what_earlier_runs_have_created() {
    for (limit, expected) in [(Some(SECOND * 30), 1), (None, 10)] {
        let server = server();
        let client = server.client();
        create(&client, "a").await;
        let log = Log::default();
        let controller = controller(&client).owns(gadgets()).informers(&brief(&client)).consistency_timeout(limit);
        let running = Running::start(controller, every_second(&log, create_one));
        arm(&server, &client, SECOND * 12).await;
        let created = log.len();
        assert!(created == expected || expected == 10 && created >= 5, "{limit:?}: {created}");
        assert_eq!(names::<Gadget>(&client).await.len(), created);
        let counts = running.monitor.counts();
        assert_eq!(counts.consistency_timeouts, 0);
        if limit.is_some() {
            assert!(counts.consistency_waits.sum() > SECOND * 5, "{:?}", counts.consistency_waits);
        }
    }
}

/// No worker is held, and other objects go on.
#[tokio::test(start_paused = true)]
async fn other_objects_go_on_meanwhile() {
    let server = server();
    let client = server.client();
    create(&client, "a").await;
    create(&client, "b").await;
    let (created, runs) = (Log::default(), Log::default());
    let controller = controller(&client).owns(gadgets()).informers(&brief(&client));
    let write = every_second(&created, create_one);
    let running = Running::start(controller, {
        let runs = runs.clone();
        move |widget, context| {
            runs.push(widget.name());
            write(widget, context)
        }
    });
    settle().await;
    lag(&server, "gadgets", SECOND * 20);
    tokio::time::sleep(SECOND * 6).await;
    runs.take().await;
    resize(&client, "a", 1).await;
    tokio::time::sleep(SECOND * 10).await;
    assert_eq!(running.monitor.counts().active, 0, "no worker waits");
    let names = runs.take().await;
    assert_eq!(names.iter().filter(|name| *name == "a").count(), 1, "{names:?}");
    assert!(names.iter().filter(|name| *name == "b").count() >= 9, "{names:?}");
}

/// The store never learns of it: after the limit, the run goes on, and that is counted.
#[tokio::test(start_paused = true)]
async fn the_wait_has_a_limit() {
    let server = server();
    let client = server.client();
    create(&client, "a").await;
    let log = Log::default();
    let controller = controller(&client).owns(gadgets()).informers(&brief(&client)).consistency_timeout(SECOND * 3);
    let running = Running::start(controller, every_second(&log, create_one));
    arm(&server, &client, SECOND * 600).await;
    let (created, timeouts) = (log.len() as u64, running.monitor.counts().consistency_timeouts);
    assert!((2..=4).contains(&timeouts), "{timeouts} within the 10 seconds after which the watch is given up");
    assert_eq!(created, timeouts + 1);
}

/// Stores in other forms: of another namespace, selector or shard, which a write does not concern, and of metadata alone.
#[tokio::test(start_paused = true)]
async fn a_write_is_awaited_only_where_it_will_appear() {
    let server = server();
    create(&server.client(), "a").await;
    let late = Arc::new(Mutex::new("nothing"));
    // Watches whose URL has this text see nothing any more, once they have been renewed.
    let client = intercepted(&server.client(), {
        let late = Arc::clone(&late);
        move |request| {
            let is_late = request.uri().query().is_some_and(|query| query.contains("watch"))
                && request.uri().to_string().contains(*late.lock().unwrap());
            async move {
                if is_late {
                    std::future::pending().await
                }
            }
        }
    });
    let log = Log::default();
    let none = |_: &Gadget| None;
    let controller = controller(&client)
        .watches(ListRequest::<Gadget>::namespaced("default").label_selector("team=a"), none)
        .watches(ListRequest::<Gadget>::namespaced("shop"), none)
        .watches(ListRequest::<Gadget>::namespaced("default").label_selector("team=other"), none)
        .watches(ListRequest::<Gadget>::namespaced("default").field_selector("metadata.name=other"), none)
        .watches(gadgets().metadata_only(), |_| None)
        .informers(&brief(&client));
    let running = Running::start(controller, every_second(&log, create_one));
    let mut wait = Duration::ZERO;
    for (name, is_awaited) in [("shop", false), ("other", false), ("team%3Da", true), ("v1/gadgets", true)] {
        settle().await;
        *late.lock().unwrap() = name;
        tokio::time::sleep(SECOND * 6).await;
        resize(&server.client(), "a", 1).await;
        tokio::time::sleep(SECOND * 3).await;
        assert_eq!(log.take().await, ["created"], "{name}");
        *late.lock().unwrap() = "nothing";
        resize(&server.client(), "a", 0).await;
        tokio::time::sleep(SECOND * 20).await;
        let waits = running.monitor.counts().consistency_waits.sum();
        assert_eq!(waits - wait > SECOND, is_awaited, "{name}: {waits:?} after {wait:?}");
        wait = waits;
        for gadget in names::<Gadget>(&server.client()).await {
            delete::<Gadget>(&server.client(), &gadget).await;
        }
    }
    assert_eq!(running.monitor.counts().consistency_timeouts, 0);
}

/// A controller whose request names a shard by itself: the server is asked whether a write is in it.
#[tokio::test(start_paused = true)]
async fn a_write_is_awaited_only_in_its_shard() {
    for is_supported in [true, false] {
        let server = builder().sharding(is_supported).in_process();
        let client = server.client();
        create(&client, "a").await;
        let log = Log::default();
        let none = |_: &Gadget| None;
        let [first, second] = [0, 1].map(|index| {
            let shard = kubernetes_watch::Shard::split(2).nth(index).expect("one of two");
            gadgets().shard_selector(shard.to_string())
        });
        let controller = controller(&client).watches(first, none).watches(second, none);
        let write = |_, context: Context<Widget>, log: Log| async move {
            let mut gadget = Gadget::named("");
            gadget.metadata = Default::default();
            gadget.metadata.generate_name = Some("g-".into());
            CreateRequest::namespaced("default", &gadget).send(context.client()).await?;
            log.push("created");
            Ok(())
        };
        let running = Running::start(controller, every_second(&log, write));
        tokio::time::sleep(SECOND * 10).await;
        assert_eq!(running.monitor.counts().consistency_timeouts, 0, "{is_supported}");
        assert!(running.monitor.counts().consistency_waits.sum() < SECOND, "{is_supported}");
        assert!(log.len() >= 9, "{is_supported}: {} runs", log.len());
    }
}

/// Whether an object is selected by a field, the server is asked.
#[tokio::test(start_paused = true)]
async fn a_write_is_not_awaited_where_a_field_does_not_select_it() {
    let server = server();
    let client = server.client();
    create(&client, "a").await;
    let log = Log::default();
    let selected = ListRequest::<Secret>::namespaced("default").field_selector("type=example.com/other");
    let controller = controller(&client).watches(selected, |_: &Secret| None);
    let write = |_, context: Context<Widget>, log: Log| async move {
        log.push("created");
        let mut secret = Secret::default();
        secret.metadata.generate_name = Some("s-".into());
        CreateRequest::<Secret>::namespaced("default", &secret).send(context.client()).await.map(drop)
    };
    let running = Running::start(controller, every_second(&log, write));
    tokio::time::sleep(SECOND * 10).await;
    assert_eq!(running.monitor.counts().consistency_timeouts, 0);
    assert!(log.len() >= 9, "{} runs", log.len());
}

/// A write that moves an object out of a selection, or deletes it, is awaited as well.
#[tokio::test(start_paused = true)]
async fn changes_and_deletions_are_seen() {
    let relabel = json!({"metadata": {"labels": {"team": "b"}}});
    for change in ["relabel", "delete", "delete collection"] {
        let server = server();
        let client = server.client();
        create(&client, "a").await;
        let mut gadget = Gadget::named("g");
        gadget.metadata.labels = [("team", "a")].into();
        create_in(&client, "default", &gadget).await;
        let log = Log::default();
        let relabel = relabel.clone();
        let write = move |widget: Arc<Widget>, context: Context<Widget>, log: Log| {
            let relabel = relabel.clone();
            async move {
                if widget.spec.size == 0 || context.store_of::<Gadget>().expect("a source").is_empty() {
                    return Ok(());
                }
                log.push(change);
                let client = context.client();
                match change {
                    "relabel" => {
                        let patch = Patch::merge(&relabel);
                        PatchRequest::<Gadget>::namespaced("default", "g", &patch).send(client).await.map(drop)
                    }
                    "delete" => match DeleteRequest::<Gadget>::namespaced("default", "g").send(client).await {
                        Err(error) if error.is_not_found() => Ok(()),
                        result => result.map(drop),
                    },
                    _ => DeleteCollectionRequest::<Gadget>::namespaced("default").send(client).await.map(drop),
                }
            }
        };
        let selected = ListRequest::<Gadget>::namespaced("default").label_selector("team=a");
        let controller = controller(&client).watches(selected, |_| None).informers(&brief(&client));
        let running = Running::start(controller, every_second(&log, write));
        arm(&server, &client, SECOND * 12).await;
        assert_eq!((change, log.len()), (change, 1));
        assert_eq!(running.monitor.counts().consistency_timeouts, 0, "{change}");
    }
}

/// The server carries a write out, and the connection breaks before its response: the run fails, and the next one must see
/// what was written.
#[tokio::test(start_paused = true)]
async fn a_write_of_unknown_outcome_is_found_out() {
    for (is_written, expected) in [(true, 1), (false, 2)] {
        let server = server();
        let client = server.client();
        create(&client, "a").await;
        let log = Log::default();
        let write = |widget: Arc<Widget>, context: Context<Widget>, log: Log| async move {
            if widget.spec.size > 0 && context.store_of::<Gadget>().expect("a source").is_empty() {
                log.push("created");
                let gadget = Gadget::named("g");
                let created = CreateRequest::namespaced("default", &gadget);
                tokio::time::timeout(SECOND, created.send(context.client()))
                    .await
                    .map_err(|_| Error::from_transport("timed out"))??;
            }
            Ok(())
        };
        let controller = controller(&client).owns(gadgets()).informers(&brief(&client));
        let running = Running::start(controller, every_second(&log, write));
        tokio::time::sleep(SECOND).await;
        server.inject(match is_written {
            true => Fault::disconnect().verb("create").resource("gadgets"),
            false => Fault::silence().verb("create").resource("gadgets"),
        });
        // The read of the outcome fails, too, at first.
        server.inject(Fault::status(500).verb("get").resource("gadgets").times(2));
        arm(&server, &client, SECOND * 12).await;
        assert_eq!(log.len(), expected, "{is_written}");
        assert_eq!(names::<Gadget>(&client).await, ["g"]);
        let reads = server.requests().iter().filter(|request| request.verb() == "get").count();
        assert!(reads >= 3, "{reads}");
        assert_eq!(running.monitor.counts().consistency_timeouts, 0);
    }
}

/// A create without a name may have been carried out, and nothing happens in its namespace: the next run starts once a
/// bookmark shows that the store has seen everything. Watches of up to two seconds get none.
#[tokio::test(start_paused = true)]
async fn a_bookmark_settles_a_write_of_unknown_outcome() {
    for (seconds, timeouts) in [(5, 0), (2, 1)] {
        let server = server();
        let client = server.client();
        create(&client, "a").await;
        let log = Log::default();
        let informers = Informers::with_watch(&Watch::new(&client).timeout_seconds(seconds));
        let controller = controller(&client).owns(in_namespaces::<Gadget>(&["default"])).informers(&informers);
        let running = Running::start(controller, every_second(&log, create_one));
        settle().await;
        server.inject(Fault::status(504).verb("create").resource("gadgets"));
        // The version of the widget is later than those that the store of gadgets has seen.
        resize(&client, "a", 1).await;
        tokio::time::sleep(SECOND * 60).await;
        assert_eq!(log.take().await, ["created"; 2], "{seconds}");
        assert_eq!(names::<Gadget>(&client).await.len(), 1, "{seconds}");
        assert_eq!(running.monitor.counts().consistency_timeouts, timeouts, "{seconds}");
    }
}

/// A run that is due later than the limit does not wait. That a store is still behind is counted, unless only a read could
/// tell: nothing was late then.
#[tokio::test(start_paused = true)]
async fn a_run_after_the_limit_does_not_wait() {
    for (is_lost, timeouts) in [(true, 0), (false, 1)] {
        let server = server();
        create(&server.client(), "a").await;
        // Watches that begin when the first gadget is created see nothing.
        let is_behind = Arc::new(Mutex::new(false));
        let client = intercepted(&server.client(), {
            let is_behind = Arc::clone(&is_behind);
            move |request| {
                let is_watch = request.uri().query().is_some_and(|query| query.contains("watch"));
                let is_held = is_watch && request.uri().path().ends_with("gadgets") && *is_behind.lock().unwrap();
                async move {
                    if is_held {
                        std::future::pending().await
                    }
                }
            }
        });
        let log = Log::default();
        let write = |widget: Arc<Widget>, context: Context<Widget>, log: Log| async move {
            log.push(format!("{} at {:?}", widget.spec.size, tokio::time::Instant::now()));
            if widget.spec.size == 1 {
                let created = CreateRequest::namespaced("default", &Gadget::named("g")).send(context.client()).await;
                log.push(if created.is_ok() { "created" } else { "lost" });
            }
            Ok::<_, Error>(())
        };
        let limit = SECOND * 3;
        let controller = controller(&client).owns(gadgets()).informers(&brief(&client)).consistency_timeout(limit);
        let running = Running::start(controller, {
            let log = log.clone();
            move |widget, context| {
                let running = write(widget, context, log.clone());
                async move { running.await.map(|()| Action::await_change()) }
            }
        });
        settle().await;
        log.take().await;
        if is_lost {
            server.inject(Fault::disconnect().verb("create").resource("gadgets"));
        }
        *is_behind.lock().unwrap() = true;
        tokio::time::sleep(SECOND * 6).await;
        resize(&client, "a", 1).await;
        tokio::time::sleep(limit * 2).await;
        assert_eq!(log.take().await.last().map(String::as_str), Some(if is_lost { "lost" } else { "created" }));
        resize(&client, "a", 2).await;
        let at_once = format!("2 at {:?}", tokio::time::Instant::now());
        assert_eq!(log.take().await, [at_once]);
        assert_eq!(running.monitor.counts().consistency_timeouts, timeouts, "lost: {is_lost}");
    }
}

/// JOSDK's `readcacheafterwrite`: the own object's status, too.
#[tokio::test(start_paused = true)]
async fn a_run_sees_the_state_of_its_own_object() {
    let server = server();
    let client = server.client();
    create(&client, "a").await;
    let log = Log::default();
    let write = |widget: Arc<Widget>, context: Context<Widget>, log: Log| async move {
        let count = widget.status["count"].as_u64().unwrap_or_default();
        log.push(count.to_string());
        let patch = Patch::merge(&json!({"status": {"count": count + 1}}));
        let request = PatchRequest::<Widget>::namespaced("default", widget.name(), &patch).subresource("status");
        request.send(context.client()).await.map(drop)
    };
    // Or each write would lead to the next at once.
    let source = Source::new(widgets()).filter(Predicate::generation_changed());
    let controller = Controller::new(&client, source).informers(&brief(&client));
    let _running = Running::start(controller, every_second(&log, write));
    for _ in 0..5 {
        lag(&server, "widgets", SECOND * 4);
        tokio::time::sleep(SECOND * 5).await;
    }
    let counts = log.take().await;
    let expected: Vec<_> = (0..counts.len()).map(|count| count.to_string()).collect();
    assert_eq!(counts, expected, "each run sees the count of the one before");
    assert!(counts.len() > 5);
}
