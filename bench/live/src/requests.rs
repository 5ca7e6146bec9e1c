use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use bench_measure::{cpu_seconds, status_field};
use clap::{Parser, ValueEnum};
use serde_json::json;

/// How many requests are made before it counts.
const WARM_UP: usize = 500;

/// What is asked for, again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Ask {
    /// Read a small object.
    Read,
    /// Create a small object.
    Create,
}

/// The arguments of a program that makes requests.
#[derive(Parser)]
struct Arguments {
    #[arg(value_enum)]
    ask: Ask,
    /// The way to the server.
    kubeconfig: PathBuf,
    /// How many requests are under way at a time.
    in_flight: usize,
    /// How many requests are made in all.
    count: usize,
}

/// Does work on a runtime with a thread for each core.
///
/// # Errors
/// If there can be no runtime.
pub fn on_all_cores<F: Future>(work: F) -> io::Result<F::Output> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(work))
}

/// A name for an object that no other process uses.
pub fn name(number: usize) -> String {
    format!("bench-{}-{number}", std::process::id())
}

/// Requests that are made by several tasks, and how long each takes.
#[derive(Clone)]
pub struct Requests {
    arguments: Arc<Arguments>,
    begun: Arc<AtomicUsize>,
    resident: u64,
}

impl Requests {
    /// From the arguments of the process, the first of which is `requests`.
    pub fn from_arguments() -> Option<Self> {
        let mut arguments = std::env::args();
        let program = arguments.next()?;
        (arguments.next()? == "requests").then(|| Self {
            arguments: Arc::new(Arguments::parse_from([program].into_iter().chain(arguments))),
            begun: Arc::default(),
            resident: status_field("VmRSS:"),
        })
    }

    /// What is asked for.
    pub fn ask(&self) -> Ask {
        self.arguments.ask
    }

    /// The file that leads to the server.
    pub fn kubeconfig(&self) -> &std::path::Path {
        &self.arguments.kubeconfig
    }

    /// Makes all requests by `request`, which receives the number of each, and prints a report.
    ///
    /// By what the process has grown until this is called is reported as the memory of an idle client.
    ///
    /// # Errors
    /// The first failure of a request.
    pub async fn run<E, F>(self, request: impl Fn(usize) -> F + Clone + Send + 'static) -> Result<(), E>
    where
        E: From<io::Error> + Send + 'static,
        F: Future<Output = Result<(), E>> + Send + 'static,
    {
        // The caller has made a request, so that it is connected, and no load has grown it yet.
        let resident = status_field("VmRSS:").saturating_sub(self.resident);
        for number in 0..WARM_UP {
            request(number).await?;
        }
        let (start, cpu) = (Instant::now(), cpu_seconds());
        let tasks: Vec<_> =
            (0..self.arguments.in_flight).map(|_| tokio::spawn(self.clone().ask_in_turn(request.clone()))).collect();
        let mut times = Vec::with_capacity(self.arguments.count);
        for task in tasks {
            times.append(&mut task.await.map_err(io::Error::other)??);
        }
        let (wall, cpu) = (start.elapsed().as_secs_f64(), cpu_seconds() - cpu);
        times.sort_by(f64::total_cmp);
        let at = |share: f64| times.get((times.len() as f64 * share) as usize).copied().unwrap_or(f64::NAN);
        let count = times.len();
        println!(
            "{}",
            json!({"count": count, "wall": wall, "cpu": cpu, "p50": at(0.5), "p99": at(0.99), "resident": resident})
        );
        Ok(())
    }

    async fn ask_in_turn<E, F: Future<Output = Result<(), E>>>(
        self,
        request: impl Fn(usize) -> F,
    ) -> Result<Vec<f64>, E> {
        let mut times = Vec::new();
        loop {
            let number = self.begun.fetch_add(1, Ordering::Relaxed);
            if number >= self.arguments.count {
                return Ok(times);
            }
            let start = Instant::now();
            request(WARM_UP + number).await?;
            times.push(start.elapsed().as_secs_f64());
        }
    }
}
