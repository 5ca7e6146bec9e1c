use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use clap::Args;
use kubernetes_codegen::{CustomResources, Error, generate_custom};

use super::progress::spinner;

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
    #[arg(long, value_name = "CRATE")]
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
        collect(input, true, &mut paths)?;
    }
    let mut files = Vec::with_capacity(paths.len());
    for path in paths {
        let bytes = fs::read(&path).map_err(|error| Error::unreadable(&path, error))?;
        files.push((path.display().to_string(), bytes));
    }
    let resources = CustomResources {
        files: &files,
        groups: &arguments.group,
        name: &arguments.name,
        sdk: arguments.sdk.as_deref(),
    };
    let mut generated = generate_custom(&resources)?;
    let changes = generated.tree.compare(&arguments.out)?;
    let (written, deleted) = if arguments.check { (0, 0) } else { changes.apply(&arguments.out)? };
    progress.finish_and_clear();
    for note in &generated.notes {
        eprintln!("note: {note}");
    }
    if arguments.timings {
        println!("{}", std::mem::take(&mut generated.timings));
    }
    let (kinds, total) = (generated.kinds.len(), generated.tree.files().count());
    let seconds = start.elapsed().as_secs_f64();
    if arguments.check && !changes.is_empty() {
        for (state, path) in changes.files() {
            eprintln!("{state}: {path}");
        }
        eprintln!("error: generated files are out of date; run the command without --check");
        return Ok(ExitCode::FAILURE);
    }
    for kind in &generated.kinds {
        println!("{kind}");
    }
    println!("{kinds} kinds → {total} files ({written} written, {deleted} deleted) in {seconds:.2} s");
    Ok(ExitCode::SUCCESS)
}

/// The files under a path; of a folder's, those that can have definitions.
fn collect(path: &Path, is_given: bool, paths: &mut BTreeSet<PathBuf>) -> Result<(), Error> {
    let fail = |error| Error::unreadable(path, error);
    if fs::metadata(path).map_err(fail)?.is_dir() {
        for entry in fs::read_dir(path).map_err(fail)? {
            collect(&entry.map_err(fail)?.path(), false, paths)?;
        }
        return Ok(());
    }
    let extension = path.extension().and_then(|extension| extension.to_str());
    if is_given || matches!(extension, Some("yaml" | "yml" | "json")) {
        paths.insert(path.to_path_buf());
    }
    Ok(())
}
