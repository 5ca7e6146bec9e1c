//! Copies to and from a pod of a real cluster: this SDK beside kubectl.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::bench::{Bench, Result};
use crate::discovery;
use crate::streams::run;
use crate::table::{Samples, Table};
use crate::watching;

const POD: &str = "bench-copy";

/// What is copied, and to which cluster.
#[derive(clap::Args)]
pub(crate) struct Copies {
    /// Also copy to and from a pod of the test cluster with this kubeconfig, in `streams`.
    #[arg(long)]
    cluster: Option<PathBuf>,
    /// The size of the large file that is copied.
    #[arg(long, default_value_t = 1024)]
    copied_mib: u64,
    /// The number of small files that are copied.
    #[arg(long, default_value_t = 10_000)]
    copied_files: usize,
}

pub(crate) fn measure(bench: &Bench, table: &mut Table, copies: &Copies) -> Result<()> {
    let Some(kubeconfig) = &copies.cluster else {
        eprintln!("copies are left out, without --cluster");
        return Ok(());
    };
    let kubectl = discovery::kubectl().ok_or("no kubectl (KUBECTL, or scripts/test-cluster build)")?;
    watching::build(bench, &["bench-streams-ours"])?;
    let folder = bench.target("data").join("copies");
    let sources = copies.prepare(&folder)?;
    let cluster = Cluster { kubeconfig: kubeconfig.canonicalize()?, kubectl, ours: bench.program("streams-ours") };
    cluster.start_pod()?;
    for (name, source) in sources {
        let (mut ours, mut theirs) = (Figures::default(), Figures::default());
        for _ in 0..bench.rounds.min(3) {
            ours.copy(&cluster, Side::Ours, &source, &folder)?;
            theirs.copy(&cluster, Side::Kubectl, &source, &folder)?;
        }
        let metrics = [("upload", "s"), ("upload_cpu", "s"), ("download", "s"), ("download_cpu", "s")];
        for ((metric, unit), (ours, theirs)) in metrics.into_iter().zip(ours.0.iter().zip(&theirs.0)) {
            table.add(&format!("copy_{name}_{metric}"), "kubectl", unit, ours, theirs);
        }
    }
    cluster.end_pod()?;
    Ok(fs::remove_dir_all(folder)?)
}

impl Copies {
    /// Makes the files, with the names of what they measure.
    fn prepare(&self, folder: &Path) -> Result<[(&'static str, PathBuf); 2]> {
        let [large, small] = ["large", "small"].map(|name| folder.join(name));
        fs::create_dir_all(&small)?;
        File::create(&large)?.set_len(self.copied_mib << 20)?;
        for number in 0..self.copied_files {
            let inner = small.join((number / 100).to_string());
            fs::create_dir_all(&inner)?;
            fs::write(inner.join(number.to_string()), vec![7; 100 + number % 2_000])?;
        }
        Ok([("large", large), ("small", small)])
    }
}

#[derive(Clone, Copy)]
enum Side {
    Ours,
    Kubectl,
}

struct Cluster {
    kubeconfig: PathBuf,
    kubectl: PathBuf,
    ours: PathBuf,
}

impl Cluster {
    fn kubectl(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.kubectl);
        command.arg("--kubeconfig").arg(&self.kubeconfig).args(arguments).stdout(Stdio::null());
        command
    }

    fn start_pod(&self) -> Result<()> {
        self.end_pod()?;
        let image = ["--image", "localhost/busybox:1", "--image-pull-policy", "Never", "--command", "--"];
        run(self.kubectl(&["run", POD]).args(image).args(["sleep", "1000000"]))?;
        run(&mut self.kubectl(&["wait", "--for=condition=Ready", "--timeout=90s", "pod", POD])).map(drop)
    }

    fn end_pod(&self) -> Result<()> {
        run(&mut self.kubectl(&["delete", "pod", POD, "--ignore-not-found", "--now"])).map(drop)
    }

    /// The command of a side that copies one way.
    fn copy(&self, side: Side, from: &str, to: &str) -> Command {
        match side {
            Side::Ours => {
                let mut command = Command::new(&self.ours);
                command.args(["copy", POD, from, to]).env("KUBECONFIG", &self.kubeconfig).stdout(Stdio::null());
                command
            }
            Side::Kubectl => self.kubectl(&["cp", from, to]),
        }
    }
}

/// Seconds, of uploads and their time on a core, and of downloads and theirs.
#[derive(Default)]
struct Figures([Samples; 4]);

impl Figures {
    fn copy(&mut self, cluster: &Cluster, side: Side, source: &Path, folder: &Path) -> Result<()> {
        let (remote, back) = (format!("{POD}:/tmp/copied"), folder.join("back"));
        let local = |path: &Path| path.to_str().map(str::to_owned).ok_or("the path is not text");
        let (upload, upload_cpu) = run(&mut cluster.copy(side, &local(source)?, &remote))?;
        let (download, download_cpu) = run(&mut cluster.copy(side, &remote, &local(&back)?))?;
        for (samples, value) in self.0.iter_mut().zip([upload, upload_cpu, download, download_cpu]) {
            samples.push(value);
        }
        let is_folder = source.is_dir();
        if count(&back)? != count(source)? {
            return Err(format!("{} did not come back as it was", source.display()).into());
        }
        if is_folder {
            fs::remove_dir_all(back)?
        } else {
            fs::remove_file(back)?
        }
        run(&mut cluster.kubectl(&["exec", POD, "--", "rm", "-r", "/tmp/copied"])).map(drop)
    }
}

/// The files and bytes below a path.
fn count(path: &Path) -> Result<(usize, u64)> {
    let metadata = fs::metadata(path)?;
    if !metadata.is_dir() {
        return Ok((1, metadata.len()));
    }
    fs::read_dir(path)?.try_fold((0, 0), |(files, bytes), entry| {
        let (more, length) = count(&entry?.path())?;
        Ok((files + more, bytes + length))
    })
}
