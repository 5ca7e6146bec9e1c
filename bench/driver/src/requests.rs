//! Small requests over TLS: this SDK beside kube and client-go.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::bench::{Bench, Result, number, report};
use crate::table::{Samples, Table};
use crate::watching::{self, Canned, GO, KUBE, OURS};

const IN_FLIGHT: [usize; 3] = [1, 8, 64];

/// Whom the clients ask, and how metrics end for it.
struct Server {
    kubeconfig: PathBuf,
    suffix: &'static str,
    count: usize,
}

pub(crate) fn measure(bench: &Bench, table: &mut Table) -> Result<()> {
    let has_go = watching::prepare(bench)?;
    let peers = [("kube", KUBE), ("client-go", GO)];
    let peers: Vec<_> = peers.into_iter().filter(|(_, program)| has_go || *program != GO).collect();
    let kubeconfig = bench.target("data").join("canned.kubeconfig");
    let _canned = Canned::start(Command::new(bench.program("canned-requests")).arg(&kubeconfig))?;
    let mut servers = vec![Server { kubeconfig, suffix: "", count: 20_000 }];
    match test_cluster(bench)? {
        Some(kubeconfig) => servers.push(Server { kubeconfig, suffix: "_apiserver", count: 2_000 }),
        None => eprintln!("the API server is left out, since no test cluster is up (scripts/test-cluster up)"),
    }
    for server in &servers {
        for (ask, name) in [("read", "request"), ("create", "create")] {
            for in_flight in IN_FLIGHT {
                level(bench, table, server, (ask, name), in_flight, &peers)?;
            }
        }
    }
    Ok(())
}

fn level(
    bench: &Bench,
    table: &mut Table,
    server: &Server,
    (ask, name): (&str, &str),
    in_flight: usize,
    peers: &[(&str, &str)],
) -> Result<()> {
    let programs: Vec<&str> = std::iter::once(OURS).chain(peers.iter().map(|(_, program)| *program)).collect();
    let mut reports = vec![Vec::new(); programs.len()];
    for _ in 0..bench.rounds {
        for (reports, program) in reports.iter_mut().zip(&programs) {
            let mut client = Command::new(bench.program(program));
            client.args(["requests", ask]).arg(&server.kubeconfig);
            reports.push(report(client.args([in_flight.to_string(), server.count.to_string()]))?);
        }
    }
    let per_request = |report: &Value, field: &str| number(&report[field]) / number(&report["count"]);
    type Figure<'a> = (&'a str, &'static str, &'a dyn Fn(&Value) -> f64);
    let figures: [Figure<'_>; 4] = [
        ("cpu", "µs", &|report| 1e6 * per_request(report, "cpu")),
        ("rate", "/s", &|report| 1.0 / per_request(report, "wall")),
        ("p50", "ms", &|report| 1e3 * number(&report["p50"])),
        ("p99", "ms", &|report| 1e3 * number(&report["p99"])),
    ];
    let samples = |reports: &[Value], figure: &dyn Fn(&Value) -> f64| reports.iter().map(figure).collect::<Samples>();
    for (figure, unit, value) in figures {
        let metric = format!("{name}_{figure}_{in_flight}{}", server.suffix);
        for ((peer, _), theirs) in peers.iter().zip(&reports[1..]) {
            table.add(&metric, peer, unit, &samples(&reports[0], value), &samples(theirs, value));
        }
    }
    if (ask, in_flight, server.suffix) == ("read", 1, "") {
        let memory = |report: &Value| number(&report["resident"]) / 1e3;
        for ((peer, _), theirs) in peers.iter().zip(&reports[1..]) {
            table.add("client_memory", peer, "kB", &samples(&reports[0], &memory), &samples(theirs, &memory));
        }
    }
    Ok(())
}

/// The kubeconfig of the cluster that `scripts/test-cluster up` has started, if one is up. No other cluster is used: it
/// gets thousands of objects.
pub(crate) fn test_cluster(bench: &Bench) -> Result<Option<PathBuf>> {
    let output = Command::new(bench.source("../scripts/test-cluster")).arg("kubeconfig").output()?;
    let path = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let is_up = output.status.success() && Path::new(&path).exists();
    let is_local = || fs::read_to_string(&path).is_ok_and(|text| text.contains("https://127.0.0.1:"));
    Ok((is_up && is_local()).then(|| path.into()))
}
