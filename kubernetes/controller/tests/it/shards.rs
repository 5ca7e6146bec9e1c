//! Replicas that share the objects of a controller.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kubernetes_client::{Client, Error};
use kubernetes_controller::{Action, Admin, Context, Controller, Manager, ManagerError, Settings};
use kubernetes_core::{ListRequest, ObjectKey, Patch, PatchRequest};
use kubernetes_models::coordination::v1::Lease;
use kubernetes_testing::{Fault, TestServer};
use serde_json::json;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::support::*;

const OBJECTS: usize = 40;

/// The runs under way. A panic would be an error of the run, so that overlaps are remembered, as are the replicas that
/// have run for each object.
#[derive(Clone, Default)]
struct Runs {
    active: Arc<Mutex<HashMap<String, String>>>,
    replicas: Arc<Mutex<HashMap<String, BTreeSet<String>>>>,
    overlaps: Arc<Mutex<Vec<String>>>,
}

struct Run {
    runs: Runs,
    object: String,
}

impl Runs {
    fn begin(&self, object: &str, replica: &str) -> Run {
        let other = self.active.lock().unwrap().insert(object.to_owned(), replica.to_owned());
        if let Some(other) = other {
            self.overlaps.lock().unwrap().push(format!("{replica} runs for {object}, and so does {other}"));
        }
        self.replicas.lock().unwrap().entry(object.to_owned()).or_default().insert(replica.to_owned());
        Run { runs: self.clone(), object: object.to_owned() }
    }

    /// How many objects each replica has run for since the last call.
    fn shares(&self) -> Vec<(String, usize)> {
        let mut shares: HashMap<String, usize> = HashMap::new();
        for replica in std::mem::take(&mut *self.replicas.lock().unwrap()).into_values().flatten() {
            *shares.entry(replica).or_default() += 1;
        }
        let mut shares: Vec<_> = shares.into_iter().collect();
        shares.sort();
        shares
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        self.runs.active.lock().unwrap().remove(&self.object);
    }
}

struct Replica {
    task: JoinHandle<Result<(), ManagerError>>,
    stop: Option<oneshot::Sender<()>>,
    is_cut: Arc<AtomicBool>,
    admin: Admin,
}

impl Replica {
    /// A replica whose runs take a while, and write the generation that they have seen.
    fn start(server: &TestServer, identity: &'static str, takes: Duration, runs: &Runs) -> Self {
        let is_cut = Arc::new(AtomicBool::new(false));
        let cut = Arc::clone(&is_cut);
        let client = intercepted(&server.client(), move |_| {
            let is_cut = cut.load(Ordering::SeqCst);
            async move {
                if is_cut {
                    std::future::pending().await
                }
            }
        });
        let mut settings = Settings::new("operator");
        (settings.leader_elect, settings.admin_address) = (false, None);
        settings.identity = Some(identity.to_owned());
        let runs = runs.clone();
        let manager = Manager::new(&client, "example.com/operator", settings).sharded("widgets", 8, move |context| {
            let runs = runs.clone();
            Controller::new(context.client(), widgets()).owns(gadgets()).named("widgets").runner(
                move |widget: Arc<Widget>, context: Context<Widget>| {
                    let runs = runs.clone();
                    async move {
                        let _run = runs.begin(widget.name(), identity);
                        tokio::time::sleep(takes).await;
                        let seen = json!({"status": {"seen": widget.metadata.generation}});
                        write_status(context.client(), widget.name(), &seen).await?;
                        Ok::<_, Error>(Action::await_change())
                    }
                },
            )
        });
        let (admin, (stop, stopped)) = (manager.admin().clone(), oneshot::channel::<()>());
        let task = tokio::spawn(manager.run_until(async move { drop(stopped.await) }));
        Self { task, stop: Some(stop), is_cut, admin }
    }

    fn metric(&self, name: &str) -> f64 {
        let text = self.admin.metrics().render();
        let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("{name} in {text}"));
        line.rsplit(' ').next().unwrap().parse().unwrap()
    }

    fn answers(&self, path: &str) -> http::StatusCode {
        self.admin.respond(&http::Method::GET, path, "").status()
    }

    async fn stop(mut self) {
        self.stop.take();
        self.task.await.unwrap().unwrap();
    }

    /// Ends it without a request to the server.
    fn crash(self) {
        self.is_cut.store(true, Ordering::SeqCst);
        self.task.abort();
    }
}

async fn write_status(client: &Client, name: &str, status: &serde_json::Value) -> Result<(), Error> {
    let patch = Patch::merge(status);
    PatchRequest::<Widget>::namespaced("default", name, &patch).subresource("status").send(client).await.map(drop)
}

/// Changes all objects, and waits.
async fn change_all(client: &Client, size: u32, wait: Duration) {
    for index in 0..OBJECTS {
        resize(client, &format!("w{index}"), size).await;
    }
    tokio::time::sleep(wait).await;
}

async fn all_are_seen(client: &Client) -> bool {
    let list = ListRequest::<Widget>::namespaced("default").send(client).await.unwrap();
    assert_eq!(list.items.len(), OBJECTS);
    list.items.iter().all(|widget| widget.status["seen"].as_i64() == widget.metadata.generation)
}

#[tokio::test(start_paused = true)]
async fn replicas_share_the_objects_and_no_two_runs_overlap() {
    for makes_shards in [true, false] {
        let server = builder().sharding(makes_shards).in_process();
        let (client, runs, takes) = (server.client(), Runs::default(), Duration::from_millis(100));
        for index in 0..OBJECTS {
            create(&client, &format!("w{index}")).await;
        }
        let a = Replica::start(&server, "a", takes, &runs);
        tokio::time::sleep(SECOND * 10).await;
        assert_eq!(runs.shares(), [("a".to_owned(), OBJECTS)]);
        assert_eq!((a.metric("shards_held"), a.metric("shards_members")), (8.0, 1.0));

        // Two join while there is work.
        let (b, c) = (Replica::start(&server, "b", takes, &runs), Replica::start(&server, "c", takes, &runs));
        for size in 1..10 {
            change_all(&client, size, SECOND).await;
        }
        tokio::time::sleep(SECOND * 20).await;
        assert!(all_are_seen(&client).await, "after two have joined");
        runs.shares();
        change_all(&client, 10, SECOND * 5).await;
        let shares = runs.shares();
        assert!(shares.len() == 3 && shares.iter().all(|(_, share)| *share >= 4), "{shares:?}");
        assert_eq!(shares.iter().map(|(_, share)| share).sum::<usize>(), OBJECTS, "each runs in one replica");
        assert_eq!(a.metric("shards_held"), 3.0);
        let text = a.admin.metrics().render();
        let reconciled = "controller_runtime_reconcile_total{controller=\"widgets\",shard=\"";
        assert!(text.lines().filter(|line| line.starts_with(reconciled)).count() >= 3, "{text}");

        // One leaves, and one crashes.
        change_all(&client, 11, Duration::ZERO).await;
        b.stop().await;
        change_all(&client, 12, Duration::from_millis(150)).await;
        c.crash();
        change_all(&client, 13, SECOND * 40).await;
        assert!(all_are_seen(&client).await, "after one has left and one has crashed");
        runs.shares();
        change_all(&client, 14, SECOND * 5).await;
        assert_eq!(runs.shares(), [("a".to_owned(), OBJECTS)]);
        a.stop().await;
        assert!(runs.active.lock().unwrap().is_empty());
        assert_eq!(*runs.overlaps.lock().unwrap(), Vec::<String>::new());
        let requests = server.requests();
        let mut watches =
            requests.iter().filter(|request| request.verb() == "watch" && request.resource() == "widgets");
        assert_eq!(watches.any(|request| request.query.contains("shardSelector")), makes_shards);
    }
}

/// A server without sharded watches sends all objects once, whatever the number of shards.
#[tokio::test(start_paused = true)]
async fn the_shards_of_a_replica_share_a_watch_of_all_objects() {
    let server = builder().sharding(false).in_process();
    let (client, runs) = (server.client(), Runs::default());
    for index in 0..OBJECTS {
        create(&client, &format!("w{index}")).await;
    }
    let a = Replica::start(&server, "a", Duration::from_millis(10), &runs);
    tokio::time::sleep(SECOND * 10).await;
    assert_eq!(runs.shares(), [("a".to_owned(), OBJECTS)]);
    let requests = |verb: &str| {
        let requests = server.requests();
        requests.iter().filter(|request| request.verb() == verb && request.resource() == "widgets").count()
    };
    // One asks whether the server selects shards.
    assert_eq!((requests("list"), requests("watch")), (1, 1), "all shards were taken at once");
    for index in (0..OBJECTS).step_by(3) {
        delete::<Widget>(&client, &format!("w{index}")).await;
    }
    for index in (0..OBJECTS).filter(|index| index % 3 != 0) {
        resize(&client, &format!("w{index}"), 7).await;
    }
    tokio::time::sleep(SECOND * 5).await;
    assert_eq!(runs.shares(), [("a".to_owned(), OBJECTS - OBJECTS.div_ceil(3))]);
    // Shards that move to another replica, and back.
    let before = requests("watch");
    let b = Replica::start(&server, "b", Duration::from_millis(10), &runs);
    tokio::time::sleep(SECOND * 25).await;
    assert_eq!((a.metric("shards_held"), b.metric("shards_held")), (4.0, 4.0));
    let by_b = requests("watch") - before;
    assert!((1..=2).contains(&by_b), "only the new replica lists the objects: {by_b}");
    let before = requests("watch");
    b.stop().await;
    tokio::time::sleep(SECOND * 10).await;
    assert_eq!(a.metric("shards_held"), 8.0);
    assert!(requests("watch") - before <= 2, "{}", requests("watch") - before);
    a.stop().await;
    let before = requests("watch");
    tokio::time::sleep(SECOND * 3600).await;
    assert_eq!(requests("watch"), before, "the watch has ended with the last shard");
}

/// Runs that take longer than a Lease end before another replica runs for their objects.
#[tokio::test(start_paused = true)]
async fn a_run_is_canceled_when_its_shard_is_lost() {
    let (server, runs) = (server(), Runs::default());
    create(&server.client(), "w0").await;
    let a = Replica::start(&server, "a", SECOND * 100, &runs);
    tokio::time::sleep(SECOND * 5).await;
    a.is_cut.store(true, Ordering::SeqCst);
    let b = Replica::start(&server, "b", SECOND / 2, &runs);
    tokio::time::sleep(SECOND * 8).await;
    assert_eq!(*runs.active.lock().unwrap(), [("w0".to_owned(), "a".to_owned())].into());
    tokio::time::sleep(SECOND * 4).await;
    assert!(runs.active.lock().unwrap().is_empty(), "it was canceled");
    tokio::time::sleep(SECOND * 20).await;
    assert_eq!(runs.shares(), [("a".to_owned(), 1), ("b".to_owned(), 1)]);
    let status = ListRequest::<Widget>::namespaced("default").send(&server.client()).await.unwrap().items;
    assert_eq!(status[0].status["seen"], 1);
    assert_eq!(*runs.overlaps.lock().unwrap(), Vec::<String>::new());
    b.stop().await;
    a.crash();
}

/// All shards of a replica share the informers of further sources, and so do the controllers of a manager.
#[tokio::test(start_paused = true)]
async fn the_controllers_of_a_manager_share_informers() {
    let server = server();
    let client = server.client();
    let mut settings = Settings::new("operator");
    (settings.leader_elect, settings.admin_address) = (false, None);
    let run = |_: Arc<Widget>, _: Context<Widget>| std::future::ready(Ok::<_, Error>(Action::await_change()));
    let manager = Manager::new(&client, "example.com/operator", settings)
        .controller("first", move |context| {
            Controller::new(context.client(), widgets()).owns(gadgets()).named("first").runner(run)
        })
        .controller("second", move |context| Controller::new(context.client(), widgets()).named("second").runner(run))
        .sharded("third", 4, move |context| {
            Controller::new(context.client(), widgets()).owns(gadgets()).named("third").runner(run)
        });
    let task = AbortOnDrop(tokio::spawn(manager.run_until(std::future::pending())));
    tokio::time::sleep(SECOND * 10).await;
    let watches = |resource: &str, sharded: bool| {
        let requests = server.requests();
        let of_resource = requests.iter().filter(|request| request.verb() == "watch" && request.resource() == resource);
        of_resource.filter(|request| request.query.contains("shardSelector") == sharded).count()
    };
    assert_eq!((watches("widgets", false), watches("widgets", true)), (1, 4));
    assert_eq!((watches("gadgets", false), watches("gadgets", true)), (1, 0));
    drop(task);
}

/// A run that does not end is canceled in time for the release of its shard's Lease.
#[tokio::test(start_paused = true)]
async fn a_run_that_hangs_does_not_keep_its_shard() {
    let (server, runs) = (server(), Runs::default());
    create(&server.client(), "w0").await;
    let a = Replica::start(&server, "a", SECOND * 3600, &runs);
    tokio::time::sleep(SECOND * 5).await;
    assert_eq!(runs.active.lock().unwrap().len(), 1);
    let start = tokio::time::Instant::now();
    a.stop().await;
    assert!(start.elapsed() < SECOND * 30, "{:?}", start.elapsed());
    let leases = ListRequest::<Lease>::namespaced("default").send(&server.client()).await.unwrap().items;
    let shards: Vec<_> = leases.iter().filter(|lease| lease.name().contains("-of-")).collect();
    assert_eq!(shards.len(), 8);
    for lease in shards {
        let holder = lease.spec.as_ref().and_then(|spec| spec.holder_identity.as_deref()).unwrap_or_default();
        assert_eq!(holder, "", "{} is released", lease.name());
    }
}

#[tokio::test(start_paused = true)]
async fn a_replica_is_ready_when_the_objects_of_its_shards_are_known() {
    let (server, runs) = (server(), Runs::default());
    create(&server.client(), "w0").await;
    server.inject(Fault::silence().resource("leases").verb("list").always());
    let a = Replica::start(&server, "a", SECOND, &runs);
    tokio::time::sleep(SECOND * 20).await;
    assert_eq!((a.answers("/readyz/widgets"), a.answers("/livez/widgets")), (FAILED, http::StatusCode::OK));
    server.clear_faults();
    server.inject(Fault::silence().resource("widgets").always());
    tokio::time::sleep(SECOND * 20).await;
    assert_eq!(a.metric("shards_held"), 8.0);
    assert_eq!(a.answers("/readyz/widgets"), FAILED, "it holds the shards, and does not know their objects");
    server.clear_faults();
    tokio::time::sleep(SECOND * 120).await;
    assert_eq!(a.answers("/readyz/widgets"), http::StatusCode::OK);
    // One with another number of shards must be ready, or the old replicas would not be ended.
    let mut settings = Settings::new("operator");
    (settings.leader_elect, settings.admin_address) = (false, None);
    settings.identity = Some("b".to_owned());
    let manager = Manager::new(&server.client(), "example.com/operator", settings)
        .sharded("widgets", 4, |context| Controller::new(context.client(), widgets()).named("widgets").runner(idle));
    let admin = manager.admin().clone();
    let task = AbortOnDrop(tokio::spawn(manager.run_until(std::future::pending())));
    tokio::time::sleep(SECOND * 10).await;
    assert_eq!(admin.respond(&http::Method::GET, "/readyz/widgets", "").status(), http::StatusCode::OK);
    drop(task);
    a.stop().await;
}

/// In a rollout, the old replica ends only when the new one is ready, which takes its shards then.
#[tokio::test(start_paused = true)]
async fn a_new_replica_is_ready_while_another_holds_all_shards() {
    let (server, runs) = (server(), Runs::default());
    let client = server.client();
    for index in 0..OBJECTS {
        create(&client, &format!("w{index}")).await;
    }
    let a = Replica::start(&server, "a", Duration::from_millis(10), &runs);
    tokio::time::sleep(SECOND * 60).await;
    let b = Replica::start(&server, "b", Duration::from_millis(10), &runs);
    tokio::time::sleep(SECOND * 5).await;
    assert_eq!((b.metric("shards_held"), b.answers("/readyz/widgets")), (0.0, http::StatusCode::OK));
    a.stop().await;
    tokio::time::sleep(SECOND * 5).await;
    assert_eq!(b.metric("shards_held"), 8.0);
    runs.shares();
    change_all(&client, 2, SECOND * 5).await;
    assert_eq!(runs.shares(), [("b".to_owned(), OBJECTS)]);
    b.stop().await;
}

const FAILED: http::StatusCode = http::StatusCode::INTERNAL_SERVER_ERROR;

async fn idle(_: Arc<Widget>, _: Context<Widget>) -> Result<Action, Error> {
    Ok(Action::await_change())
}

#[tokio::test(start_paused = true)]
async fn controllers_of_two_sharded_services_have_two_names() {
    let server = server();
    let mut settings = Settings::new("operator");
    (settings.leader_elect, settings.admin_address) = (false, None);
    let build = |context: &kubernetes_controller::ServiceContext| {
        Controller::new(context.client(), widgets()).named("widgets").runner(idle)
    };
    let manager = Manager::new(&server.client(), "example.com/operator", settings);
    let error = manager.sharded("one", 2, build).sharded("two", 2, build).run_until(std::future::pending()).await;
    let error = error.unwrap_err().to_string();
    assert!(error.contains("another controller has this name"), "{error}");
}

/// A related object concerns the controller of one shard, not those of all.
#[tokio::test(start_paused = true)]
async fn a_mapped_key_is_for_the_shard_of_its_object() {
    let (server, log) = (server(), Log::default());
    let client = server.client();
    for name in ["a", "b", "c", "d", "e"] {
        create(&client, name).await;
    }
    let mut settings = Settings::new("operator");
    (settings.leader_elect, settings.admin_address) = (false, None);
    let manager = Manager::new(&client, "example.com/operator", settings).sharded("widgets", 4, {
        let log = log.clone();
        move |context| {
            let related = |gadget: &Gadget| [ObjectKey::new("default", &gadget.spec.reference)];
            let controller = Controller::new(context.client(), widgets()).named("widgets").watches(gadgets(), related);
            controller.runner(log.reconcile())
        }
    });
    let metrics = manager.metrics().clone();
    let task = AbortOnDrop(tokio::spawn(manager.run_until(std::future::pending())));
    tokio::time::sleep(SECOND * 5).await;
    assert_eq!(log.take().await.len(), 5);
    let runs = || {
        let text = metrics.render();
        let of_runs = |line: &&str| line.starts_with("controller_runtime_reconcile_total{");
        let counts = text.lines().filter(of_runs).filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok());
        counts.sum::<f64>()
    };
    assert_eq!(runs(), 5.0);
    let mut gadget = Gadget::named("g");
    gadget.spec.reference = "c".to_owned();
    create_in(&client, "default", &gadget).await;
    assert_eq!(log.take().await.len(), 1);
    assert_eq!(runs(), 6.0, "one run in all shards");
    drop(task);
}
