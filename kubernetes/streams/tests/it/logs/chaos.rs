//! Seeded: containers start again and pods are replaced while logs break off and the watch lags behind.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::StreamExt;
use kubernetes_streams::{PodLogStream, PodLogs};
use kubernetes_testing::Fault;
use tokio::time::{Instant, sleep};

use super::kubelet::Kubelet;

/// By then a log that broke off has been asked for again.
const RECONNECTED: u64 = 70_000;

/// A pod, as it writes its lines.
struct Writer {
    name: &'static str,
    generation: usize,
    /// Numbers the lines of a generation.
    line: usize,
    changed: u64,
    written: u64,
}

impl Writer {
    fn id(&self) -> String {
        format!("{}/{}", self.name, self.generation)
    }
}

struct Chaos {
    random: fastrand::Rng,
    kubelet: Kubelet,
    began: Instant,
    expected: BTreeMap<String, usize>,
}

impl Chaos {
    async fn step(&mut self, writer: &mut Writer) {
        let now = u64::try_from(self.began.elapsed().as_millis()).unwrap();
        match self.random.u8(0..10) {
            // Only the run before the last one can still be read.
            0 if now - writer.changed > RECONNECTED => {
                self.kubelet.start(writer.name);
                writer.changed = now;
            }
            // And nothing of a pod that is gone.
            1 if now - writer.written.max(writer.changed) > RECONNECTED => {
                self.kubelet.delete(writer.name).await;
                self.kubelet.start(writer.name);
                *writer = Writer { generation: writer.generation + 1, line: 0, changed: now, ..*writer };
            }
            2 => {
                let bytes = self.random.usize(0..200);
                self.kubelet.server().inject(Fault::reset_after(bytes).resource("pods/log"));
            }
            3 => {
                let by = Duration::from_millis(self.random.u64(0..30_000));
                self.kubelet.server().inject(Fault::end_after(self.random.usize(0..3)).verb("watch"));
                self.kubelet.server().inject(Fault::delay(by).verb("watch"));
            }
            4..7 => sleep(Duration::from_millis(self.random.u64(0..30_000))).await,
            _ => {
                for _ in 0..self.random.usize(1..4) {
                    self.kubelet.write(writer.name, now, &format!("{} {}", writer.id(), writer.line));
                    writer.line += 1;
                }
                writer.written = now;
                self.expected.insert(writer.id(), writer.line);
            }
        }
    }
}

/// The lines of each pod until nothing more comes; panics if one is not the next of its pod.
async fn read(stream: &mut PodLogStream, seed: u64) -> BTreeMap<String, usize> {
    let mut read: BTreeMap<String, usize> = BTreeMap::new();
    while let Ok(line) = tokio::time::timeout(Duration::from_secs(400), stream.next()).await {
        let text = line.expect("the stream goes on").expect("no error").text;
        let (pod, number) = text.split_once(' ').unwrap();
        let next = read.entry(pod.to_owned()).or_default();
        assert_eq!(number, next.to_string(), "seed {seed}: {text}");
        *next += 1;
    }
    read
}

#[tokio::test(start_paused = true)]
async fn each_line_of_each_pod_comes_once() {
    for seed in 0..40 {
        let (kubelet, began) = (Kubelet::new(), Instant::now());
        let random = fastrand::Rng::with_seed(seed);
        let mut chaos = Chaos { random, kubelet, began, expected: BTreeMap::new() };
        let mut writers = ["one", "two"].map(|name| Writer { name, generation: 0, line: 0, changed: 0, written: 0 });
        writers.iter().for_each(|writer| chaos.kubelet.start(writer.name));
        let mut stream = PodLogs::labelled("shop", "app=web").reconnect(true).stream(&chaos.kubelet.server().client());
        let writing = async {
            for _ in 0..150 {
                let writer = chaos.random.usize(0..2);
                chaos.step(&mut writers[writer]).await;
            }
            chaos.kubelet.server().clear_faults();
        };
        let (read, ()) = tokio::join!(read(&mut stream, seed), writing);
        assert_eq!(read, chaos.expected, "seed {seed}");
    }
}
