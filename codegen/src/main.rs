//! Regenerates the generated crates, or checks that they are up to date.

#![allow(clippy::print_stdout, reason = "the summary line is the program's output")]

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;
use indicatif::ProgressBar;
use kubernetes_codegen::{COMMAND, Changes, Description, Error, Lock, Summary, generate};

/// Renders the model and API crates of the Kubernetes SDK from an API description.
#[derive(Parser)]
#[command(name = "kubernetes-codegen", version)]
struct Arguments {
    /// Write nothing; exit with 1 and list the files if any differs from what would be generated.
    #[arg(long)]
    check: bool,
    /// The API description, Swagger 2.0, below the root or absolute.
    #[arg(long, default_value = "scripts/swagger.json")]
    input: PathBuf,
    /// What pins the description, below the root or absolute.
    #[arg(long, default_value = "scripts/swagger.lock.toml")]
    lock: PathBuf,
    /// The root of the workspace; found from the current folder if left out.
    #[arg(long)]
    root: Option<PathBuf>,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            let mut source = std::error::Error::source(&error);
            while let Some(error) = source {
                eprintln!("  caused by: {error}");
                source = error.source();
            }
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<ExitCode, Error> {
    let start = Instant::now();
    let progress = progress();
    let root = arguments.root.clone().unwrap_or_else(find_root);
    progress.set_message("reading the description");
    let (input, lock_path) = (root.join(&arguments.input), root.join(&arguments.lock));
    let lock = Lock::read(&lock_path)?;
    let bytes = lock.read_verified(&input, &lock_path)?;
    progress.set_message("rendering");
    let source = arguments.input.display().to_string();
    let generation = generate(&Description { source: &source, kubernetes: &lock.kubernetes, bytes: &bytes })?;
    progress.set_message("comparing with the files");
    let changes = generation.tree.compare(&root)?;
    if arguments.check {
        progress.finish_and_clear();
        return Ok(report_check(&generation.summary, &changes, start.elapsed()));
    }
    let (written, deleted) = changes.apply(&root)?;
    progress.finish_and_clear();
    let seconds = start.elapsed().as_secs_f64();
    println!("{} ({written} written, {deleted} deleted) in {seconds:.2} s", generation.summary);
    Ok(ExitCode::SUCCESS)
}

fn report_check(summary: &Summary, changes: &Changes, elapsed: Duration) -> ExitCode {
    let seconds = elapsed.as_secs_f64();
    if changes.is_empty() {
        println!("{summary} (all up to date) in {seconds:.2} s");
        return ExitCode::SUCCESS;
    }
    for (state, path) in changes.files() {
        eprintln!("{state}: {path}");
    }
    println!("{summary} ({} out of date) in {seconds:.2} s", changes.files().count());
    eprintln!("error: generated files are out of date; run: {COMMAND}");
    ExitCode::FAILURE
}

/// A spinner on a terminal, nothing elsewhere.
fn progress() -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let progress = ProgressBar::new_spinner();
    progress.enable_steady_tick(Duration::from_millis(100));
    progress
}

/// The nearest folder that has the generated crates, from where cargo runs the program or from the current folder.
fn find_root() -> PathBuf {
    let start = std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from("."), PathBuf::from);
    let start = start.canonicalize().unwrap_or(start);
    let is_root = |folder: &&Path| folder.join("kubernetes/models/Cargo.toml").is_file();
    start.ancestors().find(is_root).map_or_else(|| PathBuf::from("."), Path::to_path_buf)
}
