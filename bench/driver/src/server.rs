//! The API server in memory, beside the real one with etcd.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::bench::{Bench, Result, number, report};
use crate::requests::test_cluster;
use crate::table::{Samples, Table};
use crate::watching::{self, Canned, OURS};

const OBJECTS: usize = 100_000;
const WATCHERS: usize = 1_000;

/// The number of changes that each watch receives.
const EVENTS: usize = 50;

pub(crate) fn measure(bench: &Bench, table: &mut Table) -> Result<()> {
    watching::build(bench, &["bench-client-ours", "bench-server-ours"])?;
    let kubeconfig = bench.target("data").join("memory.kubeconfig");
    let mut ours = Vec::new();
    for _ in 0..bench.rounds.min(3) {
        // Empty each time.
        let server = Canned::start(Command::new(bench.program("server-ours")).arg(&kubeconfig))?;
        ours.push(load(bench, &kubeconfig, &[server.id()])?);
    }
    let (peer, theirs) = match test_cluster(bench)? {
        // It keeps what it was given, so that there is but one round.
        Some(kubeconfig) => ("kube-apiserver, etcd", vec![load(bench, &kubeconfig, &processes(bench)?)?]),
        None => {
            eprintln!("the API server is left out, since no test cluster is up (scripts/test-cluster up)");
            ("(no test cluster is up)", Vec::new())
        }
    };
    let mut add = |metric: &str, unit: &'static str, figure: &dyn Fn(&Value) -> f64| {
        let samples = |reports: &[Value]| reports.iter().map(figure).collect::<Samples>();
        table.add(metric, peer, unit, &samples(&ours), &samples(&theirs));
    };
    for step in ["create", "list", "watch"] {
        add(&format!("server_{step}"), "/s", &|report| number(&report[step]["count"]) / number(&report[step]["wall"]));
    }
    add("server_memory", "B/object", &|report| {
        let grown = number(&report["create"]["resident"]) - number(&report["start"]["resident"]);
        // As with stalled_memory, zero counts as one page, so that there is a ratio.
        grown.max(4096.0) / number(&report["create"]["count"])
    });
    Ok(())
}

fn load(bench: &Bench, kubeconfig: &Path, processes: &[u32]) -> Result<Value> {
    let mut client = Command::new(bench.program(OURS));
    client.arg("load").arg(kubeconfig);
    client.args([OBJECTS, WATCHERS, EVENTS].map(|number| number.to_string()));
    for process in processes {
        client.args(["--process", &process.to_string()]);
    }
    report(&mut client)
}

/// Those of the test cluster that keep objects, from files that have a process's id and when it began.
pub(crate) fn processes(bench: &Bench) -> Result<Vec<u32>> {
    let state = std::env::var_os("CLUSTER_DIR").map_or_else(|| bench.source("../.cluster"), Into::into);
    let id = |name: &str| {
        let path = state.join("pid").join(name);
        let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let id = text.split_whitespace().next().and_then(|id| id.parse().ok());
        Ok(id.ok_or_else(|| format!("{}: no process id: {text:?}", path.display()))?)
    };
    ["apiserver", "etcd"].into_iter().map(id).collect()
}
