//! Controllers of several namespaces, which a Role in each allows.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use kubernetes_client::Error;
use kubernetes_controller::{Action, Context, Controller, Informers, Manager, Settings, Source};
use kubernetes_core::{CreateRequest, DeleteRequest, ListRequest, Object};
use kubernetes_models::core::v1::ConfigMap;
use kubernetes_testing::{Fault, TestServer};
use kubernetes_watch::Watch;

use crate::support::*;

/// A server with a namespace besides those that the controllers have.
fn server() -> TestServer {
    builder().namespace("private").in_process()
}

/// The namespaces of the watches of a resource, in order.
fn watched(server: &TestServer, resource: &str) -> Vec<String> {
    let requests = server.requests();
    let watches = requests.iter().filter(|request| request.verb() == "watch" && request.resource() == resource);
    let mut namespaces: Vec<_> = watches.map(|watch| watch.namespace().unwrap_or("all").to_owned()).collect();
    namespaces.sort_unstable();
    namespaces
}

#[tokio::test(start_paused = true)]
async fn a_controller_has_the_objects_of_its_namespaces() {
    let server = server();
    let client = server.client();
    for namespace in ["default", "shop", "private"] {
        create_in(&client, namespace, &Widget::named("a")).await;
    }
    let log = Log::default();
    let controller = Controller::new(&client, in_namespaces::<Widget>(&["default", "shop"]))
        .owns(in_namespaces::<Gadget>(&["default", "shop"]))
        .watches(in_namespaces::<ConfigMap>(&["default", "shop"]), |map| {
            [kubernetes_core::ObjectKey::new(map.namespace(), "a")]
        });
    let running = Running::start(controller, {
        let log = log.clone();
        move |widget: Arc<Widget>, context: Context<Widget>| {
            let (all, owned) = (context.store().len(), context.owned::<Gadget>(&*widget).len());
            let gadgets = context.store_of::<Gadget>().expect("a source").len();
            log.push(format!("{} of {all}, {owned} of {gadgets}", context.key()));
            async { Ok::<_, Error>(Action::await_change()) }
        }
    });
    assert_eq!(log.take().await, ["default/a of 2, 0 of 0", "shop/a of 2, 0 of 0"]);
    for namespace in ["default", "shop", "private"] {
        let widget = kubernetes_core::ReadRequest::<Widget>::namespaced(namespace, "a").send(&client).await.unwrap();
        create_owned(&client, "child", &widget, true).await;
        settle().await;
    }
    assert_eq!(log.take().await, ["default/a of 2, 1 of 1", "shop/a of 2, 1 of 2"]);
    for namespace in ["private", "shop"] {
        create_in(&client, namespace, &ConfigMap::named("settings")).await;
    }
    assert_eq!(log.take().await, ["shop/a of 2, 1 of 2"]);
    for resource in ["widgets", "gadgets", "configmaps"] {
        assert_eq!(watched(&server, resource), ["default", "shop"], "{resource}");
        let requests = server.requests();
        let mut of_resource = requests.iter().filter(|request| request.resource() == resource);
        assert!(of_resource.all(|request| request.namespace().is_some()), "a Role allows no others");
    }
    running.stop().await.unwrap();
}

/// A write is awaited in the watch of its namespace alone: nothing may happen in the others for a minute.
#[tokio::test(start_paused = true)]
async fn a_run_sees_writes_in_each_namespace() {
    let server = server();
    let client = server.client();
    create_in(&client, "shop", &Widget::named("a")).await;
    let (mistakes, rounds) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let informers = Informers::with_watch(&Watch::new(&client).timeout_seconds(5));
    let controller = Controller::new(&client, in_namespaces::<Widget>(&["default", "shop"]))
        .watches(in_namespaces::<Gadget>(&["shop", "default"]), |_| None)
        .informers(&informers);
    let running = Running::start(controller, {
        let (mistakes, rounds) = (Arc::clone(&mistakes), Arc::clone(&rounds));
        move |widget: Arc<Widget>, context: Context<Widget>| {
            let (mistakes, rounds) = (Arc::clone(&mistakes), Arc::clone(&rounds));
            async move {
                // The watch must have passed the version of an object that is gone.
                let is_known = context.owned::<Gadget>(&*widget).is_empty();
                mistakes.fetch_add(usize::from(!is_known), Ordering::SeqCst);
                let mut gadget = Gadget::named("child");
                gadget.metadata.owner_references = widget.owner_ref(true).into_iter().collect();
                CreateRequest::namespaced("shop", &gadget).send(context.client()).await?;
                DeleteRequest::<Gadget>::namespaced("shop", "child").send(context.client()).await?;
                rounds.fetch_add(1, Ordering::SeqCst);
                Ok::<_, Error>(Action::requeue_after(SECOND))
            }
        }
    });
    tokio::time::sleep(SECOND * 20).await;
    let counts = running.monitor.counts();
    assert!(counts.consistency_waits.sum() < SECOND, "{:?}", counts.consistency_waits);
    assert!(rounds.load(Ordering::SeqCst) >= 18, "{} rounds", rounds.load(Ordering::SeqCst));
    // The watch of one namespace is behind.
    let path = "/apis/example.com/v1/namespaces/shop/gadgets";
    server.inject(Fault::delay(SECOND * 8).verb("watch").path(path).times(3));
    tokio::time::sleep(SECOND * 40).await;
    let counts = running.monitor.counts();
    assert!(counts.consistency_waits.sum() > SECOND * 5, "{:?}", counts.consistency_waits);
    assert_eq!((counts.consistency_timeouts, mistakes.load(Ordering::SeqCst)), (0, 0));
    running.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn controllers_of_the_same_namespaces_share_informers() {
    let server = server();
    let client = server.client();
    let informers = Informers::new(&client);
    let start = async |name: &str, namespaces: &[&str]| {
        let controller =
            Controller::new(&client, in_namespaces::<Widget>(namespaces)).named(name).informers(&informers);
        Running::logging(controller).await
    };
    let (one, first) = start("one", &["default", "shop"]).await;
    let (two, second) = start("two", &["shop", "default", "shop"]).await;
    assert_eq!(watched(&server, "widgets"), ["default", "shop"]);
    create_in(&client, "shop", &Widget::named("a")).await;
    assert_eq!(
        (first.take().await, second.take().await),
        (vec!["a: created".to_owned()], vec!["a: created".to_owned()])
    );
    let (three, third) = start("three", &["shop"]).await;
    assert_eq!(watched(&server, "widgets"), ["default", "shop", "shop"]);
    assert_eq!(third.take().await, ["a: listed"]);
    for running in [one, two, three] {
        running.stop().await.unwrap();
    }
}

/// An object that several requests select runs once, and a write is awaited only where it is selected.
#[tokio::test(start_paused = true)]
async fn requests_of_a_source_may_overlap() {
    let server = server();
    let client = server.client();
    let in_default = ListRequest::<Widget>::namespaced("default");
    let source = Source::new(in_default.clone().label_selector("team=a")).and(in_default.label_selector("tier"));
    let log = Log::default();
    let running = Running::start(Controller::new(&client, source), {
        let log = log.clone();
        move |widget: Arc<Widget>, context: Context<Widget>| {
            log.push(format!("{} of {}", widget.name(), context.store().len()));
            async move {
                if widget.spec.size == 7 {
                    let request = DeleteRequest::<Widget>::namespaced("default", widget.name());
                    request.send(context.client()).await?;
                    return Ok(Action::requeue_after(SECOND));
                }
                Ok::<_, Error>(Action::await_change())
            }
        }
    });
    settle().await;
    for (name, labels) in [("a", vec![("team", "a")]), ("b", vec![("team", "a"), ("tier", "x")]), ("c", vec![])] {
        let mut widget = Widget::named(name);
        widget.metadata.labels = labels.into_iter().collect();
        create_in(&client, "default", &widget).await;
        settle().await;
    }
    assert_eq!(log.take().await, ["a of 1", "b of 2"]);
    resize(&client, "b", 2).await;
    assert_eq!(log.take().await, ["b of 2"]);
    resize(&client, "a", 7).await;
    tokio::time::sleep(SECOND * 2).await;
    let waits = running.monitor.counts().consistency_waits;
    assert!(
        waits.sum() < SECOND && running.monitor.counts().queue.depth.iter().all(|(_, items)| *items == 0),
        "{waits:?}"
    );
    running.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_namespace_without_permission_is_awaited() {
    let server = server();
    let client = server.client();
    create_in(&client, "shop", &Widget::named("a")).await;
    server.inject(Fault::status(403).path("/apis/example.com/v1/namespaces/shop/widgets").always());
    let (running, log) =
        Running::logging(Controller::new(&client, in_namespaces::<Widget>(&["default", "shop"]))).await;
    tokio::time::sleep(SECOND * 60).await;
    assert!(!running.monitor.is_ready());
    server.clear_faults();
    tokio::time::sleep(SECOND * 60).await;
    assert_eq!(log.take().await, ["a: listed"]);
    running.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_source_needs_requests_for_one_resource() {
    let client = server().client();
    let none = Controller::new(&client, in_namespaces::<Widget>(&[]));
    let error = none.run(Log::default().reconcile()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "controller unnamed: it has no list request; give it at least one, such as `ListRequest::all_namespaces()`"
    );
    let source = Source::new(gadgets()).and(ListRequest::at(kubernetes_core::Path::of::<Widget>(None)));
    let error = controller(&client).owns(source).run(Log::default().reconcile()).await.unwrap_err();
    assert_eq!(error.to_string(), "controller widgets: the list requests of source 1 name several resources");
}

/// Each shard has its objects of all namespaces; where the server does not select them, there is a watch for each
/// namespace.
#[tokio::test(start_paused = true)]
async fn shards_have_the_objects_of_several_namespaces() {
    for makes_shards in [true, false] {
        let server = builder().namespace("private").sharding(makes_shards).in_process();
        let client = server.client();
        for namespace in ["default", "shop", "private"] {
            for index in 0..10 {
                create_in(&client, namespace, &Widget::named(format!("w{index}"))).await;
            }
        }
        let mut settings = Settings::new("operator");
        (settings.leader_elect, settings.admin_address) = (false, None);
        let log = Log::default();
        let manager = Manager::new(&client, "example.com/operator", settings).sharded("widgets", 4, {
            let log = log.clone();
            move |context| {
                let controller =
                    Controller::new(context.client(), in_namespaces::<Widget>(&["default", "shop"])).named("widgets");
                let log = log.clone();
                controller.runner(move |_: Arc<Widget>, context: Context<Widget>| {
                    log.push(context.key().to_string());
                    std::future::ready(Ok::<_, Error>(Action::await_change()))
                })
            }
        });
        let task = AbortOnDrop(tokio::spawn(manager.run_until(std::future::pending())));
        tokio::time::sleep(SECOND * 10).await;
        let mut runs = log.take().await;
        runs.sort_unstable();
        let expected = ["default", "shop"]
            .into_iter()
            .flat_map(|namespace| (0..10).map(move |index| format!("{namespace}/w{index}")));
        assert_eq!(runs, expected.collect::<Vec<_>>());
        let watches = watched(&server, "widgets").len();
        assert_eq!(watches, if makes_shards { 8 } else { 2 });
        drop(task);
    }
}
