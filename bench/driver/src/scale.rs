//! How costs grow with the number of pods, of watches and of custom resources: curves, and the exponent of each.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use serde_json::Value;

use crate::bench::{Bench, Result, number, report, run};
use crate::compile::cpu_of_children;
use crate::curve::Curve;
use crate::table::{Samples, Table};
use crate::watching::{self, Canned, OURS};

/// How many pods the list has that larger numbers repeat, under other names.
const LIST: usize = 10_000;

/// How many pods there are while the number of watches grows, and how many events.
const WATCHED: usize = 10_000;
const EVENTS: usize = 20_000;

const KINDS_OF_A_GROUP: usize = 20;

pub(crate) fn pods(bench: &Bench, table: &mut Table, long: bool) -> Result<()> {
    watching::build(bench, &["bench-canned", "bench-client-ours"])?;
    let sizes: &[usize] = if long { &[1_000, 10_000, 100_000, 500_000] } else { &[1_000, 10_000, 100_000] };
    type Figure = fn(&Value) -> f64;
    let mut list = Curve::new("scale_list_cpu", "s", "pods");
    let figures: [(&str, &str, Figure); 4] = [
        ("scale_first_sync", "s", |report| number(&report["sync"]["wall"])),
        ("scale_first_sync_cpu", "s", |report| number(&report["sync"]["cpu"])),
        ("scale_store_resident", "MB", |report| {
            (number(&report["sync"]["resident"]) - number(&report["start"]["resident"])) / 1e6
        }),
        ("scale_event_latency", "ms", |report| 1e3 * number(&report["events"]["wall"])),
    ];
    let mut curves = figures.map(|(name, unit, _)| Curve::new(name, unit, "pods"));
    for &size in sizes {
        let rounds = if size > 100_000 { 1 } else { bench.rounds.min(3) };
        let (mut lists, mut synced) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            let server = server(bench, size, 1, &[])?;
            if size <= 100_000 {
                // More would be more than a program has memory for beside the text.
                lists.push(client(bench, &server, "list", 0, &[])?);
            }
            synced.push(client(bench, &server, "reflector", 1, &[])?);
        }
        if !lists.is_empty() {
            list.add(size, lists.iter().map(|report| number(&report["sync"]["cpu"])).collect());
        }
        for (curve, (.., figure)) in curves.iter_mut().zip(&figures) {
            curve.add(size, synced.iter().map(figure).collect());
        }
    }
    table.add_curve(list);
    curves.into_iter().for_each(|curve| table.add_curve(curve));
    Ok(())
}

/// The cost of as many watches as there are, each with the same number of events.
pub(crate) fn watches(bench: &Bench, table: &mut Table) -> Result<()> {
    watching::build(bench, &["bench-canned", "bench-client-ours"])?;
    let mut cpu = Curve::new("scale_watches_cpu", "ms/1000", "watches");
    let mut memory = Curve::new("scale_watches_resident", "MB", "watches");
    for size in [1, 10, 100, 1_000] {
        let mut reports = Vec::new();
        for _ in 0..bench.rounds.min(3) {
            let server = server(bench, WATCHED, EVENTS, &["--sets", &size.to_string()])?;
            reports.push(client(bench, &server, "informers", EVENTS, &["--informers", &size.to_string()])?);
        }
        let of_all = |report: &Value| size as f64 * 1e6 * number(&report["events"]["cpu"]) / EVENTS as f64;
        cpu.add(size, reports.iter().map(of_all).collect());
        memory.add(size, reports.iter().map(|report| number(&report["sync"]["resident"]) / 1e6).collect());
    }
    table.add_curve(cpu);
    table.add_curve(memory);
    Ok(())
}

fn server(bench: &Bench, pods: usize, events: usize, more: &[&str]) -> Result<Canned> {
    let list = bench.list("pods", pods.min(LIST))?;
    let copies = pods.div_ceil(LIST).to_string();
    let mut server = Command::new(bench.program("canned-watch"));
    Canned::start(server.arg(list).args(["--events", &events.to_string(), "--copies", &copies]).args(more))
}

fn client(bench: &Bench, server: &Canned, job: &str, events: usize, more: &[&str]) -> Result<Value> {
    report(Command::new(bench.program(OURS)).args(more).args([job, &server.address(), &events.to_string()]))
}

/// The time to generate a crate of custom resources, and to check it.
pub(crate) fn custom_resources(bench: &Bench, table: &mut Table, long: bool) -> Result<()> {
    let sizes: &[usize] = if long { &[10, 100, 1_000, 10_000] } else { &[10, 100, 1_000] };
    let target = bench.target("codegen");
    let mut build = bench.cargo(&["build", "--locked", "--release", "-p", "kubernetes-codegen", "--target-dir"]);
    run(build.arg(&target).current_dir(bench.source("..")))?;
    let names = ["scale_crds_generate_cpu", "scale_crds_check", "scale_crds_check_cpu"];
    let mut curves = names.map(|name| Curve::new(name, "s", "custom resources"));
    for &size in sizes {
        let folder = bench.target("data").join(format!("custom-{size}"));
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        write_definitions(&folder.join("crds"), size)?;
        let out = folder.join("crate");
        let mut generate = Command::new(target.join("release").join("kubernetes-codegen"));
        generate.arg("crds").arg("--input").arg(folder.join("crds")).arg("--out").arg(&out);
        generate.args(["--name", "scale", "--sdk"]).arg(bench.source("..").canonicalize()?);
        let (_, generated) = timed(&mut generate)?;
        make_a_workspace_of(&out)?;
        let check = || {
            let mut check = bench.cargo(&["check", "--offline", "-p", "scale", "--target-dir"]);
            check.arg(bench.target("custom")).current_dir(&out);
            check
        };
        // What it depends on comes first, and is there afterwards.
        run(&mut check())?;
        let mut clean = bench.cargo(&["clean", "--offline", "-p", "scale", "--target-dir"]);
        run(clean.arg(bench.target("custom")).current_dir(&out))?;
        let (wall, checked) = timed(&mut check())?;
        for (curve, figure) in curves.iter_mut().zip([generated, wall, checked]) {
            curve.add(size, Samples::from(figure));
        }
    }
    curves.into_iter().for_each(|curve| table.add_curve(curve));
    Ok(())
}

/// On the clock, and of all cores together.
fn timed(command: &mut Command) -> Result<(f64, f64)> {
    let (start, cpu) = (Instant::now(), cpu_of_children()?);
    run(command)?;
    Ok((start.elapsed().as_secs_f64(), cpu_of_children()? - cpu))
}

/// The crate lies within the folder of another workspace.
fn make_a_workspace_of(folder: &Path) -> Result<()> {
    let manifest: PathBuf = folder.join("Cargo.toml");
    let text = fs::read_to_string(&manifest)?;
    if !text.contains("[workspace]") {
        fs::write(manifest, text + "\n[workspace]\n")?;
    }
    Ok(())
}

/// Definitions of some twenty fields, with names of their own.
fn write_definitions(folder: &Path, count: usize) -> Result<()> {
    fs::create_dir_all(folder)?;
    for number in 0..count {
        let group = (number / KINDS_OF_A_GROUP).to_string();
        let text = include_str!("crd.yaml").replace("NUMBER", &number.to_string()).replace("GROUP", &group);
        fs::write(folder.join(format!("{number}.yaml")), text)?;
    }
    Ok(())
}
