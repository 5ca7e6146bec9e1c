//! Sources that are added to a controller, and removed from it, while it runs.

use std::sync::Arc;

use kubernetes_client::Error;
use kubernetes_controller::{Action, Context, ControllerError, Informers, Manager, Settings, Sources};
use kubernetes_core::{CreateRequest, ListRequest, ObjectKey, Path};
use kubernetes_testing::{CustomResource, Fault, TestServer};
use kubernetes_watch::Watch;

use crate::support::*;

fn watches(server: &TestServer, resource: &str) -> usize {
    let requests = server.requests();
    requests.iter().filter(|request| request.verb() == "watch" && request.resource() == resource).count()
}

/// Starts a controller that logs its runs, and returns the handle to its sources.
async fn start(client: &kubernetes_client::Client) -> (Running, Log, Sources<Widget>) {
    let (log, mut sources) = (Log::default(), None);
    let running = Running::start_with(controller(client), log.reconcile(), |runner| sources = Some(runner.sources()));
    settle().await;
    (running, log, sources.expect("a runner"))
}

#[tokio::test(start_paused = true)]
async fn a_source_comes_and_goes() {
    let server = server();
    let client = server.client();
    let widget = create(&client, "a").await;
    create_owned(&client, "first", &widget, true).await;
    let (running, log, sources) = start(&client).await;
    assert_eq!((log.take().await, watches(&server, "gadgets")), (vec!["a: listed".to_owned()], 0));

    assert!(sources.owns("gadgets", gadgets()).unwrap());
    assert!(!sources.owns("gadgets", gadgets()).unwrap(), "it has one of this name");
    assert_eq!(sources.names(), ["gadgets"]);
    assert_eq!(log.take().await, ["a: owned gadgets default/first"], "what exists counts");
    create_owned(&client, "second", &widget, true).await;
    assert_eq!(log.take().await, ["a: owned gadgets default/second"]);
    assert_eq!(sources.store::<Gadget>("gadgets").expect("a source").len(), 2);
    assert!(sources.store::<Widget>("gadgets").is_none() && sources.store::<Gadget>("others").is_none());

    assert!(sources.remove("gadgets"));
    assert!(!sources.remove("gadgets"));
    delete::<Gadget>(&client, "second").await;
    assert_eq!(log.take().await, [""; 0]);
    assert!(sources.store::<Gadget>("gadgets").is_none());
    tokio::time::sleep(SECOND * 3600).await;
    assert_eq!(watches(&server, "gadgets"), 1, "the watch has ended");
    assert!(!running.is_finished());
    assert!(sources.watches("gadgets", gadgets(), |_: &Gadget| [ObjectKey::new("default", "a")]).unwrap());
    assert_eq!(log.take().await, ["a: mapped gadgets default/first"]);
    running.stop().await.unwrap();
}

/// The definition of a kind comes after the source and goes before it.
#[tokio::test(start_paused = true)]
async fn a_kind_comes_and_goes() {
    let server = TestServer::builder().resource(CustomResource::of::<Widget>()).in_process();
    let client = server.client();
    let widget = create(&client, "a").await;
    let (running, log, sources) = start(&client).await;
    sources.owns("gadgets", gadgets()).unwrap();
    tokio::time::sleep(SECOND * 120).await;
    assert_eq!(log.take().await, ["a: listed"]);
    assert!(!sources.store::<Gadget>("gadgets").expect("a source").is_ready());
    assert!(running.monitor.is_ready());
    resize(&client, "a", 2).await;
    assert_eq!(log.take().await, ["a: updated"], "runs do not wait for it");

    server.load_yaml(&definition("Gadget", "gadgets")).unwrap();
    create_owned(&client, "child", &widget, true).await;
    tokio::time::sleep(SECOND * 60).await;
    assert_eq!(log.take().await, ["a: owned gadgets default/child"]);

    let definitions =
        Path::new("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{name}", &["gadgets.example.com"]);
    kubernetes_core::DeleteRequest::<Gadget>::at(definitions).send(&client).await.unwrap();
    tokio::time::sleep(SECOND * 60).await;
    log.take().await;
    assert!(sources.remove("gadgets"));
    server.forget_requests();
    tokio::time::sleep(SECOND * 3600).await;
    assert!(server.requests().iter().all(|request| request.resource() != "gadgets"), "nothing asks for it any more");
    running.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn runs_see_their_writes_in_added_sources() {
    let server = server();
    let client = server.client();
    create(&client, "a").await;
    let log = Log::default();
    let informers = Informers::with_watch(&Watch::new(&client).timeout_seconds(5));
    let running = Running::start(controller(&client).informers(&informers), {
        let log = log.clone();
        move |widget: Arc<Widget>, context: Context<Widget>| {
            let log = log.clone();
            async move {
                context.sources().owns("gadgets", gadgets())?;
                let store = context.store_of::<Gadget>().expect("a source");
                if store.is_ready() && store.is_empty() && widget.spec.size > 0 {
                    log.push("created");
                    let mut gadget = Gadget::default();
                    gadget.metadata.generate_name = Some("g-".into());
                    CreateRequest::namespaced("default", &gadget).send(context.client()).await?;
                }
                Ok::<_, Box<dyn std::error::Error + Send + Sync>>(Action::requeue_after(SECOND))
            }
        }
    });
    settle().await;
    server.inject(Fault::delay(SECOND * 12).verb("watch").resource("gadgets"));
    tokio::time::sleep(SECOND * 6).await;
    resize(&client, "a", 1).await;
    tokio::time::sleep(SECOND * 60).await;
    assert_eq!(log.take().await, ["created"]);
    let counts = running.monitor.counts();
    assert!(counts.consistency_waits.sum() > SECOND * 4, "{:?}", counts.consistency_waits);
    assert_eq!(counts.consistency_timeouts, 0);
    running.stop().await.unwrap();
}

/// A run that waits until a store has seen a write does not wait for one that is removed.
#[tokio::test(start_paused = true)]
async fn no_run_waits_for_a_source_that_was_removed() {
    let server = server();
    let client = server.client();
    create(&client, "a").await;
    let (log, mut sources) = (Log::default(), None);
    let informers = Informers::with_watch(&Watch::new(&client).timeout_seconds(5));
    let write = {
        let log = log.clone();
        move |_: Arc<Widget>, context: Context<Widget>| {
            let log = log.clone();
            async move {
                log.push("run");
                let mut gadget = Gadget::default();
                gadget.metadata.generate_name = Some("g-".into());
                CreateRequest::namespaced("default", &gadget).send(context.client()).await?;
                Ok::<_, Error>(Action::requeue_after(SECOND))
            }
        }
    };
    let controller = controller(&client).informers(&informers);
    let running = Running::start_with(controller, write, |runner| sources = Some(runner.sources()));
    let sources = sources.expect("a runner");
    sources.watches("gadgets", gadgets(), |_: &Gadget| None).unwrap();
    settle().await;
    server.inject(Fault::silence().verb("watch").resource("gadgets").always());
    tokio::time::sleep(SECOND * 10).await;
    log.take().await;
    tokio::time::sleep(SECOND * 10).await;
    assert_eq!(log.take().await, [""; 0], "it waits for the store");
    sources.remove("gadgets");
    assert_eq!(log.take().await, ["run"]);
    tokio::time::sleep(SECOND * 10).await;
    assert!(log.len() >= 9, "{} runs", log.len());
    assert_eq!(running.monitor.counts().consistency_timeouts, 0);
    running.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn sources_that_are_added_before_the_start_are_awaited() {
    let server = server();
    let client = server.client();
    let widget = create(&client, "a").await;
    create_owned(&client, "child", &widget, true).await;
    server.inject(Fault::delay(SECOND * 5).verb("watch").resource("gadgets"));
    let log = Log::default();
    let mut runner = controller(&client).runner({
        let log = log.clone();
        move |widget: Arc<Widget>, context: Context<Widget>| {
            log.push(format!("owns {}", context.owned::<Gadget>(&*widget).len()));
            async { Ok::<_, Error>(Action::await_change()) }
        }
    });
    let sources = runner.sources();
    assert!(sources.owns("gadgets", gadgets()).unwrap() && !sources.owns("gadgets", gadgets()).unwrap());
    assert!(sources.owns("others", gadgets()).unwrap() && sources.remove("others"));
    runner.warm_up().await.unwrap();
    let task = AbortOnDrop(tokio::spawn(runner.run_until(std::future::pending())));
    assert_eq!(log.take().await, ["owns 1"]);
    drop(task);
}

#[tokio::test(start_paused = true)]
async fn an_ended_controller_takes_no_sources() {
    let server = server();
    let client = server.client();
    let (running, _, sources) = start(&client).await;
    sources.owns("gadgets", gadgets()).unwrap();
    settle().await;
    running.stop().await.unwrap();
    let message = |result: Result<bool, ControllerError>| result.unwrap_err().to_string();
    assert_eq!(message(sources.owns("more", gadgets())), "controller widgets: it has ended, and takes no sources");
    assert!(sources.names().is_empty() && !sources.remove("gadgets"));
    server.forget_requests();
    tokio::time::sleep(SECOND * 3600).await;
    assert!(server.requests().is_empty(), "all watches have ended");
}

#[tokio::test(start_paused = true)]
async fn the_number_of_sources_is_limited() {
    let server = server();
    let (running, _, sources) = start(&server.client()).await;
    let no_resource = ListRequest::<Gadget>::at(Path::invalid("a test"));
    let message = |result: Result<bool, ControllerError>| result.unwrap_err().to_string();
    let expected = "controller widgets: the path of source bad does not name a resource";
    assert_eq!(message(sources.owns("bad", no_resource)), expected);
    for index in 0..1_000 {
        assert!(sources.owns(index.to_string(), gadgets()).unwrap());
    }
    let error = message(sources.owns("another", gadgets()));
    assert_eq!(error, "controller widgets: 1000 sources have been added; remove one to add another");
    assert!(sources.remove("7") && sources.owns("another", gadgets()).unwrap());
    settle().await;
    assert_eq!(watches(&server, "gadgets"), 1, "they share an informer");
    running.stop().await.unwrap();
}

/// Each shard has a controller of its own, which adds sources for its objects; they share a watch.
#[tokio::test(start_paused = true)]
async fn runs_of_shards_add_sources() {
    let server = server();
    let client = server.client();
    for index in 0..20 {
        create(&client, &format!("w{index}")).await;
    }
    let mut settings = Settings::new("operator");
    (settings.leader_elect, settings.admin_address) = (false, None);
    let log = Log::default();
    let manager = Manager::new(&client, "example.com/operator", settings).sharded("widgets", 4, {
        let log = log.clone();
        move |context| {
            let log = log.clone();
            controller(context.client()).runner(move |widget: Arc<Widget>, context: Context<Widget>| {
                let added = context.sources().owns("gadgets", gadgets());
                log.push(format!("{} {}", widget.name(), context.owned::<Gadget>(&*widget).len()));
                std::future::ready(added.map(|_| Action::await_change()))
            })
        }
    });
    let task = AbortOnDrop(tokio::spawn(manager.run_until(std::future::pending())));
    tokio::time::sleep(SECOND * 5).await;
    assert_eq!((log.take().await.len(), watches(&server, "gadgets")), (20, 1));
    let widget = kubernetes_core::ReadRequest::<Widget>::namespaced("default", "w3").send(&client).await.unwrap();
    create_owned(&client, "child", &widget, true).await;
    assert_eq!(log.take().await, ["w3 1"]);
    drop(task);
}
