use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kubernetes_core::{CreateRequest, ListRequest, ReadRequest};
use kubernetes_election::LeaseConfig;
use kubernetes_models::core::v1::ConfigMap;
use kubernetes_models::events::v1::Event as EventModel;
use kubernetes_testing::{Fault, TestServer};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{Manager, ManagerError, ServiceContext, Settings};
use crate::Event;

type Never = std::convert::Infallible;

#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Vec<String>>>);

impl Notes {
    fn add(&self, note: impl Into<String>) {
        self.0.lock().unwrap().push(note.into());
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

fn settings(identity: &str) -> Settings {
    let mut settings = Settings::new("operator");
    settings.identity = Some(identity.to_owned());
    settings.admin_address = None;
    settings
}

fn manager(server: &TestServer, identity: &str) -> Manager {
    Manager::new(&server.client(), "example.com/operator", settings(identity))
}

/// A service that runs until it is asked to end, and ends slowly.
async fn service(context: ServiceContext, notes: Notes, name: &'static str) -> Result<(), Never> {
    notes.add(format!("{name} started"));
    context.shutdown().await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    notes.add(format!("{name} ended"));
    Ok(())
}

fn run(manager: Manager) -> (CancellationToken, JoinHandle<Result<(), ManagerError>>) {
    let stop = CancellationToken::new();
    (stop.clone(), tokio::spawn(manager.run_until(stop.cancelled_owned())))
}

async fn holder(server: &TestServer) -> String {
    let leases = server.requests();
    let last = leases.iter().rev().find(|request| request.resource() == "leases" && request.verb() != "get");
    last.map(|request| request.json()["spec"]["holderIdentity"].as_str().unwrap_or_default().to_owned()).unwrap()
}

async fn ready(admin: &crate::Admin) -> bool {
    admin.respond(&http::Method::GET, "/readyz", "").status().is_success()
}

#[tokio::test(start_paused = true)]
async fn everything_stops_in_its_order() {
    let (server, notes) = (TestServer::in_process(), Notes::default());
    let (a, b, c) = (notes.clone(), notes.clone(), notes.clone());
    let mut manager = manager(&server, "operator-0")
        .service("webhooks", move |context| service(context, a, "webhooks"))
        .warm("cache", move |context| async move {
            b.add("cache started");
            context.leading().await;
            assert!(context.leadership().is_some_and(|leadership| leadership.is_valid()));
            b.add("cache leads");
            context.shutdown().await;
            Ok::<_, Never>(())
        })
        .elected("scaler", move |context| async move {
            context.recorder().record(&map("web"), Event::normal("Started", "Start"));
            service(context, c, "scaler").await
        });
    manager.0.settings.shutdown_delay = Duration::from_secs(3);
    let admin = manager.admin().clone();
    assert!(ready(&admin).await);
    let (stop, task) = run(manager);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(notes.take(), ["webhooks started", "cache started", "cache leads", "scaler started"]);
    assert_eq!(holder(&server).await, "operator-0");
    server.forget_requests();

    stop.cancel();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(!ready(&admin).await, "at once, while services go on");
    assert_eq!(notes.take(), <[String; 0]>::default());
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(notes.take(), ["scaler ended"], "the leader's first");
    assert_eq!(holder(&server).await, "operator-0", "the Lease is held until the end");
    task.await.unwrap().unwrap();
    assert_eq!(notes.take(), ["webhooks ended"]);
    assert_eq!(holder(&server).await, "");
    let events = ListRequest::<EventModel>::all_namespaces().send(&server.client()).await.unwrap();
    let mut reasons: Vec<_> = events.items.iter().filter_map(|event| event.action.as_deref()).collect();
    reasons.sort_unstable();
    assert_eq!(reasons, ["Start", "StartLeading", "StopLeading"]);
}

fn map(name: &str) -> ConfigMap {
    let mut map = ConfigMap::named(name);
    map.metadata.namespace = Some("default".into());
    map
}

#[tokio::test(start_paused = true)]
async fn of_two_replicas_one_leads_until_it_stops() {
    let (server, notes) = (TestServer::in_process(), Notes::default());
    let replica = |identity: &'static str| {
        let (elected, everywhere) = (notes.clone(), notes.clone());
        let manager = manager(&server, identity)
            .elected("scaler", move |context| service(context, elected, identity))
            .service("webhooks", move |context| service(context, everywhere, "webhooks"));
        run(manager)
    };
    let (stop_first, first) = replica("operator-0");
    tokio::time::sleep(Duration::from_secs(1)).await;
    let (stop_second, second) = replica("operator-1");
    tokio::time::sleep(Duration::from_secs(60)).await;
    let mut started = notes.take();
    started.sort();
    assert_eq!(started, ["operator-0 started", "webhooks started", "webhooks started"]);
    let start = Instant::now();
    stop_first.cancel();
    first.await.unwrap().unwrap();
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(notes.take(), ["operator-0 ended", "webhooks ended", "operator-1 started"]);
    assert!(start.elapsed() < Duration::from_secs(15));
    stop_second.cancel();
    second.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn clients_of_the_leader_write_only_while_it_leads() {
    let server = TestServer::in_process();
    let held = kubernetes_models::coordination::v1::Lease::named("operator");
    CreateRequest::namespaced("default", &held).send(&server.client()).await.unwrap();
    server.inject(Fault::silence().resource("leases").always());
    let (stop, task) = run(manager(&server, "operator-0").warm("cache", |context| async move {
        let error =
            CreateRequest::<ConfigMap>::namespaced("default", &map("a")).send(context.client()).await.unwrap_err();
        assert!(error.is_not_permitted(), "{error}");
        assert!(context.leadership().is_none());
        ListRequest::<ConfigMap>::namespaced("default").send(context.client()).await.unwrap();
        context.leading().await;
        CreateRequest::<ConfigMap>::namespaced("default", &map("b")).send(context.client()).await.map(|_| ())
    }));
    tokio::time::sleep(Duration::from_secs(30)).await;
    server.clear_faults();
    task.await.unwrap().unwrap();
    drop(stop);
    assert!(ReadRequest::<ConfigMap>::namespaced("default", "b").send(&server.client()).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_service_that_fails_or_panics_stops_the_others() {
    for panics in [false, true] {
        let (server, notes) = (TestServer::in_process(), Notes::default());
        let note = notes.clone();
        let manager = manager(&server, "operator-0")
            .service("webhooks", move |context| service(context, note, "webhooks"))
            .elected("scaler", move |_| async move {
                tokio::time::sleep(Duration::from_secs(5)).await;
                assert!(!panics, "a bug of the scaler");
                Err(std::io::Error::other("no more disk"))
            });
        let error = manager.run_until(pending()).await.unwrap_err();
        assert_eq!(error.service(), Some("scaler"));
        let expected = match panics {
            false => "the service scaler has failed: no more disk",
            true => "the service scaler has panicked: a bug of the scaler",
        };
        assert_eq!(error.to_string(), expected);
        assert_eq!(std::error::Error::source(&error).is_some(), !panics);
        assert_eq!(notes.take(), ["webhooks started", "webhooks ended"]);
        assert_eq!(holder(&server).await, "");
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_that_does_not_stop_is_canceled() {
    let server = TestServer::in_process();
    let (stop, task) = run(manager(&server, "operator-0").service("stuck", |_| pending::<Result<(), Never>>()));
    tokio::time::sleep(Duration::from_secs(1)).await;
    let start = Instant::now();
    stop.cancel();
    let error = task.await.unwrap().unwrap_err();
    assert!(error.is_unfinished() && error.to_string().ends_with("timeout: stuck"), "{error}");
    assert!((30..32).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
    assert_eq!(holder(&server).await, "");
}

#[tokio::test(start_paused = true)]
async fn services_of_the_leader_are_canceled_when_leadership_is_lost() {
    let (server, notes) = (TestServer::in_process(), Notes::default());
    let note = notes.clone();
    struct OnDrop(Notes, Arc<Mutex<Option<Instant>>>);
    impl Drop for OnDrop {
        fn drop(&mut self) {
            self.0.add("canceled");
            *self.1.lock().unwrap() = Some(Instant::now());
        }
    }
    let canceled_at = Arc::new(Mutex::new(None));
    let canceled = OnDrop(notes.clone(), Arc::clone(&canceled_at));
    let manager = manager(&server, "operator-0")
        .service("webhooks", move |context| service(context, note, "webhooks"))
        .elected("scaler", move |_| async move {
            let _on_drop = canceled;
            pending::<Result<(), Never>>().await
        });
    let (_stop, task) = run(manager);
    tokio::time::sleep(Duration::from_secs(5)).await;
    server.inject(Fault::silence().resource("leases").always());
    let start = Instant::now();
    let error = task.await.unwrap().unwrap_err();
    assert!(error.is_lost(), "{error}");
    assert_eq!(notes.take(), ["webhooks started", "canceled", "webhooks ended"]);
    let canceled_at = canceled_at.lock().unwrap().unwrap();
    assert!(canceled_at - start < Duration::from_secs(11), "before the Lease ends: {:?}", canceled_at - start);
    assert!(start.elapsed() < Duration::from_secs(40), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn leadership_that_is_lost_while_services_stop_cancels_them() {
    let server = TestServer::in_process();
    let (stop, task) = run(manager(&server, "operator-0").elected("stuck", |_| pending::<Result<(), Never>>()));
    tokio::time::sleep(Duration::from_secs(5)).await;
    stop.cancel();
    server.inject(Fault::silence().resource("leases").always());
    let start = Instant::now();
    let error = task.await.unwrap().unwrap_err();
    assert!(error.is_lost(), "{error}");
    assert!(start.elapsed() < Duration::from_secs(25), "sooner than the grace period: {:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_second_signal_cancels_at_once() {
    let server = TestServer::in_process();
    let manager = manager(&server, "operator-0").service("stuck", |_| pending::<Result<(), Never>>());
    let running = super::run::Running::start(manager.0).await.unwrap();
    let (start, seconds) = (Instant::now(), |seconds| tokio::time::sleep(Duration::from_secs(seconds)));
    let error = running.run(seconds(1), seconds(3)).await.unwrap_err();
    assert!(error.is_unfinished(), "{error}");
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn services_of_the_leader_leave_time_for_the_others() {
    let (server, notes) = (TestServer::in_process(), Notes::default());
    let note = notes.clone();
    let manager = manager(&server, "operator-0")
        .elected("stuck", |_| pending::<Result<(), Never>>())
        .service("webhooks", move |context| service(context, note, "webhooks"));
    let (stop, task) = run(manager);
    tokio::time::sleep(Duration::from_secs(5)).await;
    stop.cancel();
    let error = task.await.unwrap().unwrap_err();
    assert!(error.to_string().ends_with("timeout: stuck"), "{error}");
    assert_eq!(notes.take(), ["webhooks started", "webhooks ended"]);
}

#[tokio::test(start_paused = true)]
async fn a_second_signal_shortens_the_release() {
    let server = TestServer::in_process();
    let manager = manager(&server, "operator-0").elected("idle", |context| async move {
        context.shutdown().await;
        Ok::<_, Never>(())
    });
    let running = super::run::Running::start(manager.0).await.unwrap();
    let (start, seconds) = (Instant::now(), |seconds| tokio::time::sleep(Duration::from_secs(seconds)));
    let first = async {
        seconds(2).await;
        server.inject(Fault::silence().resource("leases").always());
    };
    running.run(first, seconds(3)).await.unwrap();
    assert!(start.elapsed() < Duration::from_secs(8), "{:?}", start.elapsed());
}

/// The second signal may come while the Lease is being released.
#[tokio::test(start_paused = true)]
async fn a_second_signal_does_not_lose_the_release() {
    let server = TestServer::in_process();
    let manager = manager(&server, "operator-0").elected("idle", |context| async move {
        context.shutdown().await;
        Ok::<_, Never>(())
    });
    let running = super::run::Running::start(manager.0).await.unwrap();
    let after = |milliseconds| tokio::time::sleep(Duration::from_millis(milliseconds));
    let first = async {
        after(2000).await;
        server.inject(Fault::delay(Duration::from_millis(500)).resource("leases").always());
    };
    running.run(first, after(2200)).await.unwrap();
    assert_eq!(holder(&server).await, "");
    let lease = ReadRequest::<kubernetes_models::coordination::v1::Lease>::namespaced("default", "operator");
    let lease = lease.send(&server.client()).await.unwrap();
    assert_eq!(lease.spec.unwrap().holder_identity.as_deref().unwrap_or_default(), "");
}

#[tokio::test(start_paused = true)]
async fn it_ends_when_all_services_have_ended() {
    let server = TestServer::in_process();
    let mut manager = manager(&server, "operator-0").elected("once", |_| async { Ok::<_, Never>(()) });
    manager.0.settings.leader_elect = false;
    manager.run_until(pending()).await.unwrap();
    assert!(server.requests().iter().all(|request| request.resource() != "leases"), "there is no election");
}

#[tokio::test]
async fn what_cannot_be_started_is_an_error() {
    let server = TestServer::in_process();
    let lease = LeaseConfig::new("default", "").identity("a");
    let error = manager(&server, "a").election(lease).run_until(pending()).await.unwrap_err();
    assert!(error.to_string().contains("the name of the Lease is empty"), "{error}");
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut manager = manager(&server, "a");
    manager.0.settings.admin_address = Some(taken.local_addr().unwrap());
    let error = manager.run_until(pending()).await.unwrap_err();
    assert!(error.to_string().starts_with("can't serve the admin endpoints at 127.0.0.1:"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_controller_is_warm_before_it_leads() {
    let (server, notes) = (TestServer::in_process(), Notes::default());
    CreateRequest::<ConfigMap>::namespaced("default", &map("web")).send(&server.client()).await.unwrap();
    let note = notes.clone();
    let manager = manager(&server, "operator-0").controller("maps", move |context| {
        let reconcile = move |map: Arc<ConfigMap>, context: crate::Context<ConfigMap>| {
            let note = note.clone();
            async move {
                note.add(format!("reconciled {}", map.metadata.name.as_deref().unwrap_or_default()));
                CreateRequest::<ConfigMap>::namespaced("default", &ConfigMap::named("child"))
                    .send(context.client())
                    .await?;
                Ok::<_, kubernetes_client::Error>(crate::Action::await_change())
            }
        };
        let maps = ListRequest::<ConfigMap>::namespaced("default").field_selector("metadata.name=web");
        crate::Controller::new(context.client(), maps).named("maps").runner(reconcile)
    });
    let admin = manager.admin().clone();
    server.inject(Fault::silence().resource("leases").always());
    let (stop, task) = run(manager);
    tokio::time::sleep(Duration::from_secs(20)).await;
    assert!(ready(&admin).await, "a replica that waits is ready");
    assert!(server.requests().iter().any(|request| request.resource() == "configmaps" && request.verb() == "watch"));
    assert_eq!(notes.take(), <[String; 0]>::default());
    server.clear_faults();
    tokio::time::sleep(Duration::from_secs(20)).await;
    assert_eq!(notes.take(), ["reconciled web"]);
    let metrics = admin.metrics().render();
    for line in [
        r#"controller_runtime_reconcile_total{controller="maps",result="success"} 1"#,
        r#"controller_runtime_reconcile_errors_total{controller="maps"} 0"#,
        r#"controller_runtime_reconcile_time_seconds_count{controller="maps"} 1"#,
        r#"controller_runtime_max_concurrent_reconciles{controller="maps"} 1"#,
        r#"controller_runtime_active_workers{controller="maps"} 0"#,
        r#"workqueue_adds_total{controller="maps",name="maps"} 1"#,
        r#"leader_election_master_status{name="operator"} 1"#,
    ] {
        assert!(metrics.lines().any(|found| found == line), "{line}\n{metrics}");
    }
    let live = admin.respond(&http::Method::GET, "/livez/maps", "");
    assert!(live.status().is_success());
    stop.cancel();
    task.await.unwrap().unwrap();
    assert_eq!(holder(&server).await, "");
}

#[tokio::test(start_paused = true)]
async fn names_are_unique() {
    let server = TestServer::in_process();
    let idle = |_| pending::<Result<(), Never>>();
    let error = manager(&server, "a").service("x", idle).elected("x", idle).run_until(pending()).await.unwrap_err();
    assert_eq!(error.to_string(), "two services are named x");
    let runner = |context: &ServiceContext| {
        let reconcile = |_, _| async { Ok::<_, Never>(crate::Action::await_change()) };
        let maps = ListRequest::<ConfigMap>::namespaced("default");
        crate::Controller::new(context.client(), maps).named("maps").runner(reconcile)
    };
    let manager = manager(&server, "a").controller("one", runner).controller("two", runner);
    let error = manager.run_until(pending()).await.unwrap_err();
    assert!(error.to_string().contains("controller maps: another controller has this name"), "{error}");
}
