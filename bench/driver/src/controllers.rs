//! A controller with an owned object for each of its own: this SDK beside kube and controller-runtime, against this SDK's
//! API server in memory.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::bench::{Bench, Result, number, run};
use crate::program::Program;
use crate::table::{Samples, Table};
use crate::watching::{self, Canned};

/// How many objects are changed in a second.
const RATE: f64 = 1_000.0;
/// Each takes a minute; a cold start, of which the most is what comes before it, has one round.
const MAX_ROUNDS: usize = 3;
/// After the last change, what is under way ends.
const REST: Duration = Duration::from_secs(2);

const SIDES: [(&str, &str); 3] =
    [("controller-ours", ""), ("controller-kube", "kube Controller"), ("controller-runtime", "controller-runtime")];

/// The reports of a side: of the first runs, of changes, and of a start with all that exists.
#[derive(Default)]
struct Reports {
    fill: Vec<Value>,
    change: Vec<Value>,
    cold: Vec<Value>,
}

/// How many objects there are: in the first runs, and at a cold start.
#[derive(Clone, Copy)]
pub(crate) struct Objects {
    pub(crate) first: usize,
    pub(crate) cold: usize,
}

pub(crate) fn measure(bench: &Bench, table: &mut Table, objects: Objects) -> Result<()> {
    watching::build(bench, &["bench-server-ours", "bench-controller-ours", "bench-controller-kube"])?;
    let has_go = watching::build_go_program(bench, "controller_runtime", "controller-runtime");
    let sides: Vec<_> = SIDES.into_iter().filter(|(program, _)| has_go || *program != "controller-runtime").collect();
    let mut reports: Vec<Reports> = sides.iter().map(|_| Reports::default()).collect();
    for round in 0..bench.rounds.min(MAX_ROUNDS) {
        for ((program, _), reports) in sides.iter().zip(&mut reports) {
            changes(bench, program, objects.first, reports)?;
            if round == 0 {
                cold_start(bench, program, objects.cold, reports)?;
            }
        }
    }
    let (ours, peers) = reports.split_first().ok_or("no side was measured")?;
    for ((_, peer), theirs) in sides.iter().skip(1).zip(peers) {
        let mut add = |metric: &str, unit, of: fn(&Reports) -> &Vec<Value>, figure: &dyn Fn(&Value) -> f64| {
            let samples = |reports| of(reports).iter().map(figure).collect::<Samples>();
            table.add(&format!("controller_{metric}"), peer, unit, &samples(ours), &samples(theirs));
        };
        let per = |field: &'static str, unit: f64| move |report: &Value| unit * number(&report[field]);
        let objects = objects.first as f64;
        add("first_runs", "/s", |reports| &reports.fill, &|report| number(&report["runs"]) / number(&report["wall"]));
        add("first_cpu", "µs/object", |reports| &reports.fill, &per("cpu", 1e6 / objects));
        add("memory", "B/object", |reports| &reports.fill, &per("resident", 1.0 / objects));
        add("change_p50", "ms", |reports| &reports.change, &per("p50", 1e-6));
        add("change_p99", "ms", |reports| &reports.change, &per("p99", 1e-6));
        add("change_cpu", "µs/change", |reports| &reports.change, &per("cpu", 1e6 / objects));
        add("cold_start", "s", |reports| &reports.cold, &per("wall", 1.0));
        add("cold_start_cpu", "s", |reports| &reports.cold, &per("cpu", 1.0));
    }
    Ok(())
}

/// The first runs of all objects, and runs for their changes.
fn changes(bench: &Bench, program: &str, objects: usize, reports: &mut Reports) -> Result<()> {
    let kubeconfig = bench.target("data").join("controllers.kubeconfig");
    let _server = Canned::start(Command::new(bench.program("server-ours")).arg(&kubeconfig))?;
    load(bench, &kubeconfig, objects, &["create"])?;
    let mut controller = start(bench, program, &kubeconfig, objects)?;
    reports.fill.push(controller.report()?);
    // Runs for the objects that they have just made are not for changes.
    std::thread::sleep(REST);
    ask(&mut controller)?;
    load(bench, &kubeconfig, objects, &["change", &RATE.to_string()])?;
    std::thread::sleep(REST);
    let report = ask(&mut controller)?;
    let delays = number(&report["delays"]);
    if delays < 0.9 * objects as f64 {
        return Err(format!("{program} has run for {delays} of {} changes", objects).into());
    }
    reports.change.push(report);
    Ok(())
}

/// A start with all owned objects in place.
fn cold_start(bench: &Bench, program: &str, objects: usize, reports: &mut Reports) -> Result<()> {
    let kubeconfig = bench.target("data").join("controllers.kubeconfig");
    let _server = Canned::start(Command::new(bench.program("server-ours")).arg(&kubeconfig))?;
    load(bench, &kubeconfig, objects, &["create"])?;
    drop(start(bench, program, &kubeconfig, objects)?.report()?);
    reports.cold.push(start(bench, program, &kubeconfig, objects)?.report()?);
    Ok(())
}

fn load(bench: &Bench, kubeconfig: &Path, objects: usize, arguments: &[&str]) -> Result<()> {
    let mut load = Command::new(bench.program("controller-load"));
    run(load.arg(kubeconfig).arg(objects.to_string()).args(arguments))?;
    Ok(())
}

/// Starts a controller, which reports when it has run for every object.
fn start(bench: &Bench, program: &str, kubeconfig: &Path, objects: usize) -> Result<Program> {
    Program::start(Command::new(bench.program(program)).arg(kubeconfig).arg(objects.to_string()))
}

/// The report of all runs since the last one.
fn ask(controller: &mut Program) -> Result<Value> {
    controller.ask()?;
    controller.report()
}
