//! What every program under measurement does: take a list, time it, and report one line of JSON.

use std::fs;
use std::hint::black_box;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use nix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region};

/// How often a process repeats what it timed once.
const WARM_ROUNDS: usize = 3;

/// The arguments of a program under measurement.
#[derive(Parser)]
pub struct Arguments {
    job: Job,
    /// What the list holds, as `pods`; for the limits, what reads it.
    pub subject: String,
    /// The list, as JSON.
    file: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Job {
    /// Time decoding.
    Decode,
    /// Time encoding.
    Encode,
    /// Count what decoding allocates and leaves allocated; needs the counting allocator.
    Memory,
    /// Decode once, inside [`counted_region`].
    DecodeOnce,
    /// Encode once, inside [`counted_region`].
    EncodeOnce,
    /// Print the sizes of types.
    Size,
}

/// A side under measurement that has models: what it does with each kind of list, and how large its types are.
#[expect(missing_docs, reason = "named by what they are for")]
pub struct Side {
    pub pods: Work,
    pub deployments: Work,
    pub events: Work,
    pub secrets: Work,
    pub crds: Work,
    pub sizes: Sizes,
}

/// Does the job with a kind of list, by [`Arguments::run`].
pub type Work = fn(&Arguments) -> Option<Value>;

/// What `size_of` says of each type.
#[expect(missing_docs, reason = "named by their types")]
pub struct Sizes {
    pub pod: usize,
    pub pod_spec: usize,
    pub container: usize,
    pub deployment: usize,
    pub json_schema_props: usize,
}

impl Side {
    /// Does what the arguments ask for.
    pub fn run(&self, arguments: &Arguments) -> Option<Value> {
        if arguments.job == Job::Size {
            let Sizes { pod, pod_spec, container, deployment, json_schema_props } = self.sizes;
            return Some(json!({
                "pod": pod, "pod_spec": pod_spec, "container": container, "deployment": deployment,
                "json_schema_props": json_schema_props,
            }));
        }
        let work = match arguments.subject.as_str() {
            "pods" => self.pods,
            "deployments" => self.deployments,
            "events" => self.events,
            "secrets" => self.secrets,
            "crds" => self.crds,
            _ => return None,
        };
        work(arguments)
    }
}

/// Runs `main` of a program under measurement: `run` does the job for the subject that the arguments name.
pub fn main(run: fn(&Arguments) -> Option<Value>) -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments) {
        Some(report) => {
            println!("{report}");
            ExitCode::SUCCESS
        }
        None => {
            eprintln!("there is no {:?} to do this with", arguments.subject);
            ExitCode::FAILURE
        }
    }
}

impl Arguments {
    /// Does the job with these two functions.
    ///
    /// # Panics
    /// If the file can't be read: there is nothing to measure then.
    pub fn run<T>(&self, decode: impl Fn(&[u8]) -> T, encode: impl Fn(&T) -> Vec<u8>) -> Option<Value> {
        let bytes = fs::read(self.file.as_ref()?).expect("the file with the list can be read");
        Some(match self.job {
            Job::Decode => timed(bytes.len(), || decode(black_box(&bytes))),
            Job::Encode => {
                let list = decode(&bytes);
                timed(bytes.len(), || encode(black_box(&list)))
            }
            Job::Memory => memory(&bytes, decode),
            Job::DecodeOnce => {
                drop(counted_region(|| decode(black_box(&bytes))));
                Value::Null
            }
            Job::EncodeOnce => {
                let list = decode(&bytes);
                drop(counted_region(|| encode(black_box(&list))));
                Value::Null
            }
            Job::Size => return None,
        })
    }
}

/// Times `work` for the first time in the process, and then again; giving the result back is not timed.
fn timed<T>(bytes: usize, work: impl Fn() -> T) -> Value {
    let seconds = || {
        let start = cpu_seconds();
        let result = black_box(work());
        let elapsed = cpu_seconds() - start;
        drop(result);
        elapsed
    };
    let first = seconds();
    let warm: Vec<f64> = (0..WARM_ROUNDS).map(|_| seconds()).collect();
    json!({"bytes": bytes, "first": first, "warm": warm})
}

/// The time that this process has had on a core: what else the machine does is not in it.
///
/// # Panics
/// Where there is no such clock.
pub fn cpu_seconds() -> f64 {
    let time = clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID).expect("Linux has this clock");
    time.tv_sec() as f64 + time.tv_nsec() as f64 / 1e9
}

fn memory<T>(bytes: &[u8], decode: impl Fn(&[u8]) -> T) -> Value {
    let resident = status_field("VmRSS:");
    let region = Region::new(&INSTRUMENTED_SYSTEM);
    let list = black_box(decode(bytes));
    let change = region.change();
    let peak = status_field("VmHWM:");
    drop(list);
    let left = change.bytes_allocated.saturating_sub(change.bytes_deallocated);
    json!({
        "bytes": bytes.len(),
        "heap": left,
        "allocations": change.allocations + change.reallocations,
        "peak": peak.saturating_sub(resident),
    })
}

/// A field of the kernel's status of this process, in bytes.
pub fn status_field(name: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.unwrap_or_default() * 1024
}

/// What callgrind counts, and nothing else: this function's name selects it.
#[inline(never)]
pub fn counted_region<R>(work: impl FnOnce() -> R) -> R {
    black_box(work())
}
