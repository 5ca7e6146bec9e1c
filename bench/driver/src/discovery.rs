//! The resource of a name, from nothing and from the disk cache: this SDK beside kubectl and kube's `Discovery`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use nix::sys::resource::{UsageWho, getrusage};

use crate::bench::{Bench, Result, run};
use crate::requests::test_cluster;
use crate::table::{Samples, Table};
use crate::watching::{self, Canned};

const OURS: &str = "discover-ours";
const KUBE: &str = "discover-kube";

/// An object for kubectl, which finds the resource of its kind and sends nothing more.
const DEPLOYMENT: &str = r#"{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}}"#;

pub(crate) fn measure(bench: &Bench, table: &mut Table) -> Result<()> {
    watching::build(bench, &["bench-server-ours", "bench-discover-ours", "bench-discover-kube"])?;
    let kubeconfig = bench.target("data").join("discovery.kubeconfig");
    let mut server = Canned::start(Command::new(bench.program("server-ours")).arg(&kubeconfig).arg("--record"))?;
    level(bench, table, "", &kubeconfig, Some(&mut server))?;
    match test_cluster(bench)? {
        Some(kubeconfig) => level(bench, table, "_apiserver", &kubeconfig, None)?,
        None => eprintln!("the API server is left out, since no test cluster is up (scripts/test-cluster up)"),
    }
    Ok(())
}

/// A program that finds a resource, with a folder for its cache.
struct Side {
    peer: &'static str,
    has_cache: bool,
    command: Box<dyn Fn(&Path) -> Command>,
}

/// The figures of all runs of a side.
#[derive(Default)]
struct Figures {
    cpu: Samples,
    wall: Samples,
    requests: Samples,
}

fn level(
    bench: &Bench,
    table: &mut Table,
    suffix: &str,
    kubeconfig: &Path,
    mut server: Option<&mut Canned>,
) -> Result<()> {
    let sides = sides(bench, kubeconfig)?;
    let folder = bench.target("data").join("discovery");
    let mut cold: Vec<Figures> = sides.iter().map(|_| Figures::default()).collect();
    let mut warm: Vec<Figures> = sides.iter().map(|_| Figures::default()).collect();
    for _ in 0..bench.rounds {
        for (index, side) in sides.iter().enumerate() {
            match fs::remove_dir_all(&folder) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
                _ => {}
            }
            cold[index].add(&mut (side.command)(&folder), server.as_deref_mut())?;
            if side.has_cache {
                warm[index].add(&mut (side.command)(&folder), server.as_deref_mut())?;
            }
        }
    }
    for (name, figures) in [("cold", &cold), ("warm", &warm)] {
        for (side, theirs) in sides.iter().zip(figures).skip(1).filter(|(side, _)| name == "cold" || side.has_cache) {
            let mut add = |metric: &str, unit, ours, theirs| {
                table.add(&format!("discovery_{name}_{metric}{suffix}"), side.peer, unit, ours, theirs);
            };
            add("cpu", "ms", &figures[0].cpu, &theirs.cpu);
            add("wall", "ms", &figures[0].wall, &theirs.wall);
            if suffix.is_empty() {
                add("requests", "", &figures[0].requests, &theirs.requests);
            }
        }
    }
    Ok(())
}

/// This SDK, and the peers that are there.
fn sides(bench: &Bench, kubeconfig: &Path) -> Result<Vec<Side>> {
    let program = |name: &str, arguments: &'static [&'static str]| {
        let (program, kubeconfig) = (bench.program(name), kubeconfig.to_owned());
        move |cache: &Path| {
            let mut command = Command::new(&program);
            command.arg(&kubeconfig).args(arguments);
            if arguments.is_empty() {
                command.arg(cache);
            }
            command
        }
    };
    let mut sides = vec![
        Side { peer: "", has_cache: true, command: Box::new(program(OURS, &[])) },
        Side { peer: "kube Discovery", has_cache: false, command: Box::new(program(KUBE, &["classic"])) },
        Side {
            peer: "kube Discovery, aggregated",
            has_cache: false,
            command: Box::new(program(KUBE, &["aggregated"])),
        },
    ];
    let Some(kubectl) = kubectl() else {
        eprintln!("kubectl is left out, since there is none (KUBECTL, or scripts/test-cluster up, which builds it)");
        return Ok(sides);
    };
    let manifest = bench.target("data").join("deployment.json");
    fs::write(&manifest, DEPLOYMENT)?;
    let kubeconfig = kubeconfig.to_owned();
    let command = move |cache: &Path| {
        let mut command = Command::new(&kubectl);
        command.arg("--kubeconfig").arg(&kubeconfig).arg("--cache-dir").arg(cache).arg("create").arg("-f");
        command.arg(&manifest).args(["--dry-run=client", "--validate=false", "-o", "name"]);
        command
    };
    sides.push(Side { peer: "kubectl", has_cache: true, command: Box::new(command) });
    Ok(sides)
}

/// `$KUBECTL`, or the one that was built for the test cluster.
pub(crate) fn kubectl() -> Option<PathBuf> {
    if let Some(path) = std::env::var_os("KUBECTL") {
        return Some(path.into());
    }
    let home = |folder: &str| std::env::home_dir().map(|home| home.join(folder));
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).or_else(|| home(".cache"))?;
    let bin = std::env::var_os("CLUSTER_BIN").map_or_else(|| cache.join("kubernetes-test-cluster/bin"), PathBuf::from);
    Some(bin.join("kubectl")).filter(|path| path.exists())
}

impl Figures {
    /// Runs a program, from its start to its end.
    fn add(&mut self, command: &mut Command, server: Option<&mut Canned>) -> Result<()> {
        let (cpu, wall) = (children_cpu()?, Instant::now());
        let (output, _) = run(command)?;
        self.wall.push(1e3 * wall.elapsed().as_secs_f64());
        self.cpu.push(1e3 * (children_cpu()? - cpu));
        if !output.starts_with("deployment") {
            return Err(format!("{command:?} finds {output:?}").into());
        }
        if let Some(server) = server {
            self.requests.push(server.ask()?.parse()?);
        }
        Ok(())
    }
}

/// The processor time of all programs that have ended, in seconds.
fn children_cpu() -> Result<f64> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let times = [usage.user_time(), usage.system_time()];
    Ok(times.iter().map(|time| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6).sum())
}
