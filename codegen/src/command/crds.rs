use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::Args;
use kubernetes_codegen::{CustomResources, Error, files_below, generate_custom, read_file};

use super::terminal::{print, report, spinner};

/// The extensions of files that may have definitions.
const EXTENSIONS: [&str; 3] = ["yaml", "yml", "json"];

#[derive(Args)]
pub(super) struct Crds {
    /// A file, or a folder with files (.yaml, .yml, .json, in folders below it too), of CustomResourceDefinitions; or a
    /// cluster's description, Swagger 2.0. May be given several times.
    #[arg(long, value_name = "PATH", required = true)]
    input: Vec<PathBuf>,
    /// The folder of the crate. Everything in its src/generated is written anew; its manifest and src/lib.rs are
    /// written if they are missing.
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    /// The name of the crate, for a manifest that is written.
    #[arg(long, value_name = "CRATE", value_parser = crate_name)]
    name: String,
    /// Take this group alone, as cert-manager.io. May be given several times; a cluster's description needs it.
    #[arg(long, value_name = "GROUP")]
    group: Vec<String>,
    /// The folder of the SDK's workspace, for a manifest that depends on it by its path.
    #[arg(long, value_name = "FOLDER")]
    sdk: Option<String>,
    /// Write nothing; exit with 1 and list the files if any differs from what would be generated.
    #[arg(long)]
    check: bool,
    /// Fail if anything is wrong; otherwise what is right is generated, and the rest is told.
    #[arg(long)]
    strict: bool,
    /// Use the SDK's types for built-in ones that a schema has written out: PodSpec, ResourceRequirements and others.
    #[arg(long)]
    reuse: bool,
    /// Show how long each step took.
    #[arg(long)]
    timings: bool,
}

pub(super) fn run(arguments: &Crds) -> Result<ExitCode, Error> {
    let start = Instant::now();
    let progress = spinner();
    progress.set_message("rendering");
    let mut paths = BTreeSet::new();
    for input in &arguments.input {
        paths.extend(files_below(input, &EXTENSIONS)?);
    }
    let mut files = Vec::with_capacity(paths.len());
    for path in paths {
        files.push((path.display().to_string(), read_file(&path)?));
    }
    let resources = CustomResources {
        files: &files,
        groups: &arguments.group,
        name: &arguments.name,
        sdk: arguments.sdk.as_deref(),
        strict: arguments.strict,
        reuse: arguments.reuse,
    };
    let mut generated = generate_custom(&resources)?;
    let folder = super::open(&arguments.out, arguments.check, &progress)?;
    let changes = generated.tree.compare(folder.path())?;
    let (written, deleted) = if arguments.check { (0, 0) } else { changes.apply(&folder)? };
    progress.finish_and_clear();
    for problem in generated.skipped.iter().flat_map(Error::problems) {
        report(format_args!("warning: left out: {problem}"));
    }
    for note in &generated.notes {
        report(format_args!("note: {note}"));
    }
    if arguments.timings {
        print(format_args!("{}\n", std::mem::take(&mut generated.timings)));
    }
    let (kinds, total) = (generated.kinds.len(), generated.tree.files().count());
    let seconds = start.elapsed().as_secs_f64();
    if arguments.check && !changes.is_empty() {
        for (state, path) in changes.files() {
            report(format_args!("{state}: {path}"));
        }
        report("error: generated files are out of date; run the command without --check");
        return Ok(ExitCode::FAILURE);
    }
    for kind in &generated.kinds {
        print(format_args!("{kind}\n"));
    }
    print(format_args!("{kinds} kinds → {total} files ({written} written, {deleted} deleted) in {seconds:.2} s\n"));
    Ok(ExitCode::SUCCESS)
}

/// A name that Cargo takes for a package.
fn crate_name(text: &str) -> Result<String, String> {
    let is_valid = text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.chars().all(|character| character.is_ascii_alphanumeric() || matches!(character, '-' | '_'));
    if is_valid {
        Ok(text.to_owned())
    } else {
        Err("a crate's name has letters, digits, `-` and `_`, a letter first".to_owned())
    }
}
