//! Random sequences of operations against a naive model.

use std::collections::BTreeMap;

use kubernetes_client::Backoff;

use super::*;

/// A generator of numbers, without a dependency (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

/// The time at which each item that is queued may be handed out at the earliest, in seconds.
#[derive(Default)]
struct Model {
    queued: BTreeMap<u64, (u64, bool)>,
    running: BTreeMap<u64, (u32, Option<u64>)>,
    failures: BTreeMap<u64, u32>,
}

impl Model {
    fn add(&mut self, item: u64, due: u64) {
        if let Some((_, again)) = self.running.get_mut(&item) {
            *again = Some(again.map_or(due, |again| again.min(due)));
            return;
        }
        let (at, is_backoff) = self.queued.entry(item).or_insert((due, false));
        if !*is_backoff {
            *at = due.min(*at);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_queue_hands_out_what_a_naive_one_would() {
    for seed in 1..=30 {
        let mut random = Random(u64::wrapping_mul(seed, 0x9e37_79b9_7f4a_7c15));
        let queue =
            Queue::<u64>::builder().backoff(Backoff::new(SECOND, SECOND * 64)).fair_by(|item| (item % 3).to_string());
        let (queue, mut model, mut now) = (queue.build(), Model::default(), 0);
        let mut deliveries: Vec<Delivery<u64>> = Vec::new();
        for _ in 0..2_000 {
            match random.below(10) {
                0..=3 => {
                    let (item, delay) = (random.below(12), random.below(4) * random.below(2));
                    let priority = i32::try_from(random.below(3)).unwrap();
                    queue.add_with(item, Add::new().after(SECOND * delay as u32).priority(priority));
                    model.add(item, now + delay);
                }
                4..=5 => {
                    advance(SECOND).await;
                    now += 1;
                }
                6..=7 => {
                    let due = model.queued.values().filter(|(at, _)| *at <= now).count();
                    assert_eq!(queue.len(), due, "seed {seed}");
                    let Some(delivery) = queue.try_next() else {
                        assert_eq!(due, 0, "seed {seed}");
                        continue;
                    };
                    let (at, _) = model.queued.remove(delivery.item()).expect("it was queued");
                    assert!(at <= now, "seed {seed}: {} came at {now}, before {at}", *delivery);
                    let failures = model.failures.get(delivery.item()).copied().unwrap_or_default();
                    assert_eq!(delivery.attempt(), failures + 1, "seed {seed}");
                    model.running.insert(*delivery, (failures, None));
                    deliveries.push(delivery);
                }
                outcome if !deliveries.is_empty() => {
                    let delivery = deliveries.swap_remove(random.below(deliveries.len() as u64) as usize);
                    finish(&mut model, delivery, outcome == 8, now);
                }
                _ => {}
            }
        }
    }
}

fn finish(model: &mut Model, delivery: Delivery<u64>, is_failure: bool, now: u64) {
    let item = *delivery.item();
    let (failures, again) = model.running.remove(&item).expect("it is running");
    if is_failure {
        model.queued.insert(item, (now + (1 << failures.min(6)), true));
        model.failures.insert(item, failures + 1);
        delivery.retry();
    } else {
        model.failures.remove(&item);
        model.queued.extend(again.map(|due| (item, (due, false))));
        delivery.done();
    }
}
