//! Events that end the backoff of an object whose runs fail, and those that do not.

use std::sync::{Arc, Mutex};

use futures_util::{Stream, stream};
use kubernetes_client::{Backoff, Client};
use kubernetes_controller::{Action, Context, Controller, Predicate, Source, Trigger};
use kubernetes_core::{ObjectKey, Patch, PatchRequest};
use serde_json::json;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::errors::{Outcome, failing};
use crate::support::*;

/// Attempts with their times, in seconds.
type Attempts = Arc<Mutex<Vec<(u64, u32)>>>;

fn slowly(controller: Controller<Widget>) -> Controller<Widget> {
    controller.backoff(Backoff::new(SECOND * 10, SECOND * 1000))
}

/// Starts a controller whose runs fail, at 0, 10, 30 and 70 s, and waits for 100 s.
async fn start_failing(client: &Client, controller: Controller<Widget>) -> (Running, Attempts) {
    let log = Attempts::default();
    let running = Running::start(slowly(controller), failing(&log));
    create(client, "a").await;
    tokio::time::sleep(SECOND * 100).await;
    assert_eq!(*log.lock().unwrap(), [(0, 1), (10, 2), (30, 3), (70, 4)]);
    log.lock().unwrap().clear();
    (running, log)
}

fn take(log: &Attempts) -> Vec<(u64, u32)> {
    std::mem::take(&mut *log.lock().unwrap())
}

fn to_a(_: &Gadget) -> [ObjectKey; 1] {
    [ObjectKey::new("default", "a")]
}

/// A run fails as something is missing, and succeeds when it is created; changes of it are noise.
#[tokio::test(start_paused = true)]
async fn the_creation_of_a_watched_object_starts_over() {
    let server = server();
    let client = server.client();
    let (_running, log) = start_failing(&client, controller(&client).watches(gadgets(), to_a)).await;
    create_in(&client, "default", &Gadget::named("password")).await;
    settle().await;
    assert_eq!(take(&log), [(100, 1)]);
    for index in 0..340 {
        merge::<Gadget>(&client, "password", json!({"spec": {"size": index}})).await;
        tokio::time::sleep(SECOND / 2).await;
    }
    assert_eq!(take(&log), [(110, 2), (130, 3), (170, 4), (250, 5)]);
    delete::<Gadget>(&client, "password").await;
    settle().await;
    assert_eq!(take(&log), []);
}

#[tokio::test(start_paused = true)]
async fn a_source_says_which_events_start_over() {
    let server = server();
    let client = server.client();
    let relevant = || {
        Predicate::new(|event: &kubernetes_watch::StoreEvent<Gadget>| {
            event.object().metadata.labels.get("relevant").is_some()
        })
    };
    let sources = [
        controller(&client).watches(Source::new(gadgets()).ends_backoff(relevant()), to_a),
        controller(&client).owns(Source::new(gadgets()).ends_backoff(relevant())),
    ];
    for controller in sources {
        let (running, log) = start_failing(&client, controller).await;
        let widget = kubernetes_core::ReadRequest::<Widget>::namespaced("default", "a").send(&client).await.unwrap();
        create_owned(&client, "g", &widget, true).await;
        merge::<Gadget>(&client, "g", json!({"spec": {"size": 1}})).await;
        settle().await;
        assert_eq!(take(&log), []);
        merge::<Gadget>(&client, "g", json!({"metadata": {"labels": {"relevant": "yes"}}})).await;
        settle().await;
        assert_eq!(take(&log).iter().map(|(_, attempt)| *attempt).collect::<Vec<_>>(), [1]);
        running.stop().await.unwrap();
        delete::<Gadget>(&client, "g").await;
        delete::<Widget>(&client, "a").await;
    }
}

/// Runs may create the objects that they own.
#[tokio::test(start_paused = true)]
async fn the_creation_of_an_owned_object_does_not_start_over() {
    let server = server();
    let client = server.client();
    let (_running, log) = start_failing(&client, controller(&client).owns(gadgets())).await;
    let widget = kubernetes_core::ReadRequest::<Widget>::namespaced("default", "a").send(&client).await.unwrap();
    create_owned(&client, "g", &widget, true).await;
    settle().await;
    assert_eq!(take(&log), []);
}

/// An annotation that asks for a run.
#[tokio::test(start_paused = true)]
async fn changes_of_an_object_itself_may_start_over() {
    let server = server();
    let client = server.client();
    let source = Source::new(widgets()).ends_backoff(Predicate::annotations_changed());
    let (_running, log) = start_failing(&client, Controller::new(&client, source)).await;
    merge::<Widget>(&client, "a", json!({"metadata": {"labels": {"a": "b"}}})).await;
    settle().await;
    assert_eq!(take(&log), []);
    merge::<Widget>(&client, "a", json!({"metadata": {"annotations": {"reconcile": "now"}}})).await;
    settle().await;
    assert_eq!(take(&log), [(100, 1)]);
    resize(&client, "a", 2).await;
    settle().await;
    assert_eq!(take(&log), [(100, 1)], "what is wanted always counts");
}

fn channel<T: Send + 'static>() -> (mpsc::UnboundedSender<T>, impl Stream<Item = T> + Send + 'static) {
    let (sender, receiver) = mpsc::unbounded_channel();
    (sender, stream::unfold(receiver, |mut receiver| async { Some((receiver.recv().await?, receiver)) }))
}

#[tokio::test(start_paused = true)]
async fn streams_may_start_over() {
    let server = server();
    let client = server.client();
    let (all, alls) = channel();
    let (one, ones) = channel();
    let (_running, log) = start_failing(&client, controller(&client).reconcile_all_on(alls).stream(ones)).await;
    let key = ObjectKey::new("default", "a");
    one.send(Trigger::from(key.clone())).unwrap();
    settle().await;
    assert_eq!(take(&log), []);
    one.send(Trigger::now(key)).unwrap();
    settle().await;
    assert_eq!(take(&log), [(100, 1)]);
    all.send(()).unwrap();
    settle().await;
    assert_eq!(take(&log), [(100, 1)], "other settings");
}

/// A run that writes, and fails then.
async fn write_and_fail(widget: Arc<Widget>, context: Context<Widget>) -> Outcome {
    let patch = Patch::merge(&json!({
        "metadata": {"resourceVersion": widget.metadata.resource_version.as_deref()},
        "status": {"run": context.run_id()},
    }));
    PatchRequest::<Widget>::at(context.path(), &patch).subresource("status").send(context.client()).await?;
    Err("fails after its write".into())
}

/// Changes the labels of the widget twice a second.
fn noise(client: &Client) -> AbortOnDrop<()> {
    let client = client.clone();
    AbortOnDrop(tokio::spawn(async move {
        for index in 0.. {
            merge::<Widget>(&client, "a", json!({"metadata": {"labels": {"noise": format!("n{index}")}}})).await;
            tokio::time::sleep(SECOND / 2).await;
        }
    }))
}

/// The change of another while a run writes counts for no more than at other times, whether the write succeeds or not.
#[tokio::test(start_paused = true)]
async fn noise_during_a_write_does_not_start_over() {
    for meets_conflicts in [false, true] {
        let server = server();
        let client = server.client();
        create(&client, "a").await;
        let _noise = noise(&client);
        let slow = match meets_conflicts {
            false => slow_responses(&client, SECOND),
            true => intercepted(&client, |request| {
                let is_write = request.method() == http::Method::PATCH;
                async move {
                    if is_write {
                        tokio::time::sleep(SECOND).await
                    }
                }
            }),
        };
        let log = Log::default();
        let running = Running::start(slowly(controller(&slow)), {
            let log = log.clone();
            move |widget, context: Context<Widget>| {
                let (attempt, log) = (context.attempt(), log.clone());
                log.push(attempt.to_string());
                async move {
                    let outcome = write_and_fail(widget, context).await;
                    outcome.inspect_err(|error| log.push(error.to_string().chars().take(5).collect::<String>()))
                }
            }
        });
        tokio::time::sleep(SECOND * 80).await;
        let (mut entries, start) = (log.take().await, Instant::now());
        let error = entries.remove(1);
        assert_eq!(error == "fails", !meets_conflicts, "{error}");
        entries.retain(|entry| *entry != error);
        assert_eq!(entries, ["1", "2", "3", "4"], "{meets_conflicts}: after 0, 11, 32 and 73 seconds");
        assert!(start.elapsed() < SECOND);
        running.stop().await.unwrap();
    }
}

/// A write under way when its object is deleted is over with it: changes of a successor are those of others.
#[tokio::test(start_paused = true)]
async fn a_write_that_outlives_its_object_says_nothing_of_the_next() {
    let server = server();
    let client = server.client();
    create(&client, "a").await;
    let slow = slow_responses(&client, SECOND * 2);
    let log = Attempts::default();
    let start = Instant::now();
    let running = Running::start(slowly(controller(&slow)), {
        let log = Arc::clone(&log);
        move |widget: Arc<Widget>, context: Context<Widget>| {
            log.lock().unwrap().push((start.elapsed().as_secs(), context.attempt()));
            async move { if widget.spec.size == 0 { write_and_fail(widget, context).await } else { Err("fails".into()) } }
        }
    });
    tokio::time::sleep(SECOND).await;
    delete::<Widget>(&client, "a").await;
    settle().await;
    let mut successor = Widget::named("a");
    successor.spec.size = 1;
    create_in(&client, "default", &successor).await;
    tokio::time::sleep(SECOND * 60).await;
    log.lock().unwrap().clear();
    resize(&client, "a", 2).await;
    settle().await;
    assert_eq!(take(&log), [(61, 1)], "at once, as the first attempt");
    running.stop().await.unwrap();
}

/// Nor does it start a run that a predicate leaves out, also if it comes while a run writes.
#[tokio::test(start_paused = true)]
async fn a_predicate_counts_during_a_write() {
    let server = server();
    let client = server.client();
    create(&client, "a").await;
    let log = Log::default();
    let source = Source::new(widgets()).filter(Predicate::generation_changed());
    let slow = slow_responses(&client, SECOND);
    let running = Running::start(Controller::new(&slow, source), {
        let log = log.clone();
        move |widget: Arc<Widget>, context: Context<Widget>| {
            log.push("begun");
            async move {
                let patch = Patch::merge(&json!({"status": {"size": widget.spec.size}}));
                PatchRequest::<Widget>::at(context.path(), &patch).subresource("status").send(context.client()).await?;
                Ok::<_, kubernetes_client::Error>(Action::await_change())
            }
        }
    });
    settle().await;
    merge::<Widget>(&client, "a", json!({"metadata": {"labels": {"a": "b"}}})).await;
    tokio::time::sleep(SECOND * 5).await;
    assert_eq!(log.take().await, ["begun"]);
    // One that counts does start it.
    resize(&client, "a", 3).await;
    settle().await;
    resize(&client, "a", 4).await;
    tokio::time::sleep(SECOND * 5).await;
    assert_eq!(log.take().await, ["begun", "begun"]);
    running.stop().await.unwrap();
}
