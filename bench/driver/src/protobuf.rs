//! client-go with protobuf, which it uses for built-in types, beside JSON and CBOR here: decoding, and an informer on the
//! test cluster's API server.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::bench::{Bench, Result, number, report, run};
use crate::counting_proxy::CountingProxy;
use crate::program::Program;
use crate::requests::test_cluster;
use crate::server::processes;
use crate::table::{Samples, Table};
use crate::watching::{self, GO};
use crate::{lists, machine};

const INFORMER: &str = "informer-ours";

/// How many pods an informer follows on the API server.
const PODS: usize = 2_000;

const PROTOBUF: &str = "client-go, protobuf";
const JSON: &str = "client-go, JSON";

/// An informer: what its rows end with, whose peer it is, and its program with the first arguments.
type Informer = (&'static str, &'static str, &'static [&'static str]);

const INFORMERS: [Informer; 5] = [
    ("", INFORMER, &["json"]),
    ("_cbor", INFORMER, &["cbor"]),
    ("_uncompressed", INFORMER, &["uncompressed"]),
    (PROTOBUF, GO, &["informer", "protobuf"]),
    (JSON, GO, &["informer", "json"]),
];

/// How many of [`INFORMERS`] are of this SDK; the others are peers.
const OURS: usize = 3;

pub(crate) fn measure(bench: &Bench, table: &mut Table) -> Result<()> {
    if !watching::build_go(bench) {
        return Ok(());
    }
    decode(bench, table)?;
    match test_cluster(bench)? {
        Some(kubeconfig) => informers(bench, table, &kubeconfig),
        None => {
            eprintln!("informers are left out, since no test cluster is up (scripts/test-cluster up)");
            Ok(())
        }
    }
}

fn decode(bench: &Bench, table: &mut Table) -> Result<()> {
    watching::build(bench, &["bench-ours"])?;
    let ours = lists::decode_pods(bench)?;
    let file = bench.list("pods", 10_000)?;
    let mut theirs = Vec::new();
    for _ in 0..bench.rounds.min(2) {
        theirs.push(report(Command::new(bench.program(GO)).arg("decode").arg(&file))?);
    }
    let milliseconds = |report: &Value| {
        let warm = report["warm"].as_array().into_iter().flatten().map(number).collect::<Samples>();
        1e3 * warm.median()
    };
    for (peer, format) in [(PROTOBUF, "protobuf"), (JSON, "json")] {
        let samples =
            |figure: &dyn Fn(&Value) -> f64| theirs.iter().map(|report| figure(&report[format])).collect::<Samples>();
        let cpu = ours.iter().map(milliseconds).collect();
        table.add("decode_podlist_cpu", peer, "ms", &cpu, &samples(&milliseconds));
        let bytes = ours.iter().map(|report| number(&report["bytes"]) / 1e6).collect();
        table.add("decode_podlist_bytes", peer, "MB", &bytes, &samples(&|report| number(&report["bytes"]) / 1e6));
    }
    Ok(())
}

/// The two phases of an informer: what it needed for each, and the server, and how many bytes came.
type Phases = [(&'static str, [f64; 4]); 2];

fn informers(bench: &Bench, table: &mut Table, kubeconfig: &Path) -> Result<()> {
    watching::build(bench, &["bench-informer-ours"])?;
    let list = bench.list("pods", 10_000)?;
    // One that is being deleted can't be made again.
    let namespace = format!("bench-informer-{}", std::process::id());
    let job = |job: &str, count: usize, list: Option<&PathBuf>| {
        let mut command = Command::new(bench.program(INFORMER));
        run(command.arg(job).arg(kubeconfig).args([&namespace, &count.to_string()]).args(list))
    };
    job("fill", PODS, Some(&list))?;
    let measured = measure_informers(bench, kubeconfig, &namespace, || job("touch", PODS, None).map(drop));
    job("delete", PODS, None)?;
    let measured = measured?;
    let (ours, theirs) = measured.split_at(OURS);
    for (theirs, (peer, ..)) in theirs.iter().zip(&INFORMERS[OURS..]) {
        for (ours, (suffix, ..)) in ours.iter().zip(&INFORMERS) {
            for (phase, name) in ["sync", "changes"].into_iter().enumerate() {
                let figures = [("wall", "s"), ("cpu", "ms"), ("server_cpu", "ms"), ("bytes", "MB")];
                for (figure, (metric, unit)) in figures.into_iter().enumerate() {
                    let samples = |rounds: &[Phases]| rounds.iter().map(|round| round[phase].1[figure]).collect();
                    let metric = format!("informer_{name}_{metric}{suffix}");
                    table.add(&metric, peer, unit, &samples(ours), &samples(theirs));
                }
            }
        }
    }
    Ok(())
}

fn measure_informers(
    bench: &Bench,
    kubeconfig: &Path,
    namespace: &str,
    touch: impl Fn() -> Result<()>,
) -> Result<[Vec<Phases>; INFORMERS.len()]> {
    let server = *processes(bench)?.first().ok_or("the cluster has no API server")?;
    let mut rounds = [const { Vec::new() }; INFORMERS.len()];
    for _ in 0..bench.rounds.min(3) {
        for (rounds, (_, program, arguments)) in rounds.iter_mut().zip(INFORMERS) {
            let proxy = CountingProxy::before(kubeconfig)?;
            let mut command = Command::new(bench.program(program));
            command.args(arguments).arg(proxy.kubeconfig()).args([namespace, &PODS.to_string()]);
            rounds.push(follow(command, server, &proxy, &touch)?);
        }
    }
    Ok(rounds)
}

fn follow(mut command: Command, server: u32, proxy: &CountingProxy, touch: impl Fn() -> Result<()>) -> Result<Phases> {
    let mut before = (machine::cpu_milliseconds(server)?, proxy.received());
    let mut running = Program::start(&mut command)?;
    let mut phase = |running: &mut Program| -> Result<[f64; 4]> {
        let report = running.report()?;
        let now = (machine::cpu_milliseconds(server)?, proxy.received());
        let figures =
            [number(&report["wall"]), 1e3 * number(&report["cpu"]), now.0 - before.0, (now.1 - before.1) as f64 / 1e6];
        before = now;
        Ok(figures)
    };
    let sync = phase(&mut running)?;
    touch()?;
    Ok([("sync", sync), ("changes", phase(&mut running)?)])
}
