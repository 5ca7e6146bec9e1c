//! Controllers of a manager: the end of their runs, their events and leadership, and their checks.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use kubernetes_client::{Client, Error};
use kubernetes_controller::{Action, Admin, Context, Event, Manager, ServiceContext, Settings};
use kubernetes_core::{ListRequest, ReadRequest};
use kubernetes_election::LeaseConfig;
use kubernetes_models::coordination::v1::Lease;
use kubernetes_models::events::v1::Event as EventModel;
use kubernetes_testing::TestServer;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::support::*;

fn settings() -> Settings {
    let mut settings = Settings::new("operator");
    (settings.identity, settings.admin_address) = (Some("operator-0".to_owned()), None);
    settings
}

fn manager(server: &TestServer) -> Manager {
    Manager::new(&server.client(), "example.com/operator", settings())
}

async fn holder(client: &Client) -> String {
    let lease = ReadRequest::<Lease>::namespaced("default", "operator").send(client).await.expect("a Lease");
    let holder = lease.spec.as_ref().and_then(|spec| spec.holder_identity.as_deref());
    holder.unwrap_or_default().to_owned()
}

fn is_alive(admin: &Admin) -> bool {
    admin.respond(&http::Method::GET, "/livez", "").status().is_success()
}

/// A run that does not end is canceled, and the Lease released, before the manager would give its service up.
#[tokio::test(start_paused = true)]
async fn a_run_that_hangs_does_not_keep_the_lease() {
    let server = server();
    let client = server.client();
    create(&client, "a").await;
    let log = Log::default();
    let manager = manager(&server).controller("widgets", {
        let log = log.clone();
        move |context| {
            controller(context.client()).runner(move |_, context: Context<Widget>| {
                log.push(format!("{:?}", context.leadership().map(|leadership| leadership.is_valid())));
                pending::<Result<Action, Error>>()
            })
        }
    });
    let stop = async { tokio::time::sleep(SECOND * 5).await };
    let start = Instant::now();
    manager.run_until(stop).await.expect("an orderly end");
    assert!(start.elapsed() < SECOND * 35, "{:?}", start.elapsed());
    assert_eq!(log.take().await, ["Some(true)"]);
    assert_eq!(holder(&client).await, "");
}

/// Notes when a run is gone.
struct Gone(Log);

impl Drop for Gone {
    fn drop(&mut self) {
        self.0.push("gone");
    }
}

/// A run that can't be canceled at once, as it does not await, is gone before the Lease is released.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_between_two_awaits_keeps_the_lease() {
    let server = server();
    let log = Log::default();
    let client = intercepted(&server.client(), {
        let log = log.clone();
        move |request| {
            // Renewals go on meanwhile; a release is the last.
            if request.method() == http::Method::PUT && request.uri().path().ends_with("/leases/operator") {
                log.push("lease");
            }
            std::future::ready(())
        }
    });
    create(&server.client(), "a").await;
    let (begun, has_begun) = tokio::sync::oneshot::channel();
    let begun = std::sync::Mutex::new(Some(begun));
    let mut settings = settings();
    settings.graceful_shutdown_timeout = Duration::from_millis(200);
    let manager = Manager::new(&client, "example.com/operator", settings).controller("widgets", {
        let log = log.clone();
        move |context| {
            controller(context.client()).runner(move |_, _: Context<Widget>| {
                let (gone, begun) = (Gone(log.clone()), begun.lock().unwrap().take());
                async move {
                    let _gone = gone;
                    let _ = begun.map(|begun| begun.send(()));
                    std::thread::sleep(SECOND);
                    pending::<Result<Action, Error>>().await
                }
            })
        }
    });
    // Whether the service ends in time does not matter.
    let _ = manager.run_until(async { drop(has_begun.await) }).await;
    let entries = log.take().await;
    assert_eq!(entries.iter().filter(|entry| *entry == "gone").count(), 1);
    assert_eq!(entries.last().map(String::as_str), Some("lease"), "{entries:?}");
    assert_eq!(holder(&server.client()).await, "");
}

#[tokio::test(start_paused = true)]
async fn an_election_that_panics_ends_the_manager() {
    for is_held in [false, true] {
        let server = server();
        if is_held {
            let held = manager(&server).elected("other", |_| pending::<Result<(), Error>>());
            let task = AbortOnDrop(tokio::spawn(held.run_until(pending())));
            tokio::time::sleep(SECOND * 5).await;
            drop(task);
        }
        let config = LeaseConfig::new("default", "operator").identity("b").observe(|_| panic!("a bug of the observer"));
        let manager = manager(&server).election(config).elected("idle", |_| pending::<Result<(), Error>>());
        let ended = tokio::time::timeout(SECOND * 60, manager.run_until(pending())).await;
        let error = ended.expect("an end").unwrap_err().to_string();
        assert!(error.contains("leader-election has panicked: a bug of the observer"), "{error}");
    }
}

/// An error with a cause.
#[derive(Debug)]
struct Failed(std::io::Error);

impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("no backup")
    }
}

impl std::error::Error for Failed {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

#[tokio::test(start_paused = true)]
async fn events_of_runs_are_recorded() {
    let server = server();
    let client = server.client();
    let manager = manager(&server).controller("widgets", |context| {
        controller(context.client()).record_errors().runner(
            |widget: Arc<Widget>, context: Context<Widget>| async move {
                context.record(&*widget, Event::normal("Seen", "Reconcile"));
                Err::<Action, _>(Failed(std::io::Error::other("the disk is full")))
            },
        )
    });
    let task = AbortOnDrop(tokio::spawn(manager.run_until(pending())));
    create(&client, "a").await;
    tokio::time::sleep(SECOND * 30).await;
    let events = ListRequest::<EventModel>::namespaced("default").send(&client).await.unwrap().items;
    let about: Vec<_> = events
        .iter()
        .filter(|event| event.regarding.as_ref().is_some_and(|object| object.kind.as_deref() == Some("Widget")))
        .collect();
    let failed = about.iter().find(|event| event.reason.as_deref() == Some("ReconcileFailed")).expect("an event");
    assert_eq!(failed.note.as_deref(), Some("no backup; caused by: the disk is full"));
    assert_eq!(failed.type_.as_deref(), Some("Warning"));
    assert!(failed.series.as_ref().is_some_and(|series| series.count > 1), "of all attempts");
    assert!(about.iter().any(|event| event.reason.as_deref() == Some("Seen")));
    assert_eq!(about.len(), 2);
    drop(task);
}

#[tokio::test(start_paused = true)]
async fn a_controller_that_is_stuck_is_not_alive() {
    let (server, gate) = (server(), Arc::new(Semaphore::new(0)));
    let client = server.client();
    let manager = manager(&server).controller("widgets", {
        let gate = Arc::clone(&gate);
        move |context| {
            let controller = controller(context.client()).concurrency(2).stuck_after(SECOND * 600);
            controller.runner(move |_, _: Context<Widget>| {
                let gate = Arc::clone(&gate);
                async move {
                    gate.acquire().await.map_err(|_| Error::from_transport("closed"))?.forget();
                    Ok::<_, Error>(Action::await_change())
                }
            })
        }
    });
    let admin = manager.admin().clone();
    let task = AbortOnDrop(tokio::spawn(manager.run_until(pending())));
    create(&client, "a").await;
    tokio::time::sleep(SECOND * 1000).await;
    assert!(is_alive(&admin), "another worker is free");
    create(&client, "b").await;
    tokio::time::sleep(SECOND * 500).await;
    assert!(is_alive(&admin));
    tokio::time::sleep(SECOND * 200).await;
    assert!(!is_alive(&admin));
    gate.add_permits(1);
    settle().await;
    assert!(is_alive(&admin));
    drop(task);
}

/// As an operator of kinds that are found at run time has them.
#[tokio::test(start_paused = true)]
async fn controllers_that_have_ended_leave_nothing() {
    let server = server();
    let client = server.client();
    create(&client, "a").await;
    let manager = manager(&server).elected("kinds", |context: ServiceContext| async move {
        for _ in 0..5 {
            let runner = controller(context.client())
                .runner(|_, _: Context<Widget>| async { Ok::<_, Error>(Action::await_change()) });
            // It is canceled, as when a kind is gone.
            let _ = tokio::time::timeout(SECOND * 10, context.run_controller(runner)).await;
        }
        pending::<Result<(), Error>>().await
    });
    let admin = manager.admin().clone();
    let task = AbortOnDrop(tokio::spawn(manager.run_until(pending())));
    let sources = || {
        let text = admin.metrics().render();
        text.lines().filter(|line| line.starts_with("controller_runtime_active_workers{")).count()
    };
    tokio::time::sleep(SECOND * 35).await;
    assert_eq!(sources(), 1);
    tokio::time::sleep(SECOND * 60).await;
    assert_eq!(sources(), 0);
    for endpoint in ["/livez/widgets", "/readyz/widgets"] {
        let response = admin.respond(&http::Method::GET, endpoint, "");
        assert_eq!(response.status(), http::StatusCode::NOT_FOUND, "{endpoint}");
    }
    // A watch that has ended is not opened again.
    let watches = || server.requests().iter().filter(|request| request.resource() == "widgets").count();
    let before = watches();
    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert_eq!(watches(), before);
    drop(task);
}
