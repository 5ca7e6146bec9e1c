use std::io;
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Parser;
use serde_json::{Map, Value, json};

/// The arguments of a program that puts load on a server.
#[derive(Parser)]
struct Arguments {
    /// The way to the server.
    kubeconfig: PathBuf,
    /// How many objects are created.
    objects: usize,
    /// How many watches there are of them.
    watchers: usize,
    /// The number of changes that each watch receives.
    events: usize,
    /// How many requests are under way at a time.
    #[arg(long, default_value_t = 64)]
    in_flight: usize,
    /// The process of the server, whose memory is reported; of several, their sum.
    #[arg(long)]
    process: Vec<u32>,
}

/// A server's load, step by step, and how long each takes.
pub struct Load {
    arguments: Arguments,
    report: Map<String, Value>,
    since: Instant,
}

impl Load {
    /// From the arguments of the process, the first of which is `load`.
    pub fn from_arguments() -> Option<Self> {
        let mut arguments = std::env::args();
        let program = arguments.next()?;
        (arguments.next()? == "load").then(|| {
            let arguments = Arguments::parse_from([program].into_iter().chain(arguments));
            Self { arguments, report: Map::new(), since: Instant::now() }
        })
    }

    /// The file that leads to the server.
    pub fn kubeconfig(&self) -> &Path {
        &self.arguments.kubeconfig
    }

    /// How many objects are created.
    pub fn objects(&self) -> usize {
        self.arguments.objects
    }

    /// How many watches there are.
    pub fn watchers(&self) -> usize {
        self.arguments.watchers
    }

    /// The number of changes that each watch receives.
    pub fn events(&self) -> usize {
        self.arguments.events
    }

    /// How many requests are under way at a time.
    pub fn in_flight(&self) -> usize {
        self.arguments.in_flight
    }

    /// A step begins.
    pub fn begin(&mut self) {
        self.since = Instant::now();
    }

    /// The step has ended, in which so many objects or events were handled.
    ///
    /// # Errors
    /// If a process of the server is not there.
    pub fn end(&mut self, step: &str, count: usize) -> io::Result<()> {
        let wall = self.since.elapsed().as_secs_f64();
        let resident = self.arguments.process.iter().map(|id| resident(*id)).sum::<io::Result<u64>>()?;
        self.report.insert(step.to_owned(), json!({"count": count, "wall": wall, "resident": resident}));
        Ok(())
    }

    /// Prints what was measured.
    pub fn report(self) {
        println!("{}", Value::Object(self.report));
    }
}

/// How many bytes of memory a process has.
fn resident(process: u32) -> io::Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    let kilobytes: u64 = line.trim().trim_end_matches("kB").trim().parse().map_err(io::Error::other)?;
    Ok(kilobytes * 1024)
}
