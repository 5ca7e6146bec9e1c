//! The scenarios of client-go's `workqueue` and of controller-runtime's `priorityqueue`, and those of our own.

mod client_go;
mod failures;
mod fairness;
mod priorities;
mod properties;

use std::time::Duration;

use tokio::time::{Instant, advance};

use super::*;

const SECOND: Duration = Duration::from_secs(1);

/// Takes all items that can be handed out, and is done with each.
fn take_all<T: Clone + Eq + Hash, R: PartialEq>(queue: &Queue<T, R>) -> Vec<T> {
    std::iter::from_fn(|| queue.try_next())
        .map(|delivery| {
            let item = delivery.item().clone();
            delivery.done();
            item
        })
        .collect()
}

/// The next item, and after how many milliseconds it came.
async fn timed<T: Clone + Eq + Hash, R: PartialEq>(queue: &Queue<T, R>) -> (Delivery<T, R>, u128) {
    let start = Instant::now();
    let delivery = queue.next().await.expect("the queue has not ended");
    (delivery, start.elapsed().as_millis())
}
