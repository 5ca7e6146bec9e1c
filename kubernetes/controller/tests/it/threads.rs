//! The queue and a controller on several threads, in real time: guarantees that hold whatever races there are.

use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kubernetes_client::Backoff;
use kubernetes_controller::{Action, Context, Delivery, Queue};
use kubernetes_core::{Patch, PatchRequest, ReadRequest};
use serde_json::json;
use tokio::sync::mpsc;
use tokio::task::{JoinSet, yield_now};

use crate::support::*;

const MILLISECOND: Duration = Duration::from_millis(1);
/// A test that takes longer hangs.
const LIMIT: Duration = Duration::from_secs(120);

const ITEMS: usize = 20;

/// The items of a queue, as producers and workers know them.
#[derive(Default)]
struct Item {
    /// How often it was added.
    added: AtomicU64,
    /// How often it had been added when the last worker began.
    seen: AtomicU64,
    is_busy: AtomicBool,
}

type Items = Arc<[Item; ITEMS]>;

/// Works on one item, and gives it back in one of several ways. Returns whether another worker had it.
async fn work(items: &Items, turn: usize, delivery: Delivery<usize>, held: &mpsc::UnboundedSender<usize>) -> bool {
    let index = *delivery.item();
    let item = &items[index];
    let was_busy = item.is_busy.swap(true, SeqCst);
    item.seen.store(item.added.load(SeqCst), SeqCst);
    if turn.is_multiple_of(3) {
        yield_now().await;
    }
    item.is_busy.store(false, SeqCst);
    match turn % 7 {
        0 => delivery.retry(),
        1 => {
            delivery.hold(LIMIT);
            held.send(index).unwrap();
        }
        _ => delivery.done(),
    }
    was_busy
}

/// No item is with two workers at a time, and after each addition a worker begins, though workers give up waiting, fail and
/// hold items.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_item_is_lost_or_handed_out_twice() {
    let queue = Queue::<usize>::builder().backoff(Backoff::new(MILLISECOND / 10, MILLISECOND)).build();
    let items = Items::default();
    let (held, mut releases) = mpsc::unbounded_channel();
    let (mut workers, mut producers) = (JoinSet::new(), JoinSet::new());
    for worker in 0..8 {
        let (queue, items, held) = (queue.clone(), Arc::clone(&items), held.clone());
        workers.spawn(async move {
            let mut overlaps = 0;
            for turn in worker.. {
                if turn % 5 == 0 {
                    // It stops waiting at once, whether there is an item or not.
                    let delivery = futures_util::poll!(pin!(queue.next()));
                    if let std::task::Poll::Ready(Some(delivery)) = delivery {
                        overlaps += u32::from(work(&items, turn, delivery, &held).await);
                    }
                }
                let Some(delivery) = queue.next().await else { break };
                overlaps += u32::from(work(&items, turn, delivery, &held).await);
            }
            overlaps
        });
    }
    let releaser = AbortOnDrop(tokio::spawn({
        let queue = queue.clone();
        async move {
            while let Some(item) = releases.recv().await {
                queue.release(&item);
            }
        }
    }));
    for producer in 0..2 {
        let (queue, items) = (queue.clone(), Arc::clone(&items));
        producers.spawn(async move {
            for addition in 0..20_000 {
                let index = (addition * 7 + producer) % ITEMS;
                items[index].added.fetch_add(1, SeqCst);
                queue.add(index);
                if addition % 16 == 0 {
                    yield_now().await;
                }
            }
        });
    }
    producers.join_all().await;
    let is_behind = |item: &Item| item.seen.load(SeqCst) != item.added.load(SeqCst);
    let all_seen = async {
        while items.iter().any(is_behind) {
            tokio::time::sleep(MILLISECOND).await;
        }
    };
    let behind = || items.iter().enumerate().filter(|(_, item)| is_behind(item)).map(|(index, _)| index);
    assert!(tokio::time::timeout(LIMIT, all_seen).await.is_ok(), "lost: {:?}", behind().collect::<Vec<_>>());
    queue.shut_down();
    assert_eq!(workers.join_all().await.iter().sum::<u32>(), 0, "workers that had the item of another");
    drop(releaser);
}

/// The state of an object between runs.
#[derive(Default)]
struct Seen {
    is_busy: AtomicBool,
    /// The number that the last run has written.
    written: AtomicU64,
}

/// Notes in the status that the size has been seen, with a number that grows; a fifth of the runs fails then.
async fn reconcile(
    seen: Arc<Vec<Seen>>,
    violations: Arc<Mutex<Vec<String>>>,
    widget: Arc<Widget>,
    context: Context<Widget>,
) -> Result<Action, Box<dyn std::error::Error + Send + Sync>> {
    let index: usize = widget.name().trim_start_matches('w').parse()?;
    let own = &seen[index];
    if own.is_busy.swap(true, SeqCst) {
        violations.lock().unwrap().push(format!("two runs of {index}"));
    }
    let (expected, found) = (own.written.load(SeqCst), widget.status["run"].as_u64().unwrap_or_default());
    if found != expected {
        violations.lock().unwrap().push(format!("{index} has {found} instead of {expected}"));
    }
    if widget.status["size"].as_u64() != Some(u64::from(widget.spec.size)) {
        let patch = Patch::merge(&json!({"status": {"run": found + 1, "size": widget.spec.size}}));
        PatchRequest::<Widget>::at(context.path(), &patch).subresource("status").send(context.client()).await?;
        own.written.store(found + 1, SeqCst);
    }
    own.is_busy.store(false, SeqCst);
    match context.run_id() % 5 {
        0 => Err("fails after its write".into()),
        _ => Ok(Action::await_change()),
    }
}

/// Runs of an object never overlap, each sees what the last one has written, and in the end all is done, though runs fail
/// and others write the same objects.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn runs_follow_each_other_and_see_their_writes() {
    const WIDGETS: usize = 20;
    let server = server();
    let client = server.client();
    for index in 0..WIDGETS {
        create(&client, &format!("w{index}")).await;
    }
    let seen: Arc<Vec<Seen>> = Arc::new((0..WIDGETS).map(|_| Seen::default()).collect());
    let violations = Arc::new(Mutex::new(Vec::new()));
    let controller = controller(&client).concurrency(8).backoff(Backoff::new(MILLISECOND, MILLISECOND * 10));
    let running = Running::start(controller, {
        let (seen, violations) = (Arc::clone(&seen), Arc::clone(&violations));
        move |widget, context| reconcile(Arc::clone(&seen), Arc::clone(&violations), widget, context)
    });
    let mut users = JoinSet::new();
    for user in 0..4 {
        let client = client.clone();
        users.spawn(async move {
            for size in 1..=200_u32 {
                let index = (size as usize * 3 + user) % WIDGETS;
                resize(&client, &format!("w{index}"), size).await;
            }
        });
    }
    users.join_all().await;
    let is_done = async |index: usize| {
        let widget = ReadRequest::<Widget>::namespaced("default", format!("w{index}")).send(&client).await.unwrap();
        widget.status["size"].as_u64() == Some(u64::from(widget.spec.size))
    };
    let all_done = async {
        for index in 0..WIDGETS {
            while !is_done(index).await {
                tokio::time::sleep(MILLISECOND).await;
            }
        }
    };
    assert!(tokio::time::timeout(LIMIT, all_done).await.is_ok(), "an object was left");
    assert_eq!(*violations.lock().unwrap(), [""; 0]);
    let counts = running.monitor.counts();
    assert_eq!((counts.consistency_timeouts, counts.panics), (0, 0), "{counts:?}");
    running.stop().await.unwrap();
}
