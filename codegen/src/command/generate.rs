use std::fs;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Args;
use kubernetes_codegen::{COMMAND, Changes, Description, DescriptionFiles, Error, Lock, Summary, Timings, generate};

use super::Pinned;
use super::terminal::{print, report, spinner};

#[derive(Args)]
pub(super) struct Generate {
    /// Write nothing; list the files that are out of date, and exit with 1 if there are any.
    #[arg(long)]
    check: bool,
    /// Show the time of each step, and the peak memory.
    #[arg(long)]
    timings: bool,
    #[command(flatten)]
    pinned: Pinned,
}

pub(super) fn run(arguments: &Generate) -> Result<ExitCode, Error> {
    let start = Instant::now();
    let mut timings = Timings::default();
    let progress = spinner();
    let folder = super::open(&arguments.pinned.root(), arguments.check, &progress)?;
    let root = folder.path();
    progress.set_message("reading the description");
    let (input, lock_path) = (root.join(&arguments.pinned.input), root.join(&arguments.pinned.lock));
    let lock = Lock::read(&lock_path)?;
    let description = timings.measure("read", || {
        let description = DescriptionFiles::read(&input)?;
        lock.verify(&description.content(), &input, &lock_path)?;
        Ok::<_, Error>(description)
    })?;
    progress.set_message("rendering");
    let source = arguments.pinned.input.display().to_string();
    let generation =
        generate(&Description { source: &source, kubernetes: &lock.kubernetes, content: description.content() })?;
    timings.append(&generation.timings);
    progress.set_message("comparing with the files");
    let changes = timings.measure("compare", || generation.tree.compare(root))?;
    let (written, deleted) =
        if arguments.check { (0, 0) } else { timings.measure("write", || changes.apply(&folder))? };
    progress.finish_and_clear();
    if arguments.timings {
        print(format_args!("{timings}\n"));
        if let Some(peak) = peak_memory() {
            print(format_args!("{:>8} {peak:7.1} MB\n", "memory"));
        }
    }
    if arguments.check {
        return Ok(report_check(&generation.summary, &changes, start.elapsed()));
    }
    let seconds = start.elapsed().as_secs_f64();
    print(format_args!("{} ({written} written, {deleted} deleted) in {seconds:.2} s\n", generation.summary));
    Ok(ExitCode::SUCCESS)
}

fn report_check(summary: &Summary, changes: &Changes, elapsed: Duration) -> ExitCode {
    let seconds = elapsed.as_secs_f64();
    if changes.is_empty() {
        print(format_args!("{summary} (all up to date) in {seconds:.2} s\n"));
        return ExitCode::SUCCESS;
    }
    for (state, path) in changes.files() {
        report(format_args!("{state}: {path}"));
    }
    print(format_args!("{summary} ({} out of date) in {seconds:.2} s\n", changes.files().count()));
    report(format_args!("error: generated files are out of date; run: {COMMAND}"));
    ExitCode::FAILURE
}

/// The peak memory of the process in megabytes, if the system provides it (Linux, `proc(5)`).
fn peak_memory() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: f64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kilobytes / 1024.0)
}
