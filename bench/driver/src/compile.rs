use std::fs::{self, File};
use std::time::{Instant, SystemTime};

use nix::sys::resource::{UsageWho, getrusage};

use crate::bench::{Bench, Result, run};
use crate::table::{Samples, Table};

/// What is compiled: a package of this workspace, and those of its dependencies that are to be compiled each time.
struct Unit<'a> {
    command: &'static str,
    package: &'static str,
    measured: &'a [&'a str],
    release: bool,
}

const OUR_MODELS: &[&str] = &["kubernetes-apimachinery", "kubernetes-models"];
const OUR_SCHEMAS: &[&str] = &["kubernetes-apimachinery", "kubernetes-core", "kubernetes-models"];
const ALL_OURS: &[&str] = &["kubernetes-apimachinery", "kubernetes-core", "kubernetes-models", "kubernetes-api"];
const PEER: &[&str] = &["k8s-openapi"];

/// The times of all runs, in seconds: on the clock, and of all cores together.
#[derive(Default)]
struct Times {
    wall: Samples,
    cpu: Samples,
}

/// Builds all models for release, and a crate that uses five of them.
pub(crate) fn release(bench: &Bench, table: &mut Table) -> Result<()> {
    fetch(bench)?;
    let build = |package, measured| Unit { command: "build", package, measured, release: true };
    let units = [build("compile-models-ours", OUR_MODELS), build("compile-all-k8s-openapi", PEER)];
    let [ours, theirs] = dependencies_prebuilt(bench, &units)?;
    add(table, "build_models_release", "k8s-openapi", &ours, &theirs);
    let units = [build("bench-ours", &["bench-ours"]), build("bench-k8s-openapi", &["bench-k8s-openapi"])];
    let [ours, theirs] = dependencies_prebuilt(bench, &units)?;
    add(table, "build_user_release", "k8s-openapi", &ours, &theirs);
    Ok(())
}

fn fetch(bench: &Bench) -> Result<()> {
    run(&mut bench.cargo(&["fetch", "--locked"])).map(drop)
}

/// Checks all models and operations of this SDK, two of its groups, and the models of the peer.
pub(crate) fn check(bench: &Bench, table: &mut Table) -> Result<()> {
    fetch(bench)?;
    let check = |package, measured| Unit { command: "check", package, measured, release: false };
    let units = [
        check("compile-all-ours", ALL_OURS),
        check("compile-all-k8s-openapi", PEER),
        check("compile-core-apps-ours", ALL_OURS),
    ];
    let [all, theirs, core_apps] = dependencies_prebuilt(bench, &units)?;
    add(table, "check_all", "k8s-openapi", &all, &theirs);
    add(table, "check_core_apps", "k8s-openapi", &core_apps, &theirs);
    let units = [check("compile-models-schema-ours", OUR_SCHEMAS), check("compile-models-ours", OUR_MODELS)];
    let [schema, without] = dependencies_prebuilt(bench, &units)?;
    add(table, "check_models_schema", "without schemas", &schema, &without);
    Ok(())
}

/// Ten types of 50 fields, with this SDK's derive, and with serde's without and with schemars.
pub(crate) fn derive(bench: &Bench, table: &mut Table) -> Result<()> {
    fetch(bench)?;
    for (command, release) in [("check", false), ("build", true)] {
        let unit = |package, measured| Unit { command, package, measured, release };
        let units = [
            unit("compile-derive-ours", &["compile-derive-ours"]),
            unit("compile-derive-schemars", &["compile-derive-schemars"]),
            unit("compile-derive-serde", &["compile-derive-serde"]),
        ];
        let [ours, schemars, serde] = dependencies_prebuilt(bench, &units)?;
        let metric = if release { "build_derive_release" } else { "check_derive" };
        add(table, metric, "serde and schemars", &ours, &schemars);
        add(table, metric, "serde alone", &ours, &serde);
    }
    Ok(())
}

/// Compiles the units in turn; what they depend on and is not measured is there already.
fn dependencies_prebuilt<const N: usize>(bench: &Bench, units: &[Unit<'_>; N]) -> Result<[Times; N]> {
    for unit in units {
        compile(bench, &Unit { measured: &[], ..*unit })?;
    }
    let mut times = [const { Times { wall: Samples::EMPTY, cpu: Samples::EMPTY } }; N];
    for _ in 0..bench.rounds {
        for (times, unit) in times.iter_mut().zip(units) {
            let profile = if unit.release { "release" } else { "dev" };
            let mut clean = bench.cargo(&["clean", "--locked", "--profile", profile]);
            clean.arg("--target-dir").arg(target(bench, unit));
            run(clean.args(unit.measured.iter().flat_map(|package| ["-p", package])))?;
            compile(bench, unit)?.add_to(times);
        }
    }
    Ok(times)
}

/// The same program with this SDK and with kube: built from nothing, and built again for release after a change.
pub(crate) fn programs(bench: &Bench, table: &mut Table) -> Result<()> {
    fetch(bench)?;
    let sides = [("compile-program-ours", "program_ours"), ("compile-program-kube", "program_kube")];
    let build = |package, release| Unit { command: "build", package, measured: &[], release };
    let mut times = [Times::default(), Times::default()];
    for _ in 0..bench.rounds {
        for (times, (package, _)) in times.iter_mut().zip(sides) {
            let unit = build(package, false);
            let target = target(bench, &unit);
            if target.exists() {
                fs::remove_dir_all(target)?;
            }
            compile(bench, &unit)?.add_to(times);
        }
    }
    let [ours, theirs] = times;
    add(table, "build_program", "kube", &ours, &theirs);

    let mut times = [Times::default(), Times::default()];
    let mut sizes = [Samples::default(), Samples::default()];
    for (package, _) in sides {
        compile(bench, &build(package, true))?;
    }
    for _ in 0..bench.rounds {
        for (index, (package, folder)) in sides.into_iter().enumerate() {
            let main = bench.source(&format!("compile/{folder}/src/main.rs"));
            File::options().append(true).open(main)?.set_modified(SystemTime::now())?;
            let release = build(package, true);
            compile(bench, &Unit { measured: &[package], ..release })?.add_to(&mut times[index]);
            let program = target(bench, &release).join("release").join(package);
            sizes[index] = (fs::metadata(program)?.len() as f64 / 1e6).into();
        }
    }
    let ([ours, theirs], [our_size, their_size]) = (times, sizes);
    add(table, "rebuild_program_release", "kube", &ours, &theirs);
    table.add("size_program_release", "kube", "MB", &our_size, &their_size);
    Ok(())
}

struct Run {
    wall: f64,
    cpu: f64,
}

impl Run {
    fn add_to(&self, times: &mut Times) {
        times.wall.push(self.wall);
        times.cpu.push(self.cpu);
    }
}

/// Compiles a unit, and sees to it that what is measured was compiled.
fn compile(bench: &Bench, unit: &Unit<'_>) -> Result<Run> {
    let mut cargo = bench.cargo(&[unit.command, "--locked", "--offline", "-p", unit.package]);
    if unit.release {
        cargo.arg("--release");
    }
    cargo.arg("--target-dir").arg(target(bench, unit));
    let (start, cpu) = (Instant::now(), cpu_of_children()?);
    let (_, log) = run(&mut cargo)?;
    let run = Run { wall: start.elapsed().as_secs_f64(), cpu: cpu_of_children()? - cpu };
    let compiled = |package: &&&str| {
        let mut words = log.lines().map(|line| line.split_whitespace());
        words.any(|mut words| matches!(words.next(), Some("Compiling" | "Checking")) && words.next() == Some(**package))
    };
    match unit.measured.iter().find(|package| !compiled(package)) {
        Some(missing) => Err(format!("{missing} was not compiled:\n{log}").into()),
        _ => Ok(run),
    }
}

fn target(bench: &Bench, unit: &Unit<'_>) -> std::path::PathBuf {
    match unit.package.strip_prefix("bench-") {
        Some(_) => bench.target("sides"),
        None => bench.target(unit.package),
    }
}

/// The time that all finished commands have used on all cores, in seconds.
pub(crate) fn cpu_of_children() -> Result<f64> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let seconds = |time: nix::sys::time::TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
    Ok(seconds(usage.user_time()) + seconds(usage.system_time()))
}

fn add(table: &mut Table, metric: &str, peer: &str, ours: &Times, theirs: &Times) {
    table.add(metric, peer, "s", &ours.wall, &theirs.wall);
    table.add(&format!("{metric}_cpu"), peer, "s", &ours.cpu, &theirs.cpu);
}
