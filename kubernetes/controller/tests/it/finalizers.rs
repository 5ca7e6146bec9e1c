//! Finalizers: controller-runtime's `pkg/finalizer`, and JOSDK's `cleanupconflict` and `concurrentfinalizerremoval`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

use kubernetes_client::Client;
use kubernetes_controller::{Action, Cleanup, Controller};
use kubernetes_core::{Object, Patch, PatchRequest, ReadRequest};
use kubernetes_testing::Fault;
use serde_json::json;

use crate::support::*;

type Cleaned = Result<Cleanup, String>;

/// A cleanup that is pending once, fails once, and is complete then.
fn cleaned(
    log: &Log,
    name: &'static str,
    outcomes: impl Fn(u32) -> Cleaned + Send + Sync + 'static,
) -> impl Fn(Arc<Widget>, kubernetes_controller::Context<Widget>) -> std::future::Ready<Cleaned> + Send + Sync + 'static
{
    let (log, calls) = (log.clone(), AtomicU32::new(0));
    move |widget, _| {
        log.push(format!("{name} {}", widget.name()));
        std::future::ready(outcomes(calls.fetch_add(1, SeqCst)))
    }
}

async fn finalizers(client: &Client, name: &str) -> Option<Vec<String>> {
    let widget = ReadRequest::<Widget>::namespaced("default", name).send_opt(client).await.unwrap()?;
    Some(widget.metadata().finalizers.iter().map(ToString::to_string).collect())
}

fn with_finalizer(controller: Controller<Widget>, log: &Log) -> Controller<Widget> {
    controller.finalizer("example.com/a", cleaned(log, "a", |_| Ok(Cleanup::Complete)))
}

#[tokio::test(start_paused = true)]
async fn an_object_goes_after_its_cleanup() {
    let server = server();
    let client = server.client();
    let log = Log::default();
    let running = Running::start(with_finalizer(controller(&client), &log), log.reconcile());
    settle().await;
    create(&client, "w").await;
    settle().await;
    assert_eq!(finalizers(&client, "w").await.unwrap(), ["example.com/a"]);
    let runs = log.take().await;
    assert!(runs[0] == "w: created" && runs.len() <= 2, "{runs:?}");
    delete::<Widget>(&client, "w").await;
    assert_eq!(log.take().await, ["a w"], "it is not reconciled any more");
    assert_eq!(finalizers(&client, "w").await, None);
    running.stop().await.unwrap();
}

/// The first run has the finalizer already: nothing is made that would not be cleaned up.
#[tokio::test(start_paused = true)]
async fn nothing_is_done_without_the_finalizer() {
    let server = server();
    let client = server.client();
    server.inject(Fault::status(500).verb("patch").resource("widgets").times(3));
    let log = Log::default();
    let running = Running::start(with_finalizer(controller(&client), &log), {
        let log = log.clone();
        move |widget: Arc<Widget>, _| {
            log.push(format!("{} finalizers", widget.metadata().finalizers.len()));
            async { Ok::<_, String>(Action::await_change()) }
        }
    });
    create(&client, "w").await;
    tokio::time::sleep(SECOND * 60).await;
    let runs = log.take().await;
    assert!(!runs.is_empty() && runs.iter().all(|run| run == "1 finalizers"), "{runs:?}");
    running.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_cleanup_may_take_several_attempts() {
    let server = server();
    let client = server.client();
    let log = Log::default();
    let outcomes = |call| match call {
        0 => Err("the bucket is busy".to_owned()),
        1 => Ok(Cleanup::Pending(Action::requeue_after(SECOND * 30))),
        _ => Ok(Cleanup::Complete),
    };
    let controller = controller(&client).finalizer("example.com/a", cleaned(&log, "a", outcomes));
    let running = Running::start(controller, log.reconcile());
    create(&client, "w").await;
    log.take().await;
    delete::<Widget>(&client, "w").await;
    assert_eq!(log.take().await, ["a w", "a w"]);
    assert!(finalizers(&client, "w").await.is_some());
    tokio::time::sleep(SECOND * 30).await;
    assert_eq!(log.take().await, ["a w"]);
    assert_eq!(finalizers(&client, "w").await, None);
    assert_eq!(running.monitor.counts().errors, 1);
}

/// "should run all finalizers and collect their errors"
#[tokio::test(start_paused = true)]
async fn each_finalizer_is_removed_when_it_is_complete() {
    let server = server();
    let client = server.client();
    let log = Log::default();
    let fails = |call| if call == 0 { Err("not yet".to_owned()) } else { Ok(Cleanup::Complete) };
    let controller = controller(&client)
        .finalizer("example.com/a", cleaned(&log, "a", fails))
        .finalizer("example.com/b", cleaned(&log, "b", |_| Ok(Cleanup::Complete)))
        .backoff(kubernetes_client::Backoff::new(SECOND, SECOND));
    let running = Running::start(controller, log.reconcile());
    create(&client, "w").await;
    merge::<Widget>(&client, "w", json!({"metadata": {"labels": {"a": "b"}}})).await;
    settle().await;
    assert_eq!(finalizers(&client, "w").await.unwrap(), ["example.com/a", "example.com/b"]);
    log.take().await;
    delete::<Widget>(&client, "w").await;
    assert_eq!(log.take().await, ["a w", "b w"]);
    assert_eq!(finalizers(&client, "w").await.unwrap(), ["example.com/a"]);
    tokio::time::sleep(SECOND).await;
    assert_eq!(log.take().await, ["a w"]);
    assert_eq!(finalizers(&client, "w").await, None);
    running.stop().await.unwrap();
}

/// Others have finalizers, too, and remove theirs meanwhile.
#[tokio::test(start_paused = true)]
async fn finalizers_of_others_stay() {
    let server = server();
    let client = server.client();
    let mut widget = Widget::named("w");
    widget.add_finalizer("example.org/theirs");
    create_in(&client, "default", &widget).await;
    let log = Log::default();
    let running = Running::start(with_finalizer(controller(&client), &log), log.reconcile());
    settle().await;
    assert_eq!(finalizers(&client, "w").await.unwrap(), ["example.org/theirs", "example.com/a"]);
    log.take().await;
    // The store is behind, so that the first removal is a conflict.
    server.inject(Fault::status(409).verb("patch").resource("widgets"));
    delete::<Widget>(&client, "w").await;
    assert_eq!(log.take().await, ["a w"]);
    assert_eq!(finalizers(&client, "w").await.unwrap(), ["example.org/theirs"]);
    merge::<Widget>(&client, "w", json!({"metadata": {"labels": {"a": "b"}}})).await;
    assert_eq!(log.take().await, [""; 0], "nothing is left to do");
    assert_eq!(running.monitor.counts().errors, 0, "a conflict is an ordinary event");
    running.stop().await.unwrap();
}

/// A cleanup is not repeated since its object has changed meanwhile: by itself, as it tells how far it is, or by others.
#[tokio::test(start_paused = true)]
async fn a_cleanup_is_not_repeated_for_a_change() {
    let server = server();
    let client = server.client();
    let log = Log::default();
    // The second patch is the removal.
    let late = late_patch(&client, "/widgets/w", 2, SECOND * 3 / 2);
    let controller = controller(&late).finalizer("example.com/a", {
        let log = log.clone();
        move |widget: Arc<Widget>, context: kubernetes_controller::Context<Widget>| {
            log.push(format!("a {}", widget.name()));
            async move {
                let patch = Patch::merge(&json!({"status": {"cleanup": context.run_id()}}));
                let request = PatchRequest::<Widget>::at(context.path(), &patch).subresource("status");
                request.send(context.client()).await?;
                tokio::time::sleep(SECOND * 30).await;
                Ok::<_, kubernetes_client::Error>(Cleanup::Complete)
            }
        }
    });
    let running = Running::start(controller, log.reconcile());
    create(&client, "w").await;
    log.take().await;
    delete::<Widget>(&client, "w").await;
    let others = AbortOnDrop(tokio::spawn({
        let client = client.clone();
        async move {
            for second in 0.. {
                let patch = Patch::merge(&json!({"metadata": {"labels": {"second": second.to_string()}}}));
                if PatchRequest::<Widget>::namespaced("default", "w", &patch).send(&client).await.is_err() {
                    return second;
                }
                tokio::time::sleep(SECOND).await;
            }
            0
        }
    }));
    tokio::time::sleep(SECOND * 35).await;
    assert!(others.0.is_finished());
    assert_eq!(log.take().await, ["a w"]);
    assert_eq!(finalizers(&client, "w").await, None);
    assert_eq!(running.monitor.counts().errors, 0);
    running.stop().await.unwrap();
}

/// An object of the same name that came meanwhile keeps its finalizer.
#[tokio::test(start_paused = true)]
async fn a_finalizer_of_a_new_object_stays() {
    let server = server();
    let client = server.client();
    let log = Log::default();
    let controller = controller(&client).finalizer("example.com/a", {
        let log = log.clone();
        move |widget: Arc<Widget>, _| {
            log.push(format!("a {}", widget.name()));
            async {
                tokio::time::sleep(SECOND * 10).await;
                Ok::<_, String>(Cleanup::Complete)
            }
        }
    });
    let _running = Running::start(controller, log.reconcile());
    create(&client, "w").await;
    log.take().await;
    delete::<Widget>(&client, "w").await;
    settle().await;
    merge::<Widget>(&client, "w", json!({"metadata": {"finalizers": []}})).await;
    let mut successor = Widget::named("w");
    successor.add_finalizer("example.com/a");
    create_in(&client, "default", &successor).await;
    tokio::time::sleep(SECOND * 20).await;
    assert_eq!(finalizers(&client, "w").await.unwrap(), ["example.com/a"]);
}

/// A panic of one cleanup does not keep another from its end, nor does one that hangs make it run again.
#[tokio::test(start_paused = true)]
async fn cleanups_that_end_count_whatever_others_do() {
    let server = server();
    let client = server.client();
    let log = Log::default();
    let panics = |call| if call == 0 { panic!("a bucket that is not there") } else { Ok(Cleanup::Complete) };
    let hung = Arc::new(AtomicU32::new(0));
    let controller = controller(&client)
        .finalizer("example.com/a", cleaned(&log, "a", panics))
        .finalizer("example.com/b", cleaned(&log, "b", |_| Ok(Cleanup::Complete)))
        .finalizer("example.com/c", {
            let hung = Arc::clone(&hung);
            move |_: Arc<Widget>, _| {
                let hangs = hung.fetch_add(1, SeqCst) == 0;
                async move {
                    if hangs {
                        std::future::pending::<()>().await;
                    }
                    Ok::<_, String>(Cleanup::Complete)
                }
            }
        })
        .run_timeout(SECOND)
        .backoff(kubernetes_client::Backoff::new(SECOND * 10, SECOND * 10));
    let running = Running::start(controller, log.reconcile());
    create(&client, "w").await;
    log.take().await;
    delete::<Widget>(&client, "w").await;
    tokio::time::sleep(SECOND * 5).await;
    assert_eq!(log.take().await, ["a w", "b w"]);
    assert_eq!(finalizers(&client, "w").await.unwrap(), ["example.com/a", "example.com/c"]);
    tokio::time::sleep(SECOND * 10).await;
    assert_eq!(log.take().await, ["a w"]);
    assert_eq!(finalizers(&client, "w").await, None);
    assert_eq!(running.monitor.counts().errors, 1, "the timeout");
}
