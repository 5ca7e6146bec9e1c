use std::process::Command;

use serde_json::Value;

use crate::bench::{Bench, Result, number, report, run};
use crate::table::{Samples, Table};

/// A kind of list: what the programs call it, what metrics do, and how many objects it has.
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    pub(crate) metric: &'static str,
    count: usize,
    /// How many when instructions are counted, which takes fifty times as long.
    pub(crate) counted: usize,
}

pub(crate) const KINDS: &[Kind] = &[
    Kind { name: "pods", metric: "podlist", count: 10_000, counted: 1_000 },
    Kind { name: "deployments", metric: "deploymentlist", count: 3_000, counted: 500 },
    Kind { name: "events", metric: "eventlist", count: 10_000, counted: 1_000 },
    Kind { name: "secrets", metric: "secretlist", count: 4_000, counted: 500 },
    Kind { name: "crds", metric: "crdlist", count: 300, counted: 20 },
];

pub(crate) const OURS: &str = "ours";
pub(crate) const PEER: &str = "k8s-openapi";

/// What reads pods into something else, and how the table calls that.
const LIMITS: &[(&str, &str)] = &[
    ("sonic-k8s-openapi", "k8s-openapi with sonic-rs"),
    ("serde_json-value", "serde_json::Value"),
    ("simd-json-value", "simd_json::OwnedValue"),
    ("sonic-value", "sonic_rs::Value"),
    ("serde_json-ignored", "serde_json IgnoredAny"),
    ("utf8", "UTF-8 validation"),
];

/// Builds the sides, each by itself: built together, they would share the features of their dependencies.
fn prepare(bench: &Bench) -> Result<()> {
    for package in ["bench-ours", "bench-derived", "bench-k8s-openapi", "bench-limits"] {
        let mut build = bench.cargo(&["build", "--locked", "--release", "-p", package, "--target-dir"]);
        run(build.arg(bench.target("sides")))?;
    }
    Ok(())
}

pub(crate) fn size(bench: &Bench, table: &mut Table) -> Result<()> {
    prepare(bench)?;
    let [ours, theirs] = [OURS, PEER].map(|side| report(Command::new(bench.program(side)).args(["size", "types"])));
    let (ours, theirs) = (ours?, theirs?);
    for (name, size) in ours.as_object().into_iter().flatten() {
        table.add(&format!("size_{name}"), PEER, "B", &number(size).into(), &number(&theirs[name]).into());
    }
    Ok(())
}

pub(crate) fn memory(bench: &Bench, table: &mut Table) -> Result<()> {
    prepare(bench)?;
    for kind in KINDS {
        let sides = [("ours-counting", kind.name), ("k8s-openapi-counting", kind.name)];
        let [ours, theirs] = alternate(bench, "memory", kind, sides)?;
        let per_object = |reports: &[Value], field: &str| -> Samples {
            reports.iter().map(|report| number(&report[field]) / kind.count as f64).collect()
        };
        for (metric, field, unit) in
            [("memory", "heap", "B/object"), ("allocations", "allocations", "/object"), ("peak", "peak", "B/object")]
        {
            let metric = format!("{metric}_{}", kind.metric);
            table.add(&metric, PEER, unit, &per_object(&ours, field), &per_object(&theirs, field));
        }
        let metric = format!("memory_{}", kind.metric);
        table.add(&metric, "the JSON", "B/object", &per_object(&ours, "heap"), &per_object(&ours, "bytes"));
    }
    amplification(bench, table)
}

/// Lists that are made to take as much memory as they can, as `amplification` makes them.
const SHAPES: [&str; 7] = ["pods", "deployments", "crds", "allof", "events", "cbor", "annotations"];

/// The memory that hostile lists take, as multiples of their text: by default, which refuses most of them, and without
/// a budget, which is what they would take.
fn amplification(bench: &Bench, table: &mut Table) -> Result<()> {
    let mut build = bench.cargo(&["build", "--locked", "--release", "-p", "bench-amplification", "--target-dir"]);
    run(build.arg(bench.target("sides")))?;
    for shape in SHAPES {
        let measured = |budget: &str| report(Command::new(bench.program("amplification")).args([shape, budget]));
        let (default, unlimited) = (measured("default")?, measured("unlimited")?);
        for field in ["kept", "peak"] {
            let ratio = |report: &Value| Samples::from(number(&report[field]) / number(&report["bytes"]));
            let metric = format!("amplification_{shape}_{field}");
            table.add(&metric, "without a budget", "× text", &ratio(&default), &ratio(&unlimited));
        }
    }
    Ok(())
}

pub(crate) fn decode(bench: &Bench, table: &mut Table) -> Result<()> {
    prepare(bench)?;
    for kind in KINDS {
        let [ours, theirs] = alternate(bench, "decode", kind, [(OURS, kind.name), (PEER, kind.name)])?;
        let metric = format!("decode_{}", kind.metric);
        table.add(&metric, PEER, "MB/s", &warm(&ours), &warm(&theirs));
        table.add(&(metric + "_first"), PEER, "MB/s", &first(&ours), &first(&theirs));
    }
    // A derived type beside the generated one of the same fields.
    for job in ["decode", "encode"] {
        let [derived, generated] = alternate(bench, job, &KINDS[2], [("derived", "events"), (OURS, "events")])?;
        table.add(&format!("{job}_derived"), "the generated model", "MB/s", &warm(&derived), &warm(&generated));
    }
    let pods = &KINDS[0];
    let ours = (OURS, pods.name);
    let limits = [0, 1, 2, 3, 4, 5].map(|index| ("limits", LIMITS[index].0));
    let sides = [ours, limits[0], limits[1], limits[2], limits[3], limits[4], limits[5]];
    let [ours, theirs @ ..] = alternate(bench, "decode", pods, sides)?;
    for ((_, peer), theirs) in LIMITS.iter().zip(theirs) {
        table.add("decode_podlist", peer, "MB/s", &warm(&ours), &warm(&theirs));
    }
    Ok(())
}

/// Decodes the pods here, as often as there are rounds.
pub(crate) fn decode_pods(bench: &Bench) -> Result<Vec<Value>> {
    let [ours] = alternate(bench, "decode", &KINDS[0], [(OURS, KINDS[0].name)])?;
    Ok(ours)
}

pub(crate) fn encode(bench: &Bench, table: &mut Table) -> Result<()> {
    prepare(bench)?;
    for kind in KINDS {
        let [ours, theirs] = alternate(bench, "encode", kind, [(OURS, kind.name), (PEER, kind.name)])?;
        // Both by the size of the list that was decoded: it is the time that counts, not who writes more bytes.
        table.add(&format!("encode_{}", kind.metric), PEER, "MB/s", &warm(&ours), &warm(&theirs));
    }
    Ok(())
}

/// Lets glibc keep all memory that a process has had: whether it gives some back after a round, to get it again in the
/// next, otherwise depends on what happens to lie at the end of the heap, and counts for more than the work.
const KEPT_MEMORY: [(&str, &str); 2] = [("MALLOC_MMAP_MAX_", "0"), ("MALLOC_TRIM_THRESHOLD_", "1000000000000")];

/// Lets the programs do a job in turn, as often as there are rounds, each time in a process of its own.
fn alternate<const N: usize>(
    bench: &Bench,
    job: &str,
    kind: &Kind,
    sides: [(&str, &str); N],
) -> Result<[Vec<Value>; N]> {
    let file = bench.list(kind.name, kind.count)?;
    let environment: &[_] = if job == "memory" { &[] } else { &KEPT_MEMORY };
    let mut reports = [const { Vec::new() }; N];
    for _ in 0..bench.rounds {
        for (reports, (program, subject)) in reports.iter_mut().zip(sides) {
            let mut command = Command::new(bench.program(program));
            reports.push(report(command.envs(environment.iter().copied()).args([job, subject]).arg(&file))?);
        }
    }
    Ok(reports)
}

/// The throughput of each process, the first time left out.
fn warm(reports: &[Value]) -> Samples {
    let median = |report: &Value| report["warm"].as_array().into_iter().flatten().map(number).collect::<Samples>();
    reports.iter().map(|report| number(&report["bytes"]) / 1e6 / median(report).median()).collect()
}

/// The throughput of each process at the first time, when memory comes fresh from the kernel.
fn first(reports: &[Value]) -> Samples {
    reports.iter().map(|report| number(&report["bytes"]) / 1e6 / number(&report["first"])).collect()
}
