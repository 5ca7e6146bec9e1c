//! Port-forward and exec against this SDK's API server in memory: this SDK beside kube and kubectl.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;

use crate::bench::{Bench, Result};
use crate::discovery;
use crate::program::Program;
use crate::table::{Samples, Table};
use crate::watching::{self, Canned};

const MIB: usize = 1024 * 1024;
const BYTES: usize = 256 * MIB;
const PINGS: usize = 2_000;
const CONNECTIONS: usize = 200;

/// `USER_HZ`, which is the same on all Linux machines that these benchmarks run on.
const TICKS_PER_SECOND: f64 = 100.0;

/// Ports of the pod: one sends what is asked for, one takes in the bytes it is sent, and one is an echo.
const PORTS: [&str; 3] = ["7001", "7002", "7003"];

#[derive(Clone)]
enum Side {
    /// A program of these benchmarks.
    Program(PathBuf),
    Kubectl(PathBuf),
}

/// The figures of one side, by metric.
type Figures = Vec<(&'static str, &'static str, f64)>;

pub(crate) fn measure(bench: &Bench, table: &mut Table) -> Result<()> {
    watching::build(bench, &["bench-server-ours", "bench-streams-ours", "bench-streams-kube"])?;
    let kubeconfig = bench.target("data").join("streams.kubeconfig");
    let _server = Canned::start(Command::new(bench.program("server-ours")).arg(&kubeconfig))?;
    let mut peers = vec![("kube", Side::Program(bench.program("streams-kube")))];
    match discovery::kubectl() {
        Some(path) => peers.push(("kubectl", Side::Kubectl(path))),
        None => eprintln!("kubectl is left out, since there is none (KUBECTL, or scripts/test-cluster up)"),
    }
    let ours = Side::Program(bench.program("streams-ours"));
    let mut samples: Vec<Vec<Figures>> = vec![Vec::new(); peers.len() + 1];
    for _ in 0..bench.rounds {
        for (samples, side) in samples.iter_mut().zip(std::iter::once(&ours).chain(peers.iter().map(|(_, side)| side)))
        {
            let mut figures = side.forward(&kubeconfig)?;
            figures.extend(side.exec(bench, &kubeconfig)?);
            samples.push(figures);
        }
    }
    let of = |rounds: &[Figures], metric: &str| {
        let values = rounds.iter().flatten().filter(|(name, ..)| *name == metric);
        values.map(|(_, _, value)| *value).collect::<Samples>()
    };
    for (metric, unit, _) in samples[0].first().into_iter().flatten() {
        for ((peer, _), theirs) in peers.iter().zip(&samples[1..]) {
            table.add(metric, peer, unit, &of(&samples[0], metric), &of(theirs, metric));
        }
    }
    Ok(())
}

impl Side {
    fn command(&self, kubeconfig: &Path) -> Command {
        let (Self::Program(path) | Self::Kubectl(path)) = self;
        let mut command = Command::new(path);
        command.env("KUBECONFIG", kubeconfig).stderr(Stdio::null());
        command
    }

    /// Bytes, small messages and connections through local ports.
    fn forward(&self, kubeconfig: &Path) -> Result<Figures> {
        let mut command = self.command(kubeconfig);
        match self {
            Self::Program(_) => command.arg("listen").args(PORTS),
            Self::Kubectl(_) => {
                command.args(["port-forward", "--address", "127.0.0.1", "pod/web"]);
                command.args(PORTS.map(|port| format!(":{port}")))
            }
        };
        let forwarder = Forwarder::start(&mut command)?;
        let [source, sink, echo] = forwarder.ports;
        let mut figures = Vec::new();
        // The first connection opens the tunnel.
        let mut stream = TcpStream::connect(("127.0.0.1", echo))?;
        stream.set_nodelay(true)?;
        ping(&mut stream)?;
        let (start, cpu) = (Instant::now(), forwarder.cpu()?);
        download(source)?;
        figures.push(("forward_download", "MiB/s", rate(start)));
        figures.push(("forward_download_cpu", "ms/MiB", per_mib(forwarder.cpu()? - cpu)));
        let (start, cpu) = (Instant::now(), forwarder.cpu()?);
        upload(sink)?;
        figures.push(("forward_upload", "MiB/s", rate(start)));
        figures.push(("forward_upload_cpu", "ms/MiB", per_mib(forwarder.cpu()? - cpu)));
        let pings = times(PINGS, || ping(&mut stream))?;
        figures.push(("forward_ping_p50", "µs", 1e6 * at(&pings, 0.5)));
        figures.push(("forward_ping_p99", "µs", 1e6 * at(&pings, 0.99)));
        let connections = times(CONNECTIONS, || ping(&mut TcpStream::connect(("127.0.0.1", echo))?))?;
        figures.push(("forward_connect_p50", "µs", 1e6 * at(&connections, 0.5)));
        Ok(figures)
    }

    /// The output and the input of a command.
    fn exec(&self, bench: &Bench, kubeconfig: &Path) -> Result<Figures> {
        let bytes = BYTES.to_string();
        let mut output = self.command(kubeconfig);
        match self {
            Self::Program(_) => output.args(["exec", &bytes]),
            Self::Kubectl(_) => output.args(["exec", "web", "--", "source", &bytes]),
        };
        let (wall, cpu) = run(output.stdout(Stdio::null()))?;
        let mut figures =
            vec![("exec_output", "MiB/s", (BYTES / MIB) as f64 / wall), ("exec_output_cpu", "ms/MiB", per_mib(cpu))];
        let mut input = self.command(kubeconfig);
        match self {
            Self::Program(_) => input.args(["exec-input", &bytes]),
            Self::Kubectl(_) => {
                // Zeros that take no room.
                let path = bench.target("data").join("zeros");
                File::create(&path)?.set_len(BYTES as u64)?;
                input.args(["exec", "-i", "web", "--", "sink"]).stdin(File::open(&path)?)
            }
        };
        let (wall, cpu) = run(input.stdout(Stdio::null()))?;
        figures.push(("exec_input", "MiB/s", (BYTES / MIB) as f64 / wall));
        figures.push(("exec_input_cpu", "ms/MiB", per_mib(cpu)));
        Ok(figures)
    }
}

/// A process that forwards local ports.
struct Forwarder {
    program: Program,
    ports: [u16; 3],
}

impl Forwarder {
    fn start(command: &mut Command) -> Result<Self> {
        let mut program = Program::start(command)?;
        let mut ports = [0; 3];
        for port in &mut ports {
            let line = program.line()?;
            // Either the number alone, or as kubectl says it.
            let number = line.rsplit_once(" -> ").map_or(line.as_str(), |(address, _)| address);
            *port = number.rsplit(':').next().unwrap_or_default().trim().parse()?;
        }
        Ok(Self { program, ports })
    }

    /// The seconds that its threads have had on a core.
    fn cpu(&self) -> Result<f64> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.program.id()))?;
        let (_, fields) = stat.rsplit_once(')').ok_or("no name")?;
        let ticks =
            fields.split_whitespace().skip(11).take(2).map(str::parse::<i64>).sum::<std::result::Result<i64, _>>()?;
        Ok(ticks as f64 / TICKS_PER_SECOND)
    }
}

fn download(port: u16) -> Result<()> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.write_all(&(BYTES as u64).to_be_bytes())?;
    let (mut buffer, mut left) = (vec![0; 256 * 1024], BYTES);
    while left > 0 {
        match stream.read(&mut buffer)? {
            0 => return Err(format!("the stream ended {left} bytes early").into()),
            count => left -= count,
        }
    }
    Ok(())
}

fn upload(port: u16) -> Result<()> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.write_all(&(BYTES as u64).to_be_bytes())?;
    let chunk = vec![7; 256 * 1024];
    for _ in 0..BYTES / chunk.len() {
        stream.write_all(&chunk)?;
    }
    stream.read_exact(&mut [0])?;
    stream.shutdown(Shutdown::Both).or(Ok(()))
}

fn ping(stream: &mut TcpStream) -> Result<()> {
    stream.write_all(&[7])?;
    Ok(stream.read_exact(&mut [0])?)
}

/// The seconds that something takes, each time, in order of size.
fn times(count: usize, mut work: impl FnMut() -> Result<()>) -> Result<Vec<f64>> {
    let time = |_| {
        let start = Instant::now();
        work().map(|()| start.elapsed().as_secs_f64())
    };
    let mut times = (0..count).map(time).collect::<Result<Vec<f64>>>()?;
    times.sort_by(f64::total_cmp);
    Ok(times)
}

fn at(sorted: &[f64], share: f64) -> f64 {
    sorted.get((sorted.len() as f64 * share) as usize).copied().unwrap_or(f64::NAN)
}

fn rate(start: Instant) -> f64 {
    (BYTES / MIB) as f64 / start.elapsed().as_secs_f64()
}

fn per_mib(seconds: f64) -> f64 {
    1e3 * seconds / (BYTES / MIB) as f64
}

/// Runs a command; returns the seconds that it took, and those that it had on a core.
pub(crate) fn run(command: &mut Command) -> Result<(f64, f64)> {
    let cpu = || {
        let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
        Ok::<_, nix::Error>(
            (usage.user_time().num_microseconds() + usage.system_time().num_microseconds()) as f64 / 1e6,
        )
    };
    let (start, before) = (Instant::now(), cpu()?);
    let status = command.status()?;
    if !status.success() {
        return Err(format!("{command:?} failed: {status}").into());
    }
    Ok((start.elapsed().as_secs_f64(), cpu()? - before))
}
