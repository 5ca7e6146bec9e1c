//! Start and end of a controller.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use kubernetes_client::Error;
use kubernetes_controller::{Action, Cleanup, Controller, Predicate, Source, Terminal};
use kubernetes_core::{ListRequest, ObjectMeta};
use kubernetes_testing::{Fault, TestServer};
use serde_json::json;

use crate::support::*;

/// A resource that is defined later is waited for.
#[tokio::test(start_paused = true)]
async fn a_resource_that_is_not_there_yet_is_awaited() {
    let server = TestServer::builder().in_process();
    let client = server.client();
    let (running, log) = Running::logging(controller(&client).owns(gadgets())).await;
    tokio::time::sleep(SECOND * 120).await;
    assert!(!running.is_finished() && !running.monitor.is_ready());
    for (kind, plural) in [("Widget", "widgets"), ("Gadget", "gadgets")] {
        server.load_yaml(&definition(kind, plural)).unwrap();
    }
    create(&client, "a").await;
    tokio::time::sleep(SECOND * 60).await;
    assert!(running.monitor.is_ready());
    assert_eq!(log.take().await, ["a: listed"]);
    running.stop().await.unwrap();
}

/// "should return an error if there is an error waiting for the informers"
#[tokio::test(start_paused = true)]
async fn it_may_fail_if_its_objects_are_not_listed_in_time() {
    let server = server();
    server.inject(Fault::status(403).resource("gadgets").always());
    let client = server.client();
    let controller = controller(&client).owns(gadgets()).sync_timeout(SECOND * 120);
    let error = Running::start(controller, Log::default().reconcile()).result().await.unwrap_err();
    assert!(error.is_timeout(), "{error:?}");
    assert_eq!(error.to_string(), "controller widgets: timed out after 120s waiting for the first list of gadgets");
    let source = std::error::Error::source(&error).expect("the failure of the informer").to_string();
    assert!(source.contains("gadgets"), "{source}");
}

/// No run starts before all sources are in step: a run would take objects for missing.
#[tokio::test(start_paused = true)]
async fn no_run_starts_before_all_objects_are_known() {
    let server = server();
    let client = server.client();
    let widget = create(&client, "a").await;
    create_owned(&client, "child", &widget, true).await;
    server.inject(Fault::delay(SECOND * 5).verb("watch").resource("gadgets"));
    let log = Log::default();
    let running = Running::start(controller(&client).owns(gadgets()), {
        let log = log.clone();
        move |widget: Arc<Widget>, context| {
            log.push(format!("owns {}", context.owned::<Gadget>(&widget).len()));
            async { Ok::<_, Error>(Action::await_change()) }
        }
    });
    tokio::time::sleep(SECOND * 4).await;
    assert_eq!(log.len(), 0);
    tokio::time::sleep(SECOND * 10).await;
    assert_eq!(log.take().await, ["owns 1"]);
    running.stop().await.unwrap();
}

/// "should wait for runs to end", up to a limit.
#[tokio::test(start_paused = true)]
async fn a_shutdown_waits_for_runs_up_to_a_limit() {
    for (takes, ends) in [(10, 1), (60, 0)] {
        let server = server();
        let client = server.client();
        create(&client, "a").await;
        create(&client, "b").await;
        let (started, ended) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let running = Running::start(controller(&client), {
            let (started, ended) = (Arc::clone(&started), Arc::clone(&ended));
            move |_, _| {
                let (started, ended) = (Arc::clone(&started), Arc::clone(&ended));
                async move {
                    started.fetch_add(1, SeqCst);
                    tokio::time::sleep(SECOND * takes).await;
                    ended.fetch_add(1, SeqCst);
                    Ok::<_, Error>(Action::requeue_after(SECOND))
                }
            }
        });
        settle().await;
        let (monitor, start) = (running.monitor.clone(), tokio::time::Instant::now());
        running.stop().await.unwrap();
        assert!(!monitor.is_ready());
        assert!(monitor.heartbeat_age().is_none());
        assert_eq!(start.elapsed().as_secs(), (takes as u64).min(30) - u64::from(takes < 30));
        tokio::time::sleep(SECOND * 600).await;
        assert_eq!((started.load(SeqCst), ended.load(SeqCst)), (1, ends), "no run starts after the shutdown");
        assert_eq!(monitor.counts().active, 0);
    }
}

/// "EnableWarmup": sources are in step before the first run, as of a program that is not the leader yet.
#[tokio::test(start_paused = true)]
async fn it_warms_up_without_a_run() {
    let server = server();
    let client = server.client();
    create(&client, "a").await;
    let log = Log::default();
    let mut runner = controller(&client).runner(log.reconcile());
    runner.warm_up().await.unwrap();
    runner.warm_up().await.unwrap();
    create(&client, "b").await;
    tokio::time::sleep(SECOND * 60).await;
    assert_eq!(log.len(), 0);
    assert!(!runner.monitor().is_ready());
    let monitor = runner.monitor();
    let task = tokio::spawn(runner.run_until(std::future::pending()));
    assert_eq!(log.take().await, ["b: created", "a: listed"]);
    assert!(monitor.is_ready());
    tokio::time::sleep(SECOND * 61).await;
    assert!(monitor.heartbeat_age().unwrap() <= SECOND * 10);
    let watches = server.requests().iter().filter(|request| request.verb() == "watch").count();
    assert_eq!(watches, 1);
    task.abort();
    settle().await;
    assert!(!monitor.is_ready() && monitor.heartbeat_age().is_none());
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_before_the_start_ends_it() {
    let server = server();
    server.inject(Fault::silence().resource("widgets").always());
    let client = server.client();
    let running = Running::start(controller(&client), Log::default().reconcile());
    settle().await;
    running.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_request_without_a_resource_is_an_error() {
    let server = server();
    let client = server.client();
    let request = ListRequest::<Widget>::at(kubernetes_core::Path::new("/version", &[]));
    let error = Controller::new(&client, request).run(Log::default().reconcile()).await.unwrap_err();
    assert_eq!(error.to_string(), "controller unnamed: the path of its request does not name a resource");
    let request = ListRequest::<Gadget>::at(kubernetes_core::Path::invalid("a test"));
    let error = controller(&client).owns(request).run(Log::default().reconcile()).await.unwrap_err();
    assert_eq!(error.to_string(), "controller widgets: the path of source 1 does not name a resource");
    let request = ListRequest::<Gadget>::at(kubernetes_core::Path::invalid("a test"));
    let mut runner = controller(&client).owns(request).runner(Log::default().reconcile());
    for attempt in 1..=2 {
        let error = runner.warm_up().await.unwrap_err();
        assert!(error.to_string().contains("source 1 does not name"), "{attempt}: {error}");
    }
}

/// A watch that breaks, a version that is forgotten, and a deletion that is only concluded from a list ("tombstones").
#[tokio::test(start_paused = true)]
async fn it_goes_on_after_faults_and_learns_of_deletions() {
    let server = server();
    let client = server.client();
    let widget = create(&client, "a").await;
    create_owned(&client, "child", &widget, true).await;
    create(&client, "gone").await;
    let log = Log::default();
    let running = Running::start(
        controller(&client).owns(gadgets()).on_deleted({
            let log = log.clone();
            move |last, _| {
                log.push(format!("{} has gone", last.name()));
                async { Ok::<_, Error>(Action::await_change()) }
            }
        }),
        log.reconcile(),
    );
    let expected = ["a: listed, owned gadgets default/child", "gone: listed"];
    let mut runs = log.take().await;
    runs.sort_unstable();
    assert_eq!(runs, expected);
    // While the watches are away, objects are deleted and the versions forgotten.
    for resource in ["widgets", "gadgets"] {
        server.inject(Fault::status(503).verb("watch").resource(resource).times(3));
    }
    restart_watches(&server).await;
    delete::<Gadget>(&client, "child").await;
    delete::<Widget>(&client, "gone").await;
    server.compact();
    tokio::time::sleep(SECOND * 1200).await;
    let mut runs = log.take().await;
    runs.sort_unstable();
    assert_eq!(runs, ["a: owned gadgets default/child", "gone has gone"]);
    running.stop().await.unwrap();
}

/// Waits until the server has ended every watch: that takes 5 to 10 minutes.
async fn restart_watches(server: &TestServer) {
    let watches = || server.requests().iter().filter(|request| request.status == Some(http_503())).count();
    for _ in 0..1_200 {
        if watches() >= 2 {
            return;
        }
        tokio::time::sleep(SECOND).await;
    }
    panic!("the watches have not ended");
}

fn http_503() -> http::StatusCode {
    http::StatusCode::SERVICE_UNAVAILABLE
}

/// The last state of an object that was deleted, with retries of its own.
#[tokio::test(start_paused = true)]
async fn a_deletion_is_handled_once_it_succeeds() {
    let server = server();
    let client = server.client();
    let log = Log::default();
    let running = Running::start(
        controller(&client).on_deleted({
            let log = log.clone();
            move |last, context| {
                log.push(format!("deleted {} {}", last.spec.size, context.attempt()));
                let is_first = context.attempt() == 1;
                async move { if is_first { Err("not yet") } else { Ok(Action::await_change()) } }
            }
        }),
        log.reconcile(),
    );
    settle().await;
    create(&client, "a").await;
    resize(&client, "a", 7).await;
    log.take().await;
    delete::<Widget>(&client, "a").await;
    assert_eq!(log.take().await, ["deleted 7 1", "deleted 7 2"]);
    let again =
        Widget { metadata: ObjectMeta { name: Some("a".into()), ..ObjectMeta::default() }, ..Widget::default() };
    create_in(&client, "default", &again).await;
    assert_eq!(log.take().await, ["a: created"]);
    running.stop().await.unwrap();
}

/// The object comes again, and is not blocked by the deletion that could not be handled.
#[tokio::test(start_paused = true)]
async fn a_deletion_that_cannot_be_handled_is_over() {
    let server = server();
    let client = server.client();
    let log = Log::default();
    let running = Running::start(
        controller(&client).on_deleted(|_, _| async { Err::<Action, _>(Terminal::new("never")) }),
        log.reconcile(),
    );
    settle().await;
    create(&client, "a").await;
    delete::<Widget>(&client, "a").await;
    log.take().await;
    create(&client, "a").await;
    assert_eq!(log.take().await, ["a: created"]);
    running.stop().await.unwrap();
}

/// An object is skipped while an annotation pauses it, its cleanup included.
#[tokio::test(start_paused = true)]
async fn an_object_may_be_paused() {
    let server = server();
    let client = server.client();
    let log = Log::default();
    let source = Source::new(widgets()).filter(Predicate::generation_changed());
    let controller = Controller::new(&client, source).paused_by("example.com/paused").finalizer("example.com/x", {
        let log = log.clone();
        move |widget: Arc<Widget>, _| {
            log.push(format!("cleanup of {}", widget.name()));
            async { Ok::<_, Error>(Cleanup::Complete) }
        }
    });
    let running = Running::start(controller, log.reconcile());
    settle().await;
    create(&client, "a").await;
    assert_eq!(log.take().await, ["a: created"]);
    let pause = |value: serde_json::Value| json!({"metadata": {"annotations": {"example.com/paused": value}}});
    merge::<Widget>(&client, "a", pause("true".into())).await;
    resize(&client, "a", 2).await;
    assert_eq!(log.take().await, [""; 0]);
    merge::<Widget>(&client, "a", pause("false".into())).await;
    assert_eq!(log.take().await, ["a: updated"], "though its generation is the same");
    merge::<Widget>(&client, "a", pause("".into())).await;
    delete::<Widget>(&client, "a").await;
    assert_eq!(log.take().await, [""; 0]);
    assert_eq!(names::<Widget>(&client).await, ["a"]);
    merge::<Widget>(&client, "a", pause(serde_json::Value::Null)).await;
    assert_eq!(log.take().await, ["cleanup of a"]);
    assert_eq!(names::<Widget>(&client).await, [""; 0]);
    running.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_deletion_of_a_paused_object_is_handled() {
    let server = server();
    let client = server.client();
    let log = Log::default();
    let deleted = log.clone();
    let controller = controller(&client).paused_by("example.com/paused").on_deleted(move |last, _| {
        deleted.push(format!("{} has gone", last.name()));
        async { Ok::<_, Error>(Action::await_change()) }
    });
    let running = Running::start(controller, log.reconcile());
    settle().await;
    let mut widget = Widget::named("a");
    widget.metadata.annotations = [("example.com/paused", "")].into();
    create_in(&client, "default", &widget).await;
    assert_eq!(log.take().await, [""; 0]);
    delete::<Widget>(&client, "a").await;
    assert_eq!(log.take().await, ["a has gone"]);
    running.stop().await.unwrap();
}

/// A replica that waits for leadership leaves deletions to the leader.
#[tokio::test(start_paused = true)]
async fn deletions_before_the_first_run_are_not_handled() {
    let server = server();
    let client = server.client();
    let log = Log::default();
    let deleted = log.clone();
    let controller = controller(&client).on_deleted(move |last, _| {
        deleted.push(format!("{} has gone", last.name()));
        async { Ok::<_, Error>(Action::await_change()) }
    });
    let mut runner = controller.runner(log.reconcile());
    runner.warm_up().await.unwrap();
    for name in ["a", "b"] {
        create(&client, name).await;
    }
    settle().await;
    delete::<Widget>(&client, "a").await;
    settle().await;
    let monitor = runner.monitor();
    assert_eq!(monitor.counts().queue.depth, [(0, 1)]);
    let task = tokio::spawn(runner.run_until(std::future::pending()));
    assert_eq!(log.take().await, ["b: created"]);
    task.abort();
}
