use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use bench_measure::{cpu_seconds, status_field};
use clap::Parser;
use serde_json::{Map, Value, json};
use stats_alloc::{INSTRUMENTED_SYSTEM, Stats};
use tokio::runtime::Builder;

use crate::{INFORMERS, Job};

/// The arguments of a program that is measured against a server of canned pods.
#[derive(Parser)]
struct Arguments {
    #[arg(value_enum)]
    job: Job,
    /// The server, as `127.0.0.1:8001`.
    server: String,
    /// How many events it has.
    events: usize,
    /// For how many seconds to do nothing in the end.
    #[arg(long, default_value_t = 0)]
    rest: u64,
    /// How many informers share a client.
    #[arg(long, default_value_t = INFORMERS)]
    informers: usize,
    /// Use a runtime of one thread instead of one for each core.
    #[arg(long)]
    current_thread: bool,
}

/// The phases of a run, each with its time and what is held at its end.
///
/// The heap is only told in a program whose allocator counts.
pub struct Phases {
    arguments: Arguments,
    report: Map<String, Value>,
    at_start: Stats,
    wall: Instant,
    cpu: f64,
}

impl Phases {
    /// Does all on a runtime as the arguments ask for.
    ///
    /// # Errors
    /// What the work comes to.
    pub fn run<E: From<io::Error>, F: Future<Output = Result<(), E>>>(work: impl FnOnce(Self) -> F) -> Result<(), E> {
        let phases = Self::start();
        let mut runtime = match phases.arguments.current_thread {
            true => Builder::new_current_thread(),
            false => Builder::new_multi_thread(),
        };
        runtime.enable_all().build()?.block_on(work(phases))
    }

    /// Begins with the first list, from the arguments of the process.
    fn start() -> Self {
        let arguments = Arguments::parse();
        let mut report = Map::new();
        report.insert("start".to_owned(), json!({"resident": status_field("VmRSS:")}));
        Self { arguments, report, at_start: INSTRUMENTED_SYSTEM.stats(), wall: Instant::now(), cpu: cpu_seconds() }
    }

    /// What is to be done.
    pub fn job(&self) -> Job {
        self.arguments.job
    }

    /// The URL of the server.
    pub fn server(&self) -> String {
        format!("http://{}", self.arguments.server)
    }

    /// How many events are to come.
    pub fn events(&self) -> usize {
        self.arguments.events
    }

    /// How many informers share the client.
    pub fn informers(&self) -> usize {
        self.arguments.informers
    }

    /// The list is complete, and that is all.
    pub fn listed(&mut self) {
        self.end("sync");
    }

    /// The first list is complete: the events follow, which are started now.
    ///
    /// # Panics
    /// If the server is not there: nothing can be measured then.
    pub fn synced(&mut self) {
        self.end("sync");
        self.control().expect("the server lets the events begin");
        self.begin();
    }

    /// The events are over, or those that were waited for.
    pub fn finished(&mut self) {
        self.end("events");
        if self.arguments.rest > 0 {
            self.begin();
            thread::sleep(Duration::from_secs(self.arguments.rest));
            self.end("rest");
        }
    }

    /// Prints the report.
    pub fn report(self) {
        println!("{}", Value::Object(self.report));
    }

    fn begin(&mut self) {
        (self.wall, self.cpu) = (Instant::now(), cpu_seconds());
    }

    fn end(&mut self, phase: &str) {
        let (wall, cpu) = (self.wall.elapsed().as_secs_f64(), cpu_seconds() - self.cpu);
        let change = INSTRUMENTED_SYSTEM.stats() - self.at_start;
        let heap = change.bytes_allocated.saturating_sub(change.bytes_deallocated);
        let (resident, peak) = (status_field("VmRSS:"), status_field("VmHWM:"));
        let figures = json!({"wall": wall, "cpu": cpu, "heap": heap, "resident": resident, "peak": peak});
        self.report.insert(phase.to_owned(), figures);
    }

    fn control(&self) -> io::Result<()> {
        let mut socket = TcpStream::connect(&self.arguments.server)?;
        socket.write_all(b"GET /go HTTP/1.1\r\nhost: canned\r\n\r\n")?;
        let mut answer = [0; 12];
        socket.read_exact(&mut answer)?;
        if answer.ends_with(b"200") { Ok(()) } else { Err(io::Error::other("the server refuses")) }
    }
}
