//! Turns of a controller's queue.

use bench_measure::counted_region;
use kubernetes_controller::Queue;
use kubernetes_core::ObjectKey;

use crate::{Result, on_one_thread};

const KEYS: usize = 1000;

/// A turn is an item that is added, handed out and done, with a thousand in the queue.
pub(crate) fn turns() -> Result<usize> {
    let keys: Vec<_> = (0..KEYS).map(|key| ObjectKey::new("shop", &format!("web-{key}"))).collect();
    let queue = Queue::<ObjectKey>::builder().fair_by_namespace().build();
    let round = || {
        on_one_thread(async {
            for key in &keys {
                queue.add(key.clone());
            }
            for _ in 0..KEYS {
                queue.next().await.ok_or("the queue has ended")?.done();
            }
            Ok(KEYS)
        })
    };
    round()?;
    counted_region(round)
}
