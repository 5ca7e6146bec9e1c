//! Pods listed and watched over loopback: this SDK beside kube and client-go.

use std::process::Command;

use serde_json::Value;

use crate::bench::{Bench, Result, number, report, run};
use crate::program::Program;
use crate::table::{Samples, Table};

const PODS: usize = 10_000;
const EVENTS: usize = 50_000;

/// client-go takes twenty times as long as the others.
const MOST_ROUNDS_OF_GO: usize = 2;

pub(crate) const OURS: &str = "client-ours";
pub(crate) const KUBE: &str = "client-kube";
pub(crate) const GO: &str = "client-go";

/// What a program does, and how the table names it where it is not the default.
struct Side<'a> {
    program: &'a str,
    job: &'a str,
    peer: &'a str,
}

const fn side<'a>(program: &'a str, job: &'a str, peer: &'a str) -> Side<'a> {
    Side { program, job, peer }
}

/// Builds packages of the sides, each by itself.
pub(crate) fn build(bench: &Bench, packages: &[&str]) -> Result<()> {
    for package in packages {
        let mut build = bench.cargo(&["build", "--locked", "--release", "-p", package, "--target-dir"]);
        run(build.arg(bench.target("sides")))?;
    }
    Ok(())
}

/// Builds the clients and the server that they ask. client-go is left out where it can't be built.
pub(crate) fn prepare(bench: &Bench) -> Result<bool> {
    build(bench, &["bench-canned", "bench-client-ours", "bench-client-kube"])?;
    Ok(build_go(bench))
}

/// Builds client-go's side, if it can be built.
pub(crate) fn build_go(bench: &Bench) -> bool {
    build_go_program(bench, "client_go", GO)
}

/// Builds the Go program in a folder, if it can be built.
pub(crate) fn build_go_program(bench: &Bench, folder: &str, program: &str) -> bool {
    let mut go = Command::new("go");
    go.args(["build", "-trimpath", "-o"]).arg(bench.program(program)).arg(".").current_dir(bench.source(folder));
    let built = run(&mut go);
    if let Err(error) = &built {
        eprintln!("{program} is left out, since its program can't be built: {error}");
    }
    built.is_ok()
}

pub(crate) fn measure(bench: &Bench, table: &mut Table) -> Result<()> {
    let has_go = prepare(bench)?;
    let without_go = |sides: Vec<Side<'static>>| sides.into_iter().filter(move |side| has_go || side.program != GO);
    let runs = |sides: Vec<Side<'static>>, flags: &[&str]| alternate(bench, without_go(sides).collect(), flags);

    let kube = [side(KUBE, "watch", "kube watcher"), side(KUBE, "watch-streaming", "kube watcher, streaming")];
    let [kube, streaming] = kube;
    let watches = runs(vec![side(OURS, "watch", ""), kube, streaming], &[])?;
    add_events(table, "watch", &watches);
    add_sync(table, "watch_first_sync", &watches);
    let single = runs(vec![side(OURS, "watch", ""), side(KUBE, "watch", "kube watcher")], &["--current-thread"])?;
    add(table, "watch_cpu_current_thread", "ms/1000", &single, |report| per_event(report, "cpu"));

    let stores = vec![
        side(OURS, "reflector", ""),
        side(KUBE, "reflector", "kube reflector"),
        side(KUBE, "reflector-streaming", "kube reflector, streaming"),
        side(GO, "reflector", "client-go informer"),
    ];
    let stores = runs(stores, &["--rest", "5"])?;
    add_events(table, "reflector", &stores);
    add_sync(table, "first_sync", &stores);
    add(table, "store_resident", "B/pod", &stores, |report| {
        (number(&report["events"]["resident"]) - number(&report["start"]["resident"])) / PODS as f64
    });
    add(table, "rest_cpu", "ms/s", &stores, |report| {
        1e3 * number(&report["rest"]["cpu"]) / number(&report["rest"]["wall"])
    });
    let counting = vec![
        side("client-ours-counting", "reflector", ""),
        side("client-kube-counting", "reflector", "kube reflector"),
        side(GO, "reflector", "client-go informer"),
    ];
    let counted = alternate_times(bench, without_go(counting).collect(), &[], 1)?;
    let heap = |report: &Value| number(&report["events"]["heap"]) / PODS as f64;
    add(table, "store_memory", "B/pod", &counted, heap);
    let json = std::fs::metadata(bench.list("pods", PODS)?)?.len() as f64 / PODS as f64;
    table.add("store_memory", "the JSON", "B/pod", &counted[0].1.iter().map(heap).collect(), &json.into());

    many(table, &stores, runs)?;
    let stalled = vec![
        side(OURS, "stalled", ""),
        side(KUBE, "stalled", "kube watcher"),
        side(GO, "stalled", "client-go informer"),
    ];
    let stalled = alternate_times(bench, without_go(stalled).collect(), &[], 1)?;
    add(table, "stalled_memory", "kB", &stalled, |report| {
        // Zero counts as one page, so that there is a ratio.
        (number(&report["events"]["resident"]) - number(&report["sync"]["resident"])).max(4096.0) / 1e3
    });
    Ok(())
}

/// 100 informers beside those of the peers, and beside one that has as many pods and events.
fn many(
    table: &mut Table,
    single: &[Reports],
    runs: impl Fn(Vec<Side<'static>>, &[&str]) -> Result<Vec<Reports>>,
) -> Result<()> {
    let informers = vec![
        side(OURS, "informers", ""),
        side(KUBE, "informers", "kube reflector"),
        side(GO, "informers", "client-go informer"),
    ];
    let informers = runs(informers, &[])?;
    add(table, "informers_100_cpu", "ms/1000", &informers, |report| per_event(report, "cpu"));
    let cpu = |reports: &[Value]| reports.iter().map(|report| per_event(report, "cpu")).collect::<Samples>();
    table.add("informers_100_cpu", "one of ours", "ms/1000", &cpu(&informers[0].1), &cpu(&single[0].1));
    Ok(())
}

/// What a side has reported, in every round.
type Reports = (String, Vec<Value>);

fn add_events(table: &mut Table, name: &str, reports: &[Reports]) {
    add(table, &format!("{name}_cpu"), "ms/1000", reports, |report| per_event(report, "cpu"));
    add(table, &format!("{name}_rate"), "/s", reports, |report| EVENTS as f64 / number(&report["events"]["wall"]));
}

fn add_sync(table: &mut Table, name: &str, reports: &[Reports]) {
    add(table, name, "s", reports, |report| number(&report["sync"]["wall"]));
    add(table, &format!("{name}_cpu"), "s", reports, |report| number(&report["sync"]["cpu"]));
}

/// Milliseconds for 1,000 events.
fn per_event(report: &Value, field: &str) -> f64 {
    1e6 * number(&report["events"][field]) / EVENTS as f64
}

/// Adds a row for each peer. The first reports are ours.
fn add(table: &mut Table, metric: &str, unit: &'static str, reports: &[Reports], figure: impl Fn(&Value) -> f64) {
    let samples = |reports: &[Value]| reports.iter().map(&figure).collect::<Samples>();
    if let [(_, ours), peers @ ..] = reports {
        for (peer, theirs) in peers {
            table.add(metric, peer, unit, &samples(ours), &samples(theirs));
        }
    }
}

fn alternate(bench: &Bench, sides: Vec<Side<'_>>, flags: &[&str]) -> Result<Vec<Reports>> {
    alternate_times(bench, sides, flags, bench.rounds)
}

/// Runs the sides in turn, each against a server of its own.
fn alternate_times(bench: &Bench, sides: Vec<Side<'_>>, flags: &[&str], rounds: usize) -> Result<Vec<Reports>> {
    let mut reports: Vec<Reports> = sides.iter().map(|side| (side.peer.to_owned(), Vec::new())).collect();
    for round in 0..rounds {
        for ((_, reports), side) in reports.iter_mut().zip(&sides) {
            if side.program == GO && round >= MOST_ROUNDS_OF_GO {
                continue;
            }
            let server = Canned::start(Command::new(bench.program("canned-watch")).arg(bench.list("pods", PODS)?))?;
            let mut client = Command::new(bench.program(side.program));
            client.args(flags).args([side.job, &server.address(), &EVENTS.to_string()]);
            reports.push(report(&mut client)?);
        }
    }
    Ok(reports)
}

/// A server that prints its port.
pub(crate) struct Canned {
    program: Program,
    port: u16,
}

impl Canned {
    pub(crate) fn start(command: &mut Command) -> Result<Self> {
        let mut program = Program::start(command)?;
        let port = program.line()?.trim().parse().map_err(|_| format!("{command:?} prints no port"))?;
        Ok(Self { program, port })
    }

    /// Sends an empty line, and returns the answer.
    pub(crate) fn ask(&mut self) -> Result<String> {
        self.program.ask()?;
        Ok(self.program.line()?.trim().to_owned())
    }

    /// Its process.
    pub(crate) fn id(&self) -> u32 {
        self.program.id()
    }

    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }
}
