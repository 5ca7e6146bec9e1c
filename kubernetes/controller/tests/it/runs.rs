//! How objects are run for: order, concurrency, outcomes.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use std::sync::Arc;

use kubernetes_client::Error;
use kubernetes_controller::{Action, Add};
use kubernetes_testing::TestServer;
use serde_json::json;
use tokio::time::Instant;

use crate::support::*;

#[tokio::test(start_paused = true)]
async fn runs_for_what_exists_comes_and_changes() {
    let server = server();
    let client = server.client();
    create(&client, "a").await;
    let (running, log) = Running::logging(controller(&client)).await;
    assert!(running.monitor.is_ready());
    assert_eq!(log.take().await, ["a: listed"]);
    create(&client, "b").await;
    assert_eq!(log.take().await, ["b: created"]);
    resize(&client, "a", 2).await;
    resize(&client, "a", 3).await;
    let runs = log.take().await;
    assert!(runs.iter().all(|run| run == "a: updated") && (1..=2).contains(&runs.len()), "{runs:?}");
    delete::<Widget>(&client, "a").await;
    assert_eq!(log.take().await, [""; 0], "there is no object to run for");
    running.stop().await.unwrap();
}

/// "should start at most one run for an object at a time", and changes during a run lead to another.
#[tokio::test(start_paused = true)]
async fn an_object_has_one_run_at_a_time() {
    let server = server();
    let client = server.client();
    let (log, running_now) = (Log::default(), Arc::new(AtomicUsize::new(0)));
    let running = Running::start(controller(&client).concurrency(8), {
        let log = log.clone();
        move |widget: Arc<Widget>, _| {
            let (log, running_now) = (log.clone(), Arc::clone(&running_now));
            async move {
                assert_eq!(running_now.fetch_add(1, SeqCst), 0, "another run is under way");
                tokio::time::sleep(SECOND * 5).await;
                running_now.fetch_sub(1, SeqCst);
                log.push(format!("{}", widget.spec.size));
                Ok::<_, Error>(Action::await_change())
            }
        }
    });
    create(&client, "a").await;
    tokio::time::sleep(SECOND).await;
    for size in 1..=3 {
        resize(&client, "a", size).await;
    }
    tokio::time::sleep(SECOND * 30).await;
    assert_eq!(log.take().await, ["0", "3"]);
    assert_eq!(running.monitor.counts().panics, 0);
}

#[tokio::test(start_paused = true)]
async fn no_more_objects_are_worked_on_than_allowed() {
    for concurrency in [1, 3] {
        let server = server();
        let client = server.client();
        for name in ["a", "b", "c", "d", "e", "f"] {
            create(&client, name).await;
        }
        let most = Arc::new(Mutex::new((0, 0)));
        let running = Running::start(controller(&client).concurrency(concurrency), {
            let most = Arc::clone(&most);
            move |_, _| {
                let most = Arc::clone(&most);
                async move {
                    {
                        let mut most = most.lock().unwrap();
                        most.0 += 1;
                        most.1 = most.1.max(most.0);
                    }
                    tokio::time::sleep(SECOND).await;
                    most.lock().unwrap().0 -= 1;
                    Ok::<_, Error>(Action::await_change())
                }
            }
        });
        tokio::time::sleep(SECOND / 2).await;
        let counts = running.monitor.counts();
        assert_eq!((counts.active, counts.concurrency), (concurrency, concurrency));
        assert_eq!(counts.queue.len(), 6 - concurrency);
        tokio::time::sleep(SECOND * 10).await;
        assert_eq!(most.lock().unwrap().1, concurrency);
        assert_eq!(running.monitor.counts().successes, 6);
    }
}

/// "should requeue a Request after a duration": JOSDK's `nextreconciliationimminent` and `maxintervalafterretry`, too.
#[tokio::test(start_paused = true)]
async fn a_run_may_ask_for_another() {
    let server = server();
    let client = server.client();
    create(&client, "a").await;
    let (start, log) = (Instant::now(), Log::default());
    let running = Running::start(controller(&client), {
        let log = log.clone();
        move |_, context| {
            let reasons: Vec<_> = context.reasons().iter().map(ToString::to_string).collect();
            log.push(format!("{} {} {}", start.elapsed().as_secs(), context.attempt(), reasons.join(", ")));
            async { Ok::<_, Error>(Action::requeue_after(SECOND * 60)) }
        }
    });
    tokio::time::sleep(SECOND * 90).await;
    // A change before comes at once, and the time counts from then.
    resize(&client, "a", 2).await;
    tokio::time::sleep(SECOND * 70).await;
    assert_eq!(log.take().await, ["0 1 listed", "60 1 requeued", "90 1 requeued, updated", "150 1 requeued"]);
    let counts = running.monitor.counts();
    assert_eq!((counts.requeues_after, counts.successes, counts.queue.retries), (4, 0, 4));
}

#[tokio::test(start_paused = true)]
async fn a_run_may_ask_for_another_after_a_backoff() {
    let server = server();
    let client = server.client();
    create(&client, "a").await;
    let attempts = Arc::new(Mutex::new(Vec::new()));
    let running = Running::start(controller(&client), {
        let attempts = Arc::clone(&attempts);
        move |_, context| {
            attempts.lock().unwrap().push(context.attempt());
            let is_done = context.attempt() == 4;
            async move { Ok::<_, Error>(if is_done { Action::await_change() } else { Action::requeue() }) }
        }
    });
    tokio::time::sleep(SECOND).await;
    assert_eq!(*attempts.lock().unwrap(), [1, 2, 3, 4]);
    let counts = running.monitor.counts();
    assert_eq!((counts.requeues, counts.successes, counts.errors), (3, 1, 0));
}

/// Objects of the first list wait for those that have changed.
#[tokio::test(start_paused = true)]
async fn the_first_list_has_a_low_priority() {
    let server = server();
    let client = server.client();
    for name in ["a", "b", "c", "d"] {
        create(&client, name).await;
    }
    let log = Log::default();
    let running = Running::start(controller(&client), {
        let log = log.clone();
        move |widget: Arc<Widget>, _| {
            let log = log.clone();
            async move {
                tokio::time::sleep(SECOND).await;
                log.push(widget.name());
                Ok::<_, Error>(Action::await_change())
            }
        }
    });
    tokio::time::sleep(SECOND / 2).await;
    assert_eq!(running.monitor.counts().queue.depth, [(Add::<()>::LOW, 3), (0, 0)]);
    create(&client, "new").await;
    resize(&client, "d", 2).await;
    tokio::time::sleep(SECOND * 10).await;
    assert_eq!(log.take().await, ["a", "new", "d", "b", "c"]);
}

#[tokio::test(start_paused = true)]
async fn each_namespace_has_its_turn() {
    let server = server();
    let client = server.client();
    for index in 0..20 {
        create(&client, &format!("a{index:02}")).await;
    }
    create_in(&client, "shop", &Widget::named("z")).await;
    let (running, log) = Running::logging(controller(&client)).await;
    let runs = log.take().await;
    assert_eq!(runs.len(), 21);
    let place = runs.iter().position(|run| run.starts_with('z')).unwrap();
    assert!(place <= 1, "{runs:?}");
    running.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn objects_are_looked_at_again_at_intervals() {
    let server = server();
    let client = server.client();
    create(&client, "a").await;
    let (running, log) = Running::logging(controller(&client).resync_every(SECOND * 3600)).await;
    assert_eq!(log.take().await, ["a: listed"]);
    tokio::time::sleep(SECOND * 7201).await;
    assert_eq!(log.take().await, ["a: resync", "a: resync"]);
    running.stop().await.unwrap();
}

/// kube's `applier_must_not_deadlock_if_reschedule_buffer_fills`: many objects that all ask for another run.
#[tokio::test(start_paused = true)]
async fn many_objects_ask_for_another_run() {
    let server = server();
    let client = server.client();
    for index in 0..300 {
        create(&client, &format!("w{index}")).await;
    }
    let count = Arc::new(AtomicUsize::new(0));
    let running = Running::start(controller(&client).concurrency(10), {
        let count = Arc::clone(&count);
        move |_, _| {
            count.fetch_add(1, SeqCst);
            async { Ok::<_, Error>(Action::requeue_after(SECOND / 100)) }
        }
    });
    tokio::time::sleep(SECOND * 2).await;
    assert!(count.load(SeqCst) > 300 * 100, "{}", count.load(SeqCst));
    running.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn metadata_alone_is_enough() {
    let server: TestServer = server();
    let client = server.client();
    let log = Log::default();
    let controller =
        kubernetes_controller::Controller::new(&client, widgets().metadata_only()).owns(gadgets().metadata_only());
    let runner = controller.runner({
        let log = log.clone();
        move |widget, context| {
            let owned = context.owned::<kubernetes_core::PartialObjectMetadata<Gadget>>(&*widget).len();
            log.push(format!("{} owns {owned}", widget.name()));
            async { Ok::<_, Error>(Action::await_change()) }
        }
    });
    let task = tokio::spawn(runner.run_until(std::future::pending()));
    let a = create(&client, "a").await;
    assert_eq!(log.take().await, ["a owns 0"]);
    create_owned(&client, "child", &a, true).await;
    assert_eq!(log.take().await, ["a owns 1"]);
    merge::<Gadget>(&client, "child", json!({"metadata": {"ownerReferences": []}})).await;
    assert_eq!(log.take().await, ["a owns 0"]);
    task.abort();
}
