//! The commands of the program.

mod crds;
mod diff;
mod facts;
mod generate;
mod pin;
mod terminal;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use indicatif::ProgressBar;
use kubernetes_codegen::{Error, OutputFolder};

pub(crate) use terminal::report;

const EXAMPLES: &str = "\
Examples:
  kubernetes-codegen
      write changed files, remove stale ones
  kubernetes-codegen --check
      list the files that differ, without changing anything
  kubernetes-codegen --timings
      show the time of each step
  kubernetes-codegen facts
      print a report on the description
  kubernetes-codegen diff old.json new.json
      list the changes, breaking ones first
  kubernetes-codegen pin new.json --keep-enums
      pin another description with the known values of the pinned one,
      and regenerate
  kubernetes-codegen crds --input crds/ --out lamps --name lamps
      generate a crate of custom resources

docs/regenerating.md explains each command with examples.";

/// Generate the model and API crates of the Kubernetes SDK from an API description.
///
/// Without a command, regenerate every file in a src/generated folder from the pinned description.
#[derive(Parser)]
#[command(
    name = "kubernetes-codegen",
    version,
    max_term_width = 80,
    after_help = EXAMPLES,
    args_conflicts_with_subcommands = true
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    generate: generate::Generate,
}

#[derive(Subcommand)]
enum Command {
    /// Print a report on the pinned description, in Markdown.
    Facts(Pinned),
    /// Print the changes between two descriptions, or between two sets of CustomResourceDefinitions.
    Diff(diff::Diff),
    /// Generate a crate of custom resources, from CustomResourceDefinitions or a cluster's description.
    Crds(crds::Crds),
    /// Pin another description and regenerate everything, or change nothing; print the changes.
    ///
    /// scripts/update fetches descriptions, and calls this command.
    Pin(pin::Pin),
}

/// The description, and the location of the crates.
#[derive(Args)]
pub(crate) struct Pinned {
    /// The API description: a file of Swagger 2.0, or a folder of OpenAPI 3.0 documents. Relative to the root.
    #[arg(long, value_name = "PATH", default_value = "scripts/swagger.json")]
    input: PathBuf,
    /// The lock file of the description. Relative to the root.
    #[arg(long, value_name = "FILE", default_value = "scripts/swagger.lock.toml")]
    lock: PathBuf,
    /// The root of the workspace [default: found from the current folder].
    #[arg(long, value_name = "FOLDER")]
    root: Option<PathBuf>,
}

impl Pinned {
    fn root(&self) -> PathBuf {
        self.root.clone().unwrap_or_else(find_root)
    }
}

/// Opens the folder for writing, or only for comparing.
fn open(folder: &Path, only_compares: bool, progress: &ProgressBar) -> Result<OutputFolder, Error> {
    progress.set_message("waiting for another run to finish");
    let folder = if only_compares { OutputFolder::open_to_compare(folder) } else { OutputFolder::open(folder) }?;
    if folder.was_interrupted() {
        progress.suspend(|| report("note: an earlier run was interrupted; its changes have been undone"));
    }
    Ok(folder)
}

/// Runs a command.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Error> {
    match &arguments.command {
        None => generate::run(&arguments.generate),
        Some(Command::Facts(pinned)) => facts::run(pinned),
        Some(Command::Diff(arguments)) => diff::run(arguments),
        Some(Command::Crds(arguments)) => crds::run(arguments),
        Some(Command::Pin(arguments)) => pin::run(arguments),
    }
}

/// The nearest folder with the generated crates, starting from the package that cargo runs or from the current folder.
fn find_root() -> PathBuf {
    let start = std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from("."), PathBuf::from);
    let start = start.canonicalize().unwrap_or(start);
    let is_root = |folder: &&Path| folder.join("kubernetes/models/Cargo.toml").is_file();
    start.ancestors().find(is_root).map_or_else(|| PathBuf::from("."), Path::to_path_buf)
}
