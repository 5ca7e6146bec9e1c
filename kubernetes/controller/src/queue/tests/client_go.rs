//! <https://github.com/kubernetes/client-go/tree/v0.38.0/util/workqueue>

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use super::*;

/// `TestBasic`: many producers and workers, each item once at a time.
#[tokio::test(start_paused = true)]
async fn producers_and_workers_share_a_queue() {
    let queue = Queue::<u32>::new();
    let (running, handled) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicUsize::new(0)));
    let workers: Vec<_> = (0..10)
        .map(|_| {
            let (queue, running, handled) = (queue.clone(), Arc::clone(&running), Arc::clone(&handled));
            tokio::spawn(async move {
                while let Some(delivery) = queue.next().await {
                    assert!(!lock(&running).contains(delivery.item()), "two workers have {}", *delivery);
                    lock(&running).push(*delivery.item());
                    tokio::time::sleep(Duration::from_millis(3)).await;
                    lock(&running).retain(|item| item != delivery.item());
                    handled.fetch_add(1, SeqCst);
                    delivery.done();
                }
            })
        })
        .collect();
    for producer in 0..50 {
        let queue = queue.clone();
        tokio::spawn(async move {
            for _ in 0..50 {
                queue.add(producer);
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        });
    }
    tokio::time::sleep(SECOND * 60).await;
    queue.shut_down();
    assert!(!queue.add(99), "nothing is added after the end");
    for worker in workers {
        worker.await.expect("a worker does not panic");
    }
    assert!((50..=50 * 50).contains(&handled.load(SeqCst)), "{}", handled.load(SeqCst));
    assert!(queue.is_empty());
}

/// `TestAddWhileProcessing`, `TestReinsert`
#[tokio::test(start_paused = true)]
async fn an_item_that_is_added_while_a_worker_has_it_comes_again_once() {
    let queue = Queue::<&str>::new();
    queue.add("foo");
    let first = queue.next().await.unwrap();
    queue.add("foo");
    queue.add("foo");
    assert!(queue.try_next().is_none(), "it is never with two workers");
    assert_eq!(queue.len(), 0);
    first.done();
    assert_eq!(take_all(&queue), ["foo"]);
    assert!(queue.is_empty());
}

/// `TestLen`, `TestCollapse`, `TestCollapseWhileProcessing`
#[tokio::test(start_paused = true)]
async fn adds_collapse() {
    let queue = Queue::<&str>::new();
    for (item, len) in [("foo", 1), ("bar", 2), ("foo", 2)] {
        queue.add(item);
        assert_eq!(queue.len(), len);
    }
    assert_eq!(take_all(&queue), ["foo", "bar"]);
}

/// `TestGarbageCollection`: an item that nobody asks for is not kept.
#[tokio::test(start_paused = true)]
async fn items_are_forgotten() {
    let queue = Queue::<Arc<str>>::new();
    let item: Arc<str> = "foo".into();
    queue.add(Arc::clone(&item));
    queue.next().await.unwrap().done();
    assert_eq!(Arc::strong_count(&item), 1);
}

/// `TestQueueDrainageUsingShutDownWithDrain`
#[tokio::test(start_paused = true)]
async fn a_drain_waits_for_what_workers_have() {
    let queue = Queue::<&str>::new();
    queue.add("foo");
    queue.add("bar");
    let (foo, bar) = (queue.next().await.unwrap(), queue.next().await.unwrap());
    let mut drained = tokio::spawn({
        let queue = queue.clone();
        async move { queue.drain().await }
    });
    foo.done();
    assert!(tokio::time::timeout(SECOND, &mut drained).await.is_err(), "bar is under way");
    bar.done();
    drained.await.unwrap();
    assert!(queue.next().await.is_none());
}

/// `TestNoQueueDrainageUsingShutDown`, `TestForceQueueShutdownUsingShutDown`
#[tokio::test(start_paused = true)]
async fn a_shutdown_waits_for_nobody_and_cuts_a_drain_short() {
    let queue = Queue::<&str>::new();
    queue.add("foo");
    let foo = queue.next().await.unwrap();
    queue.shut_down();
    assert!(queue.next().await.is_none());
    foo.retry();
    assert!(queue.next().await.is_none(), "no retries after the end");
    assert!(queue.is_shut_down());
}

/// `TestQueueDrainageUsingShutDownWithDrainWithDirtyItem`
#[tokio::test(start_paused = true)]
async fn a_drain_includes_what_was_added_again_before() {
    let queue = Queue::<&str>::new();
    queue.add("foo");
    let foo = queue.next().await.unwrap();
    queue.add("foo");
    let drained = tokio::spawn({
        let queue = queue.clone();
        async move { queue.drain().await }
    });
    let worker = tokio::spawn({
        let queue = queue.clone();
        async move {
            let again = queue.next().await.expect("foo comes again");
            again.done();
            queue.next().await.is_none()
        }
    });
    tokio::time::sleep(SECOND).await;
    assert!(!drained.is_finished() && !worker.is_finished());
    foo.done();
    assert!(worker.await.unwrap());
    drained.await.unwrap();
}

/// `TestSimpleQueue`, `TestDeduping` and `TestAddTwoFireEarly` of the delaying queue
#[tokio::test(start_paused = true)]
async fn delayed_adds_keep_the_earliest_time() {
    let queue = Queue::<&str>::new();
    queue.add_with("foo", Add::new().after(SECOND));
    queue.add_with("foo", Add::new().after(SECOND * 3));
    queue.add_with("bar", Add::new().after(SECOND * 2));
    queue.add_with("bar", Add::new().after(SECOND / 2));
    assert_eq!((queue.len(), queue.counts().waiting), (0, 2));
    let (bar, after) = timed(&queue).await;
    assert_eq!((*bar.item(), after), ("bar", 500));
    bar.done();
    let (foo, after) = timed(&queue).await;
    assert_eq!((*foo.item(), after), ("foo", 500));
    foo.done();
    advance(SECOND * 10).await;
    assert!(queue.try_next().is_none(), "each comes once");
}

/// `TestCopyShifting`
#[tokio::test(start_paused = true)]
async fn delays_come_in_order() {
    let queue = Queue::<&str>::new();
    queue.add_with("first", Add::new().after(SECOND));
    queue.add_with("second", Add::new().after(SECOND / 2));
    queue.add_with("third", Add::new().after(SECOND / 4));
    advance(SECOND * 2).await;
    assert_eq!(take_all(&queue), ["third", "second", "first"]);
}

#[tokio::test(start_paused = true)]
async fn an_add_without_delay_overtakes_a_delayed_one() {
    let queue = Queue::<&str>::new();
    queue.add_with("foo", Add::new().after(Duration::MAX));
    queue.add("foo");
    assert_eq!(take_all(&queue), ["foo"]);
    assert_eq!(queue.counts().waiting, 0);
}

/// A worker that is busy does not keep watch: the others must know the next time.
#[tokio::test(start_paused = true)]
async fn every_waiting_worker_knows_the_next_time() {
    let queue = Queue::<&str>::new();
    let worker = |queue: Queue<&'static str>| async move {
        let delivery = queue.next().await.expect("an item");
        let at = Instant::now();
        tokio::time::sleep(SECOND * 100).await;
        (*delivery.item(), at)
    };
    let start = Instant::now();
    let workers = [tokio::spawn(worker(queue.clone())), tokio::spawn(worker(queue.clone()))];
    tokio::task::yield_now().await;
    queue.add_with("late", Add::new().after(SECOND * 5));
    tokio::task::yield_now().await;
    queue.add("early");
    let mut came = Vec::new();
    for worker in workers {
        let (item, at) = worker.await.unwrap();
        came.push((item, (at - start).as_secs()));
    }
    came.sort_unstable();
    assert_eq!(came, [("early", 0), ("late", 5)]);
}
