//! A folder of 1,000 objects applied twice, beside `kubectl apply --server-side`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;

use crate::bench::{Bench, Result, run};
use crate::requests::test_cluster;
use crate::table::{Samples, Table};
use crate::watching;

const OBJECTS: usize = 1_000;

/// How many objects are in a file.
const IN_FILE: usize = 100;

/// Seconds on the clock and of the processor.
struct Figures {
    wall: f64,
    cpu: f64,
}

pub(crate) fn measure(bench: &Bench, table: &mut Table) -> Result<()> {
    let Some(kubeconfig) = test_cluster(bench)? else {
        return Err("no test cluster is up (scripts/test-cluster up)".into());
    };
    watching::build(bench, &["bench-manifests-ours"])?;
    let folder = bench.target("data").join("manifests");
    write(&folder)?;
    let mut names = 0;
    let mut namespace = || -> Result<String> {
        names += 1;
        let name = format!("bench-manifests-{}-{names}", std::process::id());
        run(kubectl(&kubeconfig).args(["create", "namespace", &name]))?;
        Ok(name)
    };
    let ours = |namespace: &str| {
        let mut command = Command::new(bench.program("manifests-ours"));
        command.arg(&folder).arg(namespace).env("KUBECONFIG", &kubeconfig);
        command
    };
    let theirs = |namespace: &str| {
        let mut command = kubectl(&kubeconfig);
        // Neither side knows the server's resources before.
        let cache = bench.target("data").join(format!("kubectl-cache-{namespace}"));
        command.arg("--cache-dir").arg(cache).args(["apply", "--server-side", "--field-manager=bench"]);
        command.args(["-n", namespace, "-f"]).arg(&folder);
        command
    };
    let mut figures: [[Vec<Figures>; 2]; 2] = Default::default();
    for _ in 0..bench.rounds.min(3) {
        for (side, command) in [&ours as &dyn Fn(&str) -> Command, &theirs].into_iter().enumerate() {
            let name = namespace()?;
            for of_apply in &mut figures[side] {
                of_apply.push(timed(&mut command(&name))?);
            }
            run(kubectl(&kubeconfig).args(["delete", "namespace", "--wait=false", &name]))?;
        }
    }
    let [ours_figures, theirs_figures] = &figures;
    for (apply, metric) in ["apply_first", "apply_second"].into_iter().enumerate() {
        let samples = |figures: &[Vec<Figures>; 2], figure: fn(&Figures) -> f64| -> Samples {
            figures[apply].iter().map(figure).collect()
        };
        let mut add = |metric: &str, figure: fn(&Figures) -> f64| {
            table.add(metric, "kubectl", "s", &samples(ours_figures, figure), &samples(theirs_figures, figure));
        };
        add(metric, |figures| figures.wall);
        add(&format!("{metric}_cpu"), |figures| figures.cpu);
    }
    let name = namespace()?;
    let sent: f64 = run(&mut ours(&name))?.0.trim().parse()?;
    // At this level, kubectl logs each response.
    let log = run(theirs(&name).arg("-v=6"))?.1;
    let logged = log.lines().filter(|line| line.contains("\"Response\"") && line.contains("verb=")).count();
    run(kubectl(&kubeconfig).args(["delete", "namespace", "--wait=false", &name]))?;
    table.add("apply_requests", "kubectl", "requests", &sent.into(), &(logged as f64).into());
    Ok(())
}

fn timed(command: &mut Command) -> Result<Figures> {
    let cpu = || -> Result<f64> {
        let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
        Ok((usage.user_time() + usage.system_time()).num_microseconds() as f64 / 1e6)
    };
    let (start, before) = (Instant::now(), cpu()?);
    run(command)?;
    Ok(Figures { wall: start.elapsed().as_secs_f64(), cpu: cpu()? - before })
}

/// The program that `scripts/test-cluster build` made.
fn kubectl(kubeconfig: &Path) -> Command {
    let home = || PathBuf::from(std::env::var_os("HOME").unwrap_or_default());
    let cache = std::env::var_os("XDG_CACHE_HOME").map_or_else(|| home().join(".cache"), PathBuf::from);
    let built = std::env::var_os("CLUSTER_BIN").map(PathBuf::from);
    let program = built.unwrap_or_else(|| cache.join("kubernetes-test-cluster/bin")).join("kubectl");
    let mut command = Command::new(program);
    command.arg("--kubeconfig").arg(kubeconfig);
    command
}

/// Objects of seven kinds, of which controllers make nothing.
fn write(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder)?;
    for file in 0..OBJECTS / IN_FILE {
        let objects: Vec<String> = (0..IN_FILE).map(|index| object(file * IN_FILE + index)).collect();
        fs::write(folder.join(format!("{file:03}.yaml")), objects.join("---\n"))?;
    }
    Ok(())
}

fn object(index: usize) -> String {
    let name = format!("o{index:04}");
    let meta = format!("metadata:\n  name: {name}\n  labels:\n    app: {name}\n    tier: bench\n");
    match index % 20 {
        0..6 => format!(
            "apiVersion: v1\nkind: ConfigMap\n{meta}data:\n  key: value-{index}\n  text: |\n    some lines\n    of text\n"
        ),
        6..9 => format!("apiVersion: v1\nkind: Secret\n{meta}data:\n  password: aHVudGVyMg==\n"),
        9..11 => format!("apiVersion: v1\nkind: ServiceAccount\n{meta}"),
        11..13 => format!(
            "apiVersion: v1\nkind: Service\n{meta}spec:\n  clusterIP: None\n  selector:\n    app: {name}\n  ports:\n  - port: 80\n"
        ),
        13..14 => format!(
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\n{meta}rules:\n- apiGroups: [\"\"]\n  resources: [pods]\n  \
             verbs: [get, list]\n"
        ),
        14..15 => format!(
            "apiVersion: policy/v1\nkind: PodDisruptionBudget\n{meta}spec:\n  minAvailable: 1\n  selector:\n    matchLabels:\n      \
             app: {name}\n"
        ),
        _ => format!(
            "apiVersion: apps/v1\nkind: Deployment\n{meta}spec:\n  paused: true\n  replicas: 0\n  selector:\n    matchLabels:\n      \
             app: {name}\n  template:\n    metadata:\n      labels:\n        app: {name}\n    spec:\n      containers:\n      - name: \
             web\n        image: web:1\n        ports:\n        - containerPort: 80\n        env:\n        - name: A\n          value: \
             b\n        resources:\n          requests:\n            cpu: 100m\n            memory: 64Mi\n"
        ),
    }
}
