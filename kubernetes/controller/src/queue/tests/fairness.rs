//! Fairness between namespaces.

use kubernetes_core::ObjectKey;

use super::*;

fn queue() -> Queue<ObjectKey> {
    Queue::builder().fair_by_namespace().build()
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_items_of_one_namespace_do_not_delay_the_first_of_another() {
    let queue = queue();
    for item in 0..10_000 {
        queue.add(ObjectKey::new("many", &item.to_string()));
    }
    for _ in 0..100 {
        queue.try_next().expect("an item").done();
    }
    queue.add(ObjectKey::new("few", "a"));
    queue.add(ObjectKey::new("few", "b"));
    let next: Vec<_> = (0..4).map(|_| queue.try_next().expect("an item").item().to_string()).collect();
    assert_eq!(next, ["many/100", "few/a", "many/101", "few/b"]);
}

#[tokio::test(start_paused = true)]
async fn each_namespace_has_its_turn_and_its_order() {
    let queue = queue();
    for (namespace, name) in [("a", "1"), ("a", "2"), ("a", "3"), ("b", "1"), ("b", "2"), ("c", "1")] {
        queue.add(ObjectKey::new(namespace, name));
    }
    let order: Vec<_> = take_all(&queue).iter().map(ToString::to_string).collect();
    assert_eq!(order, ["a/1", "b/1", "c/1", "a/2", "b/2", "a/3"]);
}

#[tokio::test(start_paused = true)]
async fn a_priority_counts_more_than_a_turn() {
    let queue = queue();
    queue.add(ObjectKey::new("a", "1"));
    queue.add_with(ObjectKey::new("a", "2"), Add::new().priority(1));
    queue.add_with(ObjectKey::new("b", "1"), Add::new().priority(-1));
    queue.add_with(ObjectKey::new("a", "1"), Add::new().priority(2));
    let order: Vec<_> = take_all(&queue).iter().map(ToString::to_string).collect();
    assert_eq!(order, ["a/1", "a/2", "b/1"]);
}

/// A function that panics harms neither the queue nor the item, which can be added again.
#[tokio::test(start_paused = true)]
async fn a_function_that_panics_leaves_the_queue_as_it_is() {
    let is_first = std::sync::atomic::AtomicBool::new(true);
    let group = move |_: &u32| match is_first.swap(false, std::sync::atomic::Ordering::Relaxed) {
        true => panic!("a bug of the function"),
        false => "all",
    };
    let queue = Queue::<u32>::builder().fair_by(group).build();
    let added = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| queue.add(1)));
    assert!(added.is_err());
    queue.add(1);
    assert_eq!(take_all(&queue), [1]);
    queue.drain().await;
}
