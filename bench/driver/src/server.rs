//! The API server in memory, beside the real one with etcd.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::bench::{Bench, Result, number, report};
use crate::requests::test_cluster;
use crate::table::{Samples, Table};
use crate::watching::{self, Canned, OURS};

/// What a server is given to do.
struct Size {
    objects: usize,
    watchers: usize,
    /// How many changes each watch is told of.
    events: usize,
}

const IN_MEMORY: Size = Size { objects: 100_000, watchers: 1_000, events: 50 };

/// As much as it does in a minute.
const REAL: Size = Size { objects: 5_000, watchers: 1_000, events: 20 };

pub(crate) fn measure(bench: &Bench, table: &mut Table) -> Result<()> {
    watching::prepare(bench)?;
    let kubeconfig = bench.target("data").join("memory.kubeconfig");
    let mut ours = Vec::new();
    for _ in 0..bench.rounds.min(3) {
        // Empty each time.
        let server = Canned::start(Command::new(bench.program("server-ours")).arg(&kubeconfig))?;
        ours.push(load(bench, &kubeconfig, &IN_MEMORY, &[server.id()])?);
    }
    let theirs = match test_cluster(bench)? {
        // It keeps what it was given, so that there is but one round.
        Some(kubeconfig) => vec![load(bench, &kubeconfig, &REAL, &processes(bench)?)?],
        None => {
            eprintln!("the API server is left out, since no test cluster is up (scripts/test-cluster up)");
            Vec::new()
        }
    };
    let mut add = |metric: &str, unit: &'static str, figure: &dyn Fn(&Value) -> f64| {
        let samples = |reports: &[Value]| reports.iter().map(figure).collect::<Samples>();
        let peer = format!("kube-apiserver, etcd ({} objects)", REAL.objects);
        table.add(metric, &peer, unit, &samples(&ours), &samples(&theirs));
    };
    for step in ["create", "list", "watch"] {
        add(&format!("server_{step}"), "/s", &|report| number(&report[step]["count"]) / number(&report[step]["wall"]));
    }
    add("server_memory", "B/object", &|report| {
        let grown = number(&report["create"]["resident"]) - number(&report["start"]["resident"]);
        grown / number(&report["create"]["count"])
    });
    Ok(())
}

fn load(bench: &Bench, kubeconfig: &Path, size: &Size, processes: &[u32]) -> Result<Value> {
    let mut client = Command::new(bench.program(OURS));
    client.arg("load").arg(kubeconfig);
    client.args([size.objects, size.watchers, size.events].map(|number| number.to_string()));
    for process in processes {
        client.args(["--process", &process.to_string()]);
    }
    report(&mut client)
}

/// Those of the test cluster that keep objects.
fn processes(bench: &Bench) -> Result<Vec<u32>> {
    let state = std::env::var_os("CLUSTER_DIR").map_or_else(|| bench.source("../.cluster"), Into::into);
    let id = |name: &str| Ok(fs::read_to_string(state.join("pid").join(name))?.trim().parse()?);
    ["apiserver", "etcd"].into_iter().map(id).collect()
}
