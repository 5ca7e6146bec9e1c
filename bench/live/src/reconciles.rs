use std::collections::HashSet;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Instant, SystemTime};

use bench_measure::{cpu_seconds, status_field};
use clap::Parser;
use serde_json::json;
use tokio::sync::{Notify, oneshot};

/// How many objects each controller works on at a time.
pub const CONCURRENCY: u16 = 8;

/// The arguments of a controller that is measured.
#[derive(Parser)]
struct Arguments {
    /// The server.
    kubeconfig: PathBuf,
    /// How many objects there are.
    objects: usize,
}

/// The runs of a controller that is measured. Clones count together.
///
/// It prints a line of figures when there was a run for every object, and one for each line of its input, of the runs
/// since the line before.
#[derive(Clone)]
pub struct Reconciles {
    kubeconfig: PathBuf,
    objects: usize,
    state: Arc<Mutex<State>>,
    all_seen: Arc<Notify>,
}

struct State {
    seen: HashSet<String>,
    runs: usize,
    /// In nanoseconds, from when a change was sent until the run for it.
    delays: Vec<u64>,
    wall: Instant,
    cpu: f64,
}

impl Reconciles {
    /// Begins, with the arguments of the process.
    pub fn start() -> Self {
        let Arguments { kubeconfig, objects } = Arguments::parse();
        let state =
            State { seen: HashSet::new(), runs: 0, delays: Vec::new(), wall: Instant::now(), cpu: cpu_seconds() };
        Self { kubeconfig, objects, state: Arc::new(Mutex::new(state)), all_seen: Arc::default() }
    }

    /// The server.
    pub fn kubeconfig(&self) -> &PathBuf {
        &self.kubeconfig
    }

    /// Notes that a run begins for an object that has this time as its `stamp`.
    pub fn begun(&self, stamp: Option<&str>) {
        let now = SystemTime::UNIX_EPOCH.elapsed().map_or(0, |time| time.as_nanos());
        let stamp: Option<u128> = stamp.and_then(|stamp| stamp.parse().ok());
        if let Some(delay) = stamp.and_then(|stamp| u64::try_from(now.checked_sub(stamp)?).ok()) {
            self.lock().delays.push(delay);
        }
    }

    /// Notes that a run has ended.
    pub fn ended(&self, object: &str) {
        let mut state = self.lock();
        state.runs += 1;
        if state.seen.len() < self.objects && state.seen.insert(object.to_owned()) && state.seen.len() == self.objects {
            self.all_seen.notify_one();
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs a controller, prints figures as they are asked for, and returns when the input ends.
    ///
    /// # Errors
    /// If the controller ends.
    pub async fn measure<E: Into<Box<dyn std::error::Error>>>(
        self,
        controller: impl Future<Output = Result<(), E>>,
    ) -> Result<(), Box<dyn std::error::Error>> {
        let (done, is_done) = oneshot::channel::<()>();
        let this = self.clone();
        let reports = async move {
            this.all_seen.notified().await;
            this.print();
            // A thread, since reading can't be canceled.
            std::thread::spawn(move || {
                for line in io::stdin().lines() {
                    if line.is_err() {
                        break;
                    }
                    this.print();
                }
                drop(done);
            });
            drop(is_done.await);
        };
        tokio::select! {
            result = controller => result.map_err(Into::into),
            () = reports => Ok(()),
        }
    }

    fn print(&self) {
        let mut state = self.lock();
        let (wall, cpu) = (state.wall.elapsed().as_secs_f64(), cpu_seconds() - state.cpu);
        state.delays.sort_unstable();
        let at = |share: f64| state.delays.get((state.delays.len() as f64 * share) as usize).copied();
        let report = json!({
            "wall": wall, "cpu": cpu, "runs": state.runs, "resident": status_field("VmRSS:"),
            "delays": state.delays.len(), "p50": at(0.5), "p99": at(0.99),
        });
        println!("{report}");
        (state.wall, state.cpu, state.runs) = (Instant::now(), cpu_seconds(), 0);
        state.delays.clear();
    }
}
