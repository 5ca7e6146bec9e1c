//! Backoff: client-go's `default_rate_limiters_test.go`, and kubernetes#132805.

use kubernetes_client::Backoff;

use super::*;

/// `TestItemExponentialFailureRateLimiter`
#[tokio::test(start_paused = true)]
async fn each_item_has_a_backoff_of_its_own() {
    let queue = Queue::<&str>::new();
    queue.add("one");
    for (attempt, wait) in [(1, 0), (2, 5), (3, 10), (4, 20), (5, 40), (6, 80)] {
        let (one, after) = timed(&queue).await;
        assert_eq!((one.attempt(), after), (attempt, wait));
        one.retry();
    }
    assert_eq!((queue.failures(&"one"), queue.failures(&"two")), (6, 0));
    queue.add("two");
    queue.next().await.unwrap().retry();
    let (two, after) = timed(&queue).await;
    assert_eq!((*two.item(), after), ("two", 5));
    let (one, _) = timed(&queue).await;
    one.done();
    queue.add("one");
    assert_eq!(queue.next().await.unwrap().attempt(), 1, "a success forgets failures");
}

/// `TestItemExponentialFailureRateLimiterOverFlow`
#[tokio::test(start_paused = true)]
async fn a_backoff_ends_at_its_maximum() {
    let queue = Queue::<&str>::new();
    queue.add("one");
    let mut waits = Vec::new();
    for _ in 0..100 {
        let (one, after) = timed(&queue).await;
        waits.push(after);
        one.retry();
    }
    assert_eq!(waits[18], 5 << 17, "655 s");
    assert!(waits[19..].iter().all(|wait| *wait == 1_000_000), "{waits:?}");
}

/// kubernetes#132805: an item that fails, and that others keep adding, waits as long as if they did not.
#[tokio::test(start_paused = true)]
async fn triggers_neither_shorten_nor_inflate_a_backoff() {
    let backoff = Backoff::new(SECOND, SECOND * 100);
    let queue = Queue::<&str, &str>::builder().backoff(backoff).build();
    tokio::spawn({
        let queue = queue.clone();
        async move {
            loop {
                queue.add_with("one", Add::new().priority(1).reason("noise"));
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
    });
    let mut waits = Vec::new();
    for attempt in 1..=6 {
        let (one, after) = timed(&queue).await;
        assert_eq!(one.attempt(), attempt);
        // Triggers come during the attempt, too.
        tokio::time::sleep(Duration::from_millis(25)).await;
        waits.push(after);
        one.retry();
    }
    assert_eq!(waits[1..], [1_000, 2_000, 4_000, 8_000, 16_000]);
}

#[tokio::test(start_paused = true)]
async fn a_change_that_may_cure_a_failure_resets_the_backoff() {
    let queue = Queue::<&str, &str>::builder().backoff(Backoff::new(SECOND * 10, SECOND * 1000)).build();
    let change = || Add::new().reset_backoff().reason("changed");
    queue.add_with("one", Add::new().reason("created"));
    queue.next().await.unwrap().retry();
    queue.add_with("one", change());
    let one = queue.try_next().expect("it is handed out at once");
    assert_eq!(one.attempt(), 1);
    assert_eq!(one.reasons().iter().copied().collect::<Vec<_>>(), ["created", "changed"]);
    one.retry();
    let (one, after) = timed(&queue).await;
    assert_eq!((one.attempt(), after), (2, 10_000));
    // A change during an attempt that fails: the next one comes after the first delay, not the second.
    queue.add_with("one", change());
    one.retry();
    let (one, after) = timed(&queue).await;
    assert_eq!((one.attempt(), after), (2, 10_000));
    drop(one);
    let (one, after) = timed(&queue).await;
    assert_eq!((one.attempt(), after), (3, 20_000), "an item that is dropped has failed");
    one.done();
}

/// `TestMaxOfRateLimiter`, `TestRateLimitingQueue`: the longer of backoff and bucket.
#[tokio::test(start_paused = true)]
async fn retries_of_all_items_share_a_limit() {
    let queue = Queue::<u32>::builder().retry_limit(1.0, 3).build();
    (0..5).for_each(|item| assert!(queue.add(item)));
    let deliveries: Vec<_> = std::iter::from_fn(|| queue.try_next()).collect();
    deliveries.into_iter().for_each(Delivery::retry);
    let mut came = Vec::new();
    for _ in 0..5 {
        let (delivery, after) = timed(&queue).await;
        came.push((*delivery.item(), after));
        delivery.done();
    }
    assert_eq!(came, [(0, 5), (1, 0), (2, 0), (3, 995), (4, 1000)]);
}

/// A trigger that ends the wait of a requeue takes nothing of the limit that others share (kubernetes#132805).
#[tokio::test(start_paused = true)]
async fn an_item_that_does_not_wait_takes_no_token() {
    let queue = Queue::<&str>::builder().retry_limit(1.0, 1).build();
    queue.add("noisy");
    for _ in 0..10 {
        let noisy = queue.next().await.unwrap();
        queue.add("noisy");
        noisy.requeue(Add::new());
    }
    queue.next().await.unwrap().done();
    queue.add("failing");
    queue.next().await.unwrap().retry();
    let (failing, after) = timed(&queue).await;
    assert_eq!((*failing.item(), after), ("failing", 5), "its own backoff");
    failing.done();
}

#[tokio::test(start_paused = true)]
async fn an_item_is_held_back_until_it_is_released() {
    let queue = Queue::<&str, &str>::new();
    queue.add_with("one", Add::new().reason("created"));
    queue.next().await.unwrap().retry();
    queue.next().await.unwrap().hold(SECOND * 30);
    queue.add_with("one", Add::new().reset_backoff().reason("changed"));
    advance(SECOND).await;
    assert!(queue.try_next().is_none(), "no add releases it");
    queue.release(&"two");
    queue.release(&"one");
    let one = queue.try_next().expect("it is released");
    assert_eq!(one.reasons().iter().copied().collect::<Vec<_>>(), ["created", "changed"]);
    assert_eq!(one.attempt(), 1, "the change has reset the backoff");
    one.hold(SECOND * 30);
    let (one, after) = timed(&queue).await;
    assert_eq!(after, 30_000, "the limit is over");
    queue.release(&"one");
    one.retry();
    queue.release(&"one");
    assert!(queue.try_next().is_none(), "a backoff is not released");
}

/// An item that was requeued waits as after failures, and an add ends the wait.
#[tokio::test(start_paused = true)]
async fn a_requeued_item_comes_when_it_is_added() {
    let queue = Queue::<&str, &str>::builder().backoff(Backoff::new(SECOND, SECOND * 100)).build();
    let again = || Add::new().reason("again");
    queue.add("one");
    for (attempt, wait) in [(1, 0), (2, 1_000), (3, 2_000)] {
        let (one, after) = timed(&queue).await;
        assert_eq!((one.attempt(), after), (attempt, wait));
        one.requeue(again());
    }
    advance(SECOND).await;
    queue.add_with("one", Add::new().reason("changed"));
    let one = queue.try_next().expect("it is handed out at once");
    assert_eq!(one.reasons().iter().copied().collect::<Vec<_>>(), ["again", "changed"]);
    assert_eq!(one.attempt(), 3, "the wait was not over");
    // What is added during the attempt ends the wait, too.
    queue.add_with("one", Add::new().priority(3).reason("changed"));
    one.requeue(again());
    let one = queue.try_next().expect("it is handed out at once");
    assert_eq!((one.attempt(), one.priority()), (3, 3));
    one.requeue(again());
    let (one, after) = timed(&queue).await;
    assert_eq!((one.attempt(), after), (4, 4_000), "triggers have not made it longer");
    one.requeue(again().after(SECOND * 60));
    queue.add_with("one", Add::new().after(SECOND * 30));
    let (one, after) = timed(&queue).await;
    assert_eq!((one.attempt(), after), (4, 30_000));
    one.retry();
    let (one, after) = timed(&queue).await;
    assert_eq!((one.attempt(), after), (5, 8_000));
    queue.add_with("one", Add::new().reset_backoff());
    one.requeue(again());
    assert_eq!(queue.try_next().map(|one| one.attempt()), Some(1));
}

/// Those whose time has come while no worker looked are before those that are added afterwards.
#[tokio::test(start_paused = true)]
async fn items_come_in_the_order_in_which_they_became_ready() {
    let queue = Queue::<&str>::new();
    queue.add_with("late", Add::new().after(SECOND));
    advance(SECOND * 2).await;
    queue.add("new");
    assert_eq!(take_all(&queue), ["late", "new"]);
}
