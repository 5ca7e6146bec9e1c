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

/// For what an item waits.
#[derive(Clone, Copy, PartialEq)]
enum Cause {
    Time,
    Backoff,
    Requeue,
}

struct Queued {
    /// In seconds.
    at: u64,
    cause: Cause,
    priority: i32,
    /// Its place among those that wait for the same time.
    sequence: u64,
    /// Its place among those of its priority and group that can be handed out, if it can be.
    place: Option<u64>,
}

#[derive(Default)]
struct Model {
    queued: BTreeMap<u64, Queued>,
    /// With the priority that each was handed out with, and what was added since: the time and the priority.
    running: BTreeMap<u64, (i32, Option<(u64, i32)>)>,
    failures: BTreeMap<u64, u32>,
    counter: u64,
    /// How many in a row had a higher priority than another.
    higher: u32,
}

const GROUPS: u64 = 3;
/// The longest backoff, as a power of two.
const LONGEST: u32 = 6;

impl Model {
    fn count(&mut self) -> u64 {
        self.counter += 1;
        self.counter
    }

    fn add(&mut self, item: u64, due: u64, priority: i32, now: u64) {
        self.promote(now);
        if let Some((_, again)) = self.running.get_mut(&item) {
            *again = Some(again.map_or((due, priority), |(at, other)| (at.min(due), other.max(priority))));
            return;
        }
        let Some(mut queued) = self.queued.remove(&item) else {
            return self.queue(item, due, Cause::Time, priority, now);
        };
        let is_raised = priority > queued.priority;
        queued.priority = queued.priority.max(priority);
        if queued.place.is_some() {
            if is_raised {
                queued.place = Some(self.count());
            }
            self.queued.insert(item, queued);
            return;
        }
        match queued.cause {
            Cause::Backoff => {}
            Cause::Requeue if due >= queued.at => {}
            Cause::Requeue => {
                (queued.at, queued.cause) = (due, Cause::Time);
                *self.failures.get_mut(&item).expect("it was requeued") -= 1;
            }
            Cause::Time => queued.at = queued.at.min(due),
        }
        self.queue(item, queued.at, queued.cause, queued.priority, now);
    }

    fn queue(&mut self, item: u64, at: u64, cause: Cause, priority: i32, now: u64) {
        let sequence = self.count();
        self.queued.insert(item, Queued { at, cause, priority, sequence, place: (at <= now).then_some(sequence) });
    }

    fn promote(&mut self, now: u64) {
        let mut due: Vec<_> = self
            .queued
            .iter()
            .filter(|(_, queued)| queued.place.is_none() && queued.at <= now)
            .map(|(item, queued)| (queued.at, queued.sequence, *item))
            .collect();
        due.sort_unstable();
        for (_, _, item) in due {
            let place = self.count();
            self.queued.get_mut(&item).expect("it is queued").place = Some(place);
        }
    }

    /// Checks that an item is one that may be handed out now, and does so.
    fn hand_out(&mut self, item: u64) {
        let ready = || self.queued.iter().filter(|(_, queued)| queued.place.is_some());
        let taken = &self.queued[&item];
        assert!(taken.place.is_some(), "{item} came before its time");
        let priorities: Vec<_> = ready().map(|(_, queued)| queued.priority).collect();
        let (highest, lowest) = (priorities.iter().max(), priorities.iter().min());
        self.higher = if highest == lowest { 0 } else { self.higher + 1 };
        if self.higher == 32 {
            assert!(Some(&taken.priority) < highest, "one in 32 has a lower priority");
            self.higher = 0;
        } else {
            assert_eq!(Some(&taken.priority), highest, "the highest priority comes first");
        }
        let is_rival =
            |other: u64, queued: &Queued| other % GROUPS == item % GROUPS && queued.priority == taken.priority;
        let first = ready().filter(|(other, queued)| is_rival(**other, queued)).map(|(_, queued)| queued.place).min();
        assert_eq!(first, Some(taken.place), "the first of its group comes first");
        let priority = taken.priority;
        self.queued.remove(&item);
        self.running.insert(item, (priority, None));
    }

    fn finish(&mut self, delivery: Delivery<u64>, outcome: u64, now: u64) {
        self.promote(now);
        let item = *delivery.item();
        let (priority, again) = self.running.remove(&item).expect("it is running");
        let failures = self.failures.get(&item).copied().unwrap_or_default();
        let backoff = now + (1 << failures.min(LONGEST));
        match outcome {
            0 => {
                self.failures.insert(item, failures + 1);
                let priority = again.map_or(priority, |(_, other)| other.max(priority));
                self.queue(item, backoff, Cause::Backoff, priority, now);
                delivery.retry();
            }
            1 => {
                match again {
                    Some((due, other)) if due < backoff => self.queue(item, due, Cause::Time, other.max(1), now),
                    again => {
                        let priority = again.map_or(1, |(_, other)| other.max(1));
                        self.queue(item, backoff, Cause::Requeue, priority, now);
                        self.failures.insert(item, failures + 1);
                    }
                }
                delivery.requeue(Add::new().priority(1));
            }
            _ => {
                self.failures.remove(&item);
                if let Some((due, priority)) = again {
                    self.queue(item, due, Cause::Time, priority, now);
                }
                delivery.done();
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_queue_hands_out_what_a_naive_one_would() {
    for seed in 1..=30 {
        let mut random = Random(u64::wrapping_mul(seed, 0x9e37_79b9_7f4a_7c15));
        let queue = Queue::<u64>::builder()
            .backoff(Backoff::new(SECOND, SECOND * (1 << LONGEST)))
            .fair_by(|item| (item % GROUPS).to_string());
        let (queue, mut model, mut now) = (queue.build(), Model::default(), 0);
        let mut deliveries: Vec<Delivery<u64>> = Vec::new();
        for _ in 0..3_000 {
            match random.below(10) {
                0..=4 => {
                    let (item, delay) = (random.below(40), random.below(4) * random.below(2));
                    let priority = i32::try_from(random.below(3)).unwrap();
                    queue.add_with(item, Add::new().after(SECOND * delay as u32).priority(priority));
                    model.add(item, now + delay, priority, now);
                }
                5 => {
                    advance(SECOND).await;
                    now += 1;
                }
                6..=7 => {
                    model.promote(now);
                    let due = model.queued.values().filter(|queued| queued.place.is_some()).count();
                    assert_eq!(queue.len(), due, "seed {seed}");
                    let Some(delivery) = queue.try_next() else {
                        assert_eq!(due, 0, "seed {seed}");
                        continue;
                    };
                    let failures = model.failures.get(delivery.item()).copied().unwrap_or_default();
                    assert_eq!(delivery.attempt(), failures + 1, "seed {seed}: {}", *delivery);
                    model.hand_out(*delivery);
                    assert_eq!(delivery.priority(), model.running[&*delivery].0, "seed {seed}");
                    deliveries.push(delivery);
                }
                _ if !deliveries.is_empty() => {
                    let delivery = deliveries.swap_remove(random.below(deliveries.len() as u64) as usize);
                    model.finish(delivery, random.below(4), now);
                }
                _ => {}
            }
        }
        assert!(model.counter > 1_000, "seed {seed}");
    }
}
