//! Errors, panics and timeouts of runs.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

use kubernetes_client::Backoff;
use kubernetes_controller::{Action, Context, Terminal};
use kubernetes_core::ListRequest;
use kubernetes_models::core::v1::ConfigMap;
use kubernetes_testing::Fault;
use serde_json::json;
use tokio::time::Instant;

use crate::support::*;

pub(crate) type Outcome = Result<Action, Box<dyn std::error::Error + Send + Sync>>;

/// Runs that always fail, with their times in seconds and attempts.
pub(crate) fn failing(
    log: &Arc<Mutex<Vec<(u64, u32)>>>,
) -> impl Fn(Arc<Widget>, kubernetes_controller::Context<Widget>) -> std::future::Ready<Outcome> + Send + Sync + 'static
{
    let (log, start) = (Arc::clone(log), Instant::now());
    move |_, context| {
        log.lock().unwrap().push((start.elapsed().as_secs(), context.attempt()));
        std::future::ready(Err("out of order".into()))
    }
}

/// "should requeue a Request if there is an error and continue processing items"
#[tokio::test(start_paused = true)]
async fn an_error_is_retried_with_backoff_while_others_go_on() {
    let server = server();
    let client = server.client();
    create(&client, "bad").await;
    create(&client, "good").await;
    let log = Log::default();
    let running = Running::start(controller(&client).backoff(Backoff::new(SECOND, SECOND * 1000)), {
        let log = log.clone();
        move |widget: Arc<Widget>, context| {
            log.push(format!("{} {}", widget.name(), context.attempt()));
            let is_bad = widget.name() == "bad" && context.attempt() < 4;
            async move {
                match is_bad {
                    true => Err(std::io::Error::other("not yet")),
                    false => Ok(Action::await_change()),
                }
            }
        }
    });
    tokio::time::sleep(SECOND * 60).await;
    assert_eq!(log.take().await, ["bad 1", "good 1", "bad 2", "bad 3", "bad 4"]);
    let counts = running.monitor.counts();
    assert_eq!((counts.errors, counts.successes, counts.queue.retries), (3, 2, 3));
    resize(&client, "bad", 2).await;
    assert_eq!(log.take().await[0], "bad 1", "a success has ended the series");
}

/// kubernetes#132805: status updates, labels and owned objects neither shorten nor inflate the backoff.
#[tokio::test(start_paused = true)]
async fn a_noisy_object_is_not_hammered() {
    let server = server();
    let client = server.client();
    let log = Arc::default();
    let backoff = Backoff::new(SECOND * 10, SECOND * 1000);
    let running = Running::start(controller(&client).owns(gadgets()).backoff(backoff), failing(&log));
    let widget = create(&client, "a").await;
    create_owned(&client, "child", &widget, true).await;
    for index in 0..340 {
        merge::<Widget>(&client, "a", json!({"metadata": {"labels": {"noise": index.to_string()}}})).await;
        merge::<Gadget>(&client, "child", json!({"spec": {"size": index}})).await;
        tokio::time::sleep(SECOND / 2).await;
    }
    assert_eq!(*log.lock().unwrap(), [(0, 1), (10, 2), (30, 3), (70, 4), (150, 5)]);
    running.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_change_of_what_is_wanted_starts_over() {
    let server = server();
    let client = server.client();
    let log = Arc::default();
    let running = Running::start(controller(&client).backoff(Backoff::new(SECOND * 100, SECOND * 1000)), failing(&log));
    create(&client, "a").await;
    tokio::time::sleep(SECOND * 150).await;
    resize(&client, "a", 2).await;
    tokio::time::sleep(SECOND * 120).await;
    assert_eq!(*log.lock().unwrap(), [(0, 1), (100, 2), (150, 1), (250, 2)]);
    delete::<Widget>(&client, "a").await;
    create(&client, "a").await;
    settle().await;
    assert_eq!(log.lock().unwrap().last(), Some(&(270, 1)), "it is another object");
    running.stop().await.unwrap();
}

/// A run that changes its own object and fails is not repeated without a pause.
#[tokio::test(start_paused = true)]
async fn a_runs_own_change_does_not_reset_the_backoff() {
    let server = server();
    let client = server.client();
    let count = Log::default();
    let running = Running::start(controller(&client).backoff(Backoff::new(SECOND * 10, SECOND * 1000)), {
        let count = count.clone();
        move |widget: Arc<Widget>, context| {
            count.push(context.attempt().to_string());
            async move {
                // The event of the first may come after the second.
                for size in 1..=3 {
                    let patch = kubernetes_core::Patch::merge(&json!({"spec": {"size": widget.spec.size + size}}));
                    kubernetes_core::PatchRequest::<Widget>::namespaced("default", widget.name(), &patch)
                        .send(context.client())
                        .await?;
                }
                Outcome::Err("it fails afterwards".into())
            }
        }
    });
    create(&client, "a").await;
    tokio::time::sleep(SECOND * 100).await;
    assert_eq!(count.take().await, ["1", "2", "3", "4"]);
    running.stop().await.unwrap();
}

/// "should not requeue a Request if there is a terminal error"
#[tokio::test(start_paused = true)]
async fn a_terminal_error_waits_for_a_change() {
    let server = server();
    let client = server.client();
    let log = Log::default();
    let running = Running::start(controller(&client), {
        let log = log.clone();
        move |_, context| {
            log.push(context.attempt().to_string());
            // Also below another error, and in one of I/O, whose source skips what it wraps.
            async { Outcome::Err(Box::new(Wrapped(std::io::Error::other(Terminal::new("spec.size is odd"))))) }
        }
    });
    create(&client, "a").await;
    tokio::time::sleep(SECOND * 3600).await;
    assert_eq!(log.take().await, ["1"]);
    merge::<Widget>(&client, "a", json!({"metadata": {"labels": {"a": "b"}}})).await;
    assert_eq!(log.take().await, ["1"]);
    let counts = running.monitor.counts();
    assert_eq!((counts.terminal_errors, counts.errors, counts.queue.retries), (2, 2, 0));
}

#[derive(Debug)]
struct Wrapped(std::io::Error);

impl std::fmt::Display for Wrapped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the widget is invalid")
    }
}

impl std::error::Error for Wrapped {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

/// "should recover panics"
#[tokio::test(start_paused = true)]
async fn a_panic_is_an_error_of_its_run() {
    let server = server();
    let client = server.client();
    let (log, is_mended) = (Log::default(), Arc::new(AtomicBool::new(false)));
    let running = Running::start(controller(&client).backoff(Backoff::new(SECOND, SECOND)), {
        let (log, is_mended) = (log.clone(), Arc::clone(&is_mended));
        move |widget: Arc<Widget>, _| {
            // At once, and within the future.
            assert!(widget.name() != "first" || is_mended.load(SeqCst), "it panics at once");
            let (log, is_mended) = (log.clone(), Arc::clone(&is_mended));
            async move {
                assert!(widget.name() != "later" || is_mended.load(SeqCst), "it panics later");
                log.push(widget.name());
                Outcome::Ok(Action::await_change())
            }
        }
    });
    for name in ["first", "later", "good"] {
        create(&client, name).await;
    }
    assert_eq!(log.take().await, ["good"]);
    let counts = running.monitor.counts();
    assert_eq!((counts.panics, counts.errors, counts.successes, counts.active), (2, 2, 1, 0));
    is_mended.store(true, SeqCst);
    tokio::time::sleep(SECOND * 2).await;
    let mut mended = log.take().await;
    mended.sort_unstable();
    assert_eq!(mended, ["first", "later"]);
}

/// "should time out a reconciliation"
#[tokio::test(start_paused = true)]
async fn a_run_that_takes_too_long_is_an_error() {
    let server = server();
    let client = server.client();
    let log = Log::default();
    let running = Running::start(controller(&client).run_timeout(SECOND * 10), {
        let log = log.clone();
        move |_, context| {
            log.push(context.attempt().to_string());
            async move {
                if context.attempt() == 1 {
                    std::future::pending::<()>().await;
                }
                Outcome::Ok(Action::await_change())
            }
        }
    });
    create(&client, "a").await;
    tokio::time::sleep(SECOND * 11).await;
    assert_eq!(log.take().await, ["1", "2"]);
    let counts = running.monitor.counts();
    assert_eq!((counts.timeouts, counts.errors, counts.successes), (1, 1, 1));
    assert_eq!(counts.durations.count(), 2);
    assert!(counts.durations.sum() >= SECOND * 10);
}

/// Another's change of an object ends the wait of a run that has asked to run again, which is not a failure.
#[tokio::test(start_paused = true)]
async fn a_change_ends_the_wait_of_a_requeue() {
    let server = server();
    let client = server.client();
    let log: Arc<Mutex<Vec<(u64, u32)>>> = Arc::default();
    let running =
        Running::start(controller(&client).owns(gadgets()).backoff(Backoff::new(SECOND * 10, SECOND * 1000)), {
            let (log, start) = (Arc::clone(&log), Instant::now());
            move |_, context| {
                log.lock().unwrap().push((start.elapsed().as_secs(), context.attempt()));
                std::future::ready(Ok::<_, std::io::Error>(Action::requeue()))
            }
        });
    create(&client, "a").await;
    tokio::time::sleep(SECOND * 15).await;
    merge::<Widget>(&client, "a", json!({"metadata": {"labels": {"team": "b"}}})).await;
    tokio::time::sleep(SECOND * 62).await;
    // After 10 s, at once for the label, and then 20 and 40 s later: the trigger has not made the wait longer.
    assert_eq!(*log.lock().unwrap(), [(0, 1), (10, 2), (15, 2), (35, 3), (75, 4)]);
    assert_eq!(running.monitor.counts().requeues, 5);
}

/// A change of the run itself, seen before the server's response to it, does not start over.
#[tokio::test(start_paused = true)]
async fn an_own_change_is_known_before_its_response() {
    for limit in [Some(SECOND * 30), None] {
        let server = server();
        let client = slow_responses(&server.client(), SECOND);
        let count = Log::default();
        let controller =
            controller(&client).backoff(Backoff::new(SECOND * 10, SECOND * 1000)).consistency_timeout(limit);
        let running = Running::start(controller, {
            let count = count.clone();
            move |widget: Arc<Widget>, context| {
                count.push(context.attempt().to_string());
                async move {
                    let patch = kubernetes_core::Patch::merge(&json!({"spec": {"size": widget.spec.size + 1}}));
                    kubernetes_core::PatchRequest::<Widget>::namespaced("default", widget.name(), &patch)
                        .send(context.client())
                        .await?;
                    Err::<Action, _>(Box::<dyn std::error::Error + Send + Sync>::from("fails after its write"))
                }
            }
        });
        create(&server.client(), "a").await;
        tokio::time::sleep(SECOND * 80).await;
        assert_eq!(count.take().await, ["1", "2", "3", "4"], "{limit:?}: after 0, 11, 32 and 73 seconds");
        // The change of another while a run writes does start over.
        tokio::time::sleep(SECOND * 74 + SECOND / 4).await;
        assert_eq!(count.take().await, ["5"], "{limit:?}");
        resize(&server.client(), "a", 100).await;
        tokio::time::sleep(SECOND * 11).await;
        assert_eq!(count.take().await, ["2"], "{limit:?}: after the first delay");
        running.stop().await.unwrap();
    }
}

/// As with ConfigMaps: what was changed can't be told, only who has done it.
#[tokio::test(start_paused = true)]
async fn an_own_change_of_a_kind_without_generation_does_not_reset_the_backoff() {
    for limit in [Some(SECOND * 30), None] {
        let server = server();
        let client = server.client();
        let count = Log::default();
        let maps = ListRequest::<ConfigMap>::namespaced("default");
        let controller = kubernetes_controller::Controller::new(&client, maps)
            .backoff(Backoff::new(SECOND * 10, SECOND * 1000))
            .consistency_timeout(limit);
        let runner = controller.runner({
            let count = count.clone();
            move |map: Arc<ConfigMap>, context: Context<ConfigMap>| {
                count.push(context.attempt().to_string());
                async move {
                    let seen = map.data.get("runs").map_or(0, |runs| runs.len());
                    let patch = kubernetes_core::Patch::merge(&json!({"data": {"runs": "x".repeat(seen + 1)}}));
                    kubernetes_core::PatchRequest::<ConfigMap>::namespaced("default", map.name(), &patch)
                        .send(context.client())
                        .await?;
                    Err::<Action, _>(Box::<dyn std::error::Error + Send + Sync>::from("fails after its write"))
                }
            }
        });
        let _running = AbortOnDrop(tokio::spawn(runner.run_until(std::future::pending())));
        create_in(&client, "default", &ConfigMap::named("a")).await;
        tokio::time::sleep(SECOND * 75).await;
        assert_eq!(count.take().await, ["1", "2", "3", "4"], "{limit:?}");
        merge::<ConfigMap>(&client, "a", json!({"data": {"fixed": "yes"}})).await;
        assert_eq!(count.take().await, ["1"], "{limit:?}: another's change");
    }
}

/// A run that notes something in its object's status each time, and asks to run again, is not woken by that.
#[tokio::test(start_paused = true)]
async fn an_own_change_does_not_end_the_wait_of_a_requeue() {
    let server = server();
    let client = server.client();
    let count = Log::default();
    let running = Running::start(controller(&client).backoff(Backoff::new(SECOND * 10, SECOND * 1000)), {
        let count = count.clone();
        move |widget: Arc<Widget>, context| {
            count.push(context.attempt().to_string());
            let is_looping = count.len() > 100;
            async move {
                if is_looping {
                    return Ok(Action::await_change());
                }
                let probes = widget.status["probes"].as_u64().unwrap_or_default() + 1;
                let patch = kubernetes_core::Patch::merge(&json!({"status": {"probes": probes}}));
                kubernetes_core::PatchRequest::<Widget>::namespaced("default", widget.name(), &patch)
                    .subresource("status")
                    .send(context.client())
                    .await?;
                Ok::<_, kubernetes_client::Error>(Action::requeue())
            }
        }
    });
    create(&client, "a").await;
    tokio::time::sleep(SECOND * 75).await;
    assert_eq!(count.take().await, ["1", "2", "3", "4"], "after 0, 10, 30 and 70 seconds");
    merge::<Widget>(&client, "a", json!({"metadata": {"labels": {"team": "b"}}})).await;
    assert_eq!(count.take().await, ["4"], "another's change does end it");
    running.stop().await.unwrap();
}

/// A status patch whose answer is lost, or which is lost itself: a user's change after the run has failed is another's.
#[tokio::test(start_paused = true)]
async fn a_change_after_a_write_of_unknown_outcome_starts_over() {
    for is_written in [true, false] {
        let server = server();
        let client = server.client();
        let count = Log::default();
        let running = Running::start(controller(&client).backoff(Backoff::new(SECOND * 100, SECOND * 1000)), {
            let count = count.clone();
            move |widget: Arc<Widget>, context: Context<Widget>| {
                count.push(context.attempt().to_string());
                async move {
                    let patch = kubernetes_core::Patch::merge(&json!({"status": {"tried": context.run_id()}}));
                    let request = kubernetes_core::PatchRequest::<Widget>::namespaced("default", widget.name(), &patch);
                    let request = request.subresource("status").send(context.client());
                    tokio::time::timeout(SECOND, request).await??;
                    Outcome::Err("it fails afterwards".into())
                }
            }
        });
        let fault = if is_written { Fault::disconnect() } else { Fault::silence() };
        server.inject(fault.verb("patch").path("/apis/example.com/v1/namespaces/default/widgets/a/status"));
        create(&client, "a").await;
        tokio::time::sleep(SECOND * 70).await;
        assert_eq!(count.take().await, ["1"], "{is_written}");
        let widget = resize(&client, "a", 7).await;
        assert_eq!(!widget.status["tried"].is_null(), is_written);
        assert_eq!(count.take().await, ["1"], "{is_written}: at once, and from the first attempt");
        running.stop().await.unwrap();
    }
}
