//! <https://github.com/kubernetes-sigs/controller-runtime/tree/v0.25.0/pkg/controller/priorityqueue>

use super::*;

fn with(priority: i32) -> Add {
    Add::new().priority(priority)
}

/// "returns items in order", "follows FIFO order"
#[tokio::test(start_paused = true)]
async fn a_higher_priority_comes_first_then_the_earlier_item() {
    let queue = Queue::<&str>::new();
    for (item, priority) in [("low", -100), ("a", 0), ("high", 5), ("b", 0)] {
        queue.add_with(item, with(priority));
    }
    assert_eq!(queue.counts().depth, [(-100, 1), (0, 2), (5, 1)]);
    assert_eq!(take_all(&queue), ["high", "a", "b", "low"]);
}

/// "retains the highest priority", "will not decrease the priority", "gets pushed to the front if the priority
/// increases", "follows FIFO order … when priority changes"
#[tokio::test(start_paused = true)]
async fn the_highest_priority_counts() {
    let queue = Queue::<&str>::new();
    for (item, priority) in [("a", 0), ("b", 0), ("c", 5), ("c", -5), ("b", 5)] {
        queue.add_with(item, with(priority));
    }
    // Both have the same priority now, and b was there first.
    assert_eq!(take_all(&queue), ["b", "c", "a"]);
    assert_eq!(queue.counts().depth, [(0, 0), (5, 0)], "an alert on 0 needs a value");
}

/// "retains the lowest after duration", "returns an item only after after has passed", "doesn't include non-ready items
/// in Len()"
#[tokio::test(start_paused = true)]
async fn a_priority_waits_with_its_item() {
    let queue = Queue::<&str>::new();
    queue.add_with("a", with(5).after(SECOND));
    queue.add_with("a", with(0).after(SECOND * 2));
    queue.add_with("b", with(0).after(SECOND));
    queue.add_with("b", with(9).after(SECOND * 2));
    assert!(queue.is_empty());
    advance(SECOND).await;
    assert_eq!(queue.len(), 2);
    assert_eq!(take_all(&queue), ["b", "a"]);
}

/// "enqueues a locked item", "doesn't return an item that is currently locked", "returns an item as soon as it becomes
/// unlocked"
#[tokio::test(start_paused = true)]
async fn an_item_that_a_worker_has_keeps_what_is_added() {
    let queue = Queue::<&str, &str>::new();
    queue.add_with("a", Add::new().reason("created"));
    let first = queue.next().await.unwrap();
    assert_eq!(first.reasons().iter().copied().collect::<Vec<_>>(), ["created"]);
    queue.add_with("a", Add::new().priority(3).reason("changed").after(SECOND));
    queue.add_with("a", Add::new().priority(1).reason("owned"));
    first.done();
    let again = queue.try_next().expect("the earliest time is now");
    assert_eq!((again.priority(), again.attempt()), (3, 1));
    assert_eq!(again.reasons().iter().copied().collect::<Vec<_>>(), ["changed", "owned"]);
    again.done();
}

/// "returns an item to a waiter as soon as it has one"
#[tokio::test(start_paused = true)]
async fn a_waiting_worker_gets_an_item_at_once() {
    let queue = Queue::<&str>::new();
    let waiting = tokio::spawn({
        let queue = queue.clone();
        async move { timed(&queue).await.1 }
    });
    tokio::time::sleep(SECOND).await;
    queue.add("a");
    assert_eq!(waiting.await.unwrap(), 1000);
}

/// The priority of an item is kept over retries, and may be set when it is added again ("retains the priority").
#[tokio::test(start_paused = true)]
async fn a_retry_keeps_the_priority() {
    let queue = Queue::<&str>::new();
    queue.add_with("a", with(-100));
    queue.next().await.unwrap().retry();
    let again = queue.next().await.unwrap();
    assert_eq!(again.priority(), -100);
    again.retry_with_priority(7);
    let again = queue.next().await.unwrap();
    assert_eq!(again.priority(), 7);
    again.done_and_add(with(-3).after(SECOND));
    let again = queue.next().await.unwrap();
    assert_eq!(again.priority(), -3);
    again.done();
}

#[tokio::test(start_paused = true)]
async fn a_low_priority_does_not_wait_for_ever() {
    let queue = Queue::<u32>::new();
    queue.add_with(1_000, with(-100));
    let mut handed_out = Vec::new();
    for item in 0..64 {
        queue.add(item);
        queue.add(item + 100);
        handed_out.push(*queue.try_next().expect("an item").item());
    }
    let place = handed_out.iter().position(|item| *item == 1_000).expect("its turn comes");
    assert_eq!(place, 31);
}

#[tokio::test(start_paused = true)]
async fn no_lower_priority_waits_for_ever() {
    let queue = Queue::<u32>::new();
    let mut handed_out = std::collections::BTreeMap::<i32, u32>::new();
    for item in 0..320 {
        for (index, priority) in [0, -5, -100].into_iter().enumerate() {
            queue.add_with(item * 3 + index as u32, with(priority));
        }
        let delivery = queue.try_next().expect("an item");
        *handed_out.entry(delivery.priority()).or_default() += 1;
        delivery.done();
    }
    assert_eq!(handed_out, [(-100, 5), (-5, 5), (0, 310)].into());
}

/// A worker that waits for a time is dropped: another waits for it then.
#[tokio::test(start_paused = true)]
async fn a_time_is_kept_when_a_worker_is_dropped() {
    let queue = Queue::<&str>::new();
    let worker = || {
        let queue = queue.clone();
        tokio::spawn(async move { timed(&queue).await.1 })
    };
    let workers = [worker(), worker()];
    tokio::time::sleep(SECOND).await;
    queue.add_with("a", Add::new().after(SECOND * 2));
    tokio::time::sleep(SECOND).await;
    let [first, second] = workers;
    // It was notified first, as it was the first to wait.
    first.abort();
    assert_eq!(tokio::time::timeout(SECOND * 10, second).await.expect("it is woken").unwrap(), 3000);
}

#[tokio::test(start_paused = true)]
async fn an_item_that_is_held_is_not_worked_on() {
    let queue = Queue::<&str>::new();
    queue.add("a");
    queue.next().await.unwrap().hold(SECOND);
    queue.next().await.unwrap().done();
    assert_eq!(queue.counts().work_duration.count(), 1);
}

/// The time of a hold is not one in the queue, and its end is not an add.
#[tokio::test(start_paused = true)]
async fn a_hold_is_not_counted_as_another_add() {
    let queue = Queue::<&str>::new();
    for is_released in [true, false] {
        queue.add("a");
        advance(SECOND).await;
        queue.next().await.unwrap().hold(SECOND * 5);
        advance(SECOND * 2).await;
        if is_released {
            queue.release(&"a");
        }
        queue.next().await.unwrap().done();
    }
    let counts = queue.counts();
    assert_eq!((counts.adds, counts.queue_duration.count(), counts.queue_duration.sum()), (2, 2, SECOND * 2));
    queue.add("a");
    queue.next().await.unwrap().done();
    assert_eq!(queue.counts().adds, 3);
}

#[tokio::test(start_paused = true)]
async fn priorities_that_are_counted_are_bounded() {
    let queue = Queue::<i32>::new();
    for item in 1..=100 {
        queue.add_with(item, with(item));
    }
    assert_eq!(queue.counts().len(), 100);
    take_all(&queue);
    assert_eq!((queue.counts().depth.len(), queue.counts().is_empty()), (32, true));
}

#[tokio::test(start_paused = true)]
async fn reasons_are_bounded() {
    let queue = Queue::<&str, u32>::new();
    for reason in (0..16).chain(0..16) {
        queue.add_with("a", Add::new().reason(reason));
    }
    let delivery = queue.next().await.unwrap();
    let reasons = delivery.reasons();
    assert_eq!((reasons.iter().count(), reasons.is_incomplete()), (16, false));
    for reason in 0..1_000 {
        queue.add_with("a", Add::new().reason(reason));
    }
    delivery.done();
    let reasons = queue.next().await.unwrap().reasons();
    assert_eq!((reasons.iter().count(), reasons.is_incomplete()), (16, true));
}

/// "updates metrics correctly for an item whose …"
#[tokio::test(start_paused = true)]
async fn numbers_tell_what_happens() {
    let queue = Queue::<&str>::new();
    queue.add("a");
    queue.add("a");
    queue.add_with("b", Add::new().after(SECOND));
    advance(SECOND * 2).await;
    let (a, b) = (queue.next().await.unwrap(), queue.next().await.unwrap());
    advance(SECOND * 3).await;
    let counts = queue.counts();
    assert_eq!((counts.adds, counts.running, counts.is_empty()), (2, 2, true));
    assert_eq!((counts.unfinished_work, counts.longest_running), (SECOND * 6, SECOND * 3));
    assert_eq!((counts.queue_duration.count(), counts.queue_duration.sum()), (2, SECOND * 2));
    a.done();
    b.retry();
    let counts = queue.counts();
    assert_eq!((counts.retries, counts.waiting, counts.running), (1, 1, 0));
    assert_eq!((counts.work_duration.count(), counts.work_duration.sum()), (2, SECOND * 6));
    let within_10_s = counts.work_duration.buckets().find(|(limit, _)| *limit == SECOND * 10).unwrap();
    assert_eq!(within_10_s.1, 2);
}
