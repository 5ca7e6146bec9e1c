//! Admission webhooks over TLS: this SDK beside controller-runtime.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::bench::{self, Bench, Result, number};
use crate::machine;
use crate::program::Program;
use crate::table::{Samples, Table};
use crate::watching;

const GO: &str = "controller-runtime-webhooks";
const REVIEWS: usize = 20_000;
/// Before the figures are taken.
const FIRST_REVIEWS: usize = 2_000;
const IN_FLIGHT: usize = 16;

/// The paths, and the metrics that are named after them.
const WEBHOOKS: [(&str, &str); 2] = [("mutate", "/mutate--v1-pod"), ("validate", "/validate--v1-pod")];

type Figures = Vec<(String, &'static str, f64)>;

pub(crate) fn measure(bench: &Bench, table: &mut Table) -> Result<()> {
    watching::build(bench, &["bench-webhooks-ours", "bench-webhooks-load"])?;
    let folder = bench.target("data").join("webhooks");
    let load = bench.program("webhooks-load");
    bench::run(Command::new(&load).arg("certificate").arg(&folder))?;
    let review = write_review(bench, &folder)?;
    let ours = bench.program("webhooks-ours");
    if !watching::build_go_program(bench, "controller_runtime_webhooks", GO) {
        return Ok(());
    }
    let theirs = bench.program(GO);
    let (mut our_rounds, mut their_rounds) = (Vec::new(), Vec::new());
    for _ in 0..bench.rounds {
        our_rounds.push(serve(&ours, &load, &folder, &review)?);
        their_rounds.push(serve(&theirs, &load, &folder, &review)?);
    }
    let of = |rounds: &[Figures], metric: &str| {
        let values = rounds.iter().flatten().filter(|(name, ..)| name == metric);
        values.map(|(_, _, value)| *value).collect::<Samples>()
    };
    for (metric, unit, _) in our_rounds.first().into_iter().flatten() {
        table.add(metric, "controller-runtime", unit, &of(&our_rounds, metric), &of(&their_rounds, metric));
    }
    Ok(())
}

/// The review of a pod that is created.
fn write_review(bench: &Bench, folder: &Path) -> Result<PathBuf> {
    let pods: Value = serde_json::from_slice(&fs::read(bench.list("pods", 10)?)?)?;
    let mut pod = pods["items"][0].clone();
    pod["apiVersion"] = json!("v1");
    pod["kind"] = json!("Pod");
    let kind = json!({"group": "", "version": "v1", "kind": "Pod"});
    let resource = json!({"group": "", "version": "v1", "resource": "pods"});
    let review = json!({
        "kind": "AdmissionReview",
        "apiVersion": "admission.k8s.io/v1",
        "request": {
            "uid": "7c1e5a2d-4d0d-4a87-9a0e-6f5b7b1f2c3d",
            "kind": kind,
            "resource": resource,
            "requestKind": kind,
            "requestResource": resource,
            "name": pod["metadata"]["name"],
            "namespace": pod["metadata"]["namespace"],
            "operation": "CREATE",
            "userInfo": {"username": "system:admin", "groups": ["system:masters", "system:authenticated"]},
            "object": pod,
            "oldObject": null,
            "dryRun": false,
            "options": {"kind": "CreateOptions", "apiVersion": "meta.k8s.io/v1"},
        },
    });
    let path = folder.join("review.json");
    fs::write(&path, review.to_string())?;
    Ok(path)
}

fn serve(program: &Path, load: &Path, folder: &Path, review: &Path) -> Result<Figures> {
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port().to_string();
    let mut command = Command::new(program);
    command.arg(folder).arg(&port).stderr(Stdio::null());
    let server = Program::start(&mut command)?;
    let call = |path: &str, count: usize, in_flight: usize| {
        let mut command = Command::new(load);
        command.arg("call").arg(folder).args([&port, path]).arg(review);
        bench::report(command.args([count.to_string(), in_flight.to_string()]))
    };
    let mut figures = Vec::new();
    for (name, path) in WEBHOOKS {
        call(path, FIRST_REVIEWS, IN_FLIGHT)?;
        let cpu = machine::cpu_milliseconds(server.id())?;
        let report = call(path, REVIEWS, IN_FLIGHT)?;
        let cpu = machine::cpu_milliseconds(server.id())? - cpu;
        figures.push((format!("webhook_{name}"), "1/s", REVIEWS as f64 / number(&report["wall"])));
        figures.push((format!("webhook_{name}_cpu"), "µs", 1e3 * cpu / REVIEWS as f64));
        let report = call(path, FIRST_REVIEWS, 1)?;
        figures.push((format!("webhook_{name}_p50"), "µs", 1e6 * number(&report["p50"])));
    }
    Ok(figures)
}
