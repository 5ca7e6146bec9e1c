use std::collections::BTreeSet;
use std::io;
use std::path::{Component, Path, PathBuf, absolute};
use std::process::ExitCode;
use std::time::Instant;

use clap::Args;
use kubernetes_codegen::{CustomResources, Error, files_below, generate_custom, read_file};

use super::terminal::{print, report, spinner};

/// The extensions of files that may have definitions.
const EXTENSIONS: [&str; 3] = ["yaml", "yml", "json"];

/// clap's own usage line is longer than a terminal of 80 columns.
const USAGE: &str = "\
kubernetes-codegen crds --input <PATH>... --out <FOLDER>
                               --name <CRATE> [OPTIONS]";

#[derive(Args)]
#[command(override_usage = USAGE)]
pub(super) struct Crds {
    /// A file of CustomResourceDefinitions, a folder to search for them (.yaml, .yml, .json), or a cluster's
    /// description in Swagger 2.0 or OpenAPI 3.0. Can be repeated.
    #[arg(long, value_name = "PATH", required = true)]
    input: Vec<PathBuf>,
    /// The folder of the crate. src/generated is replaced; the manifest and src/lib.rs are written only if they are
    /// missing.
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    /// The name of the crate, for a new manifest.
    #[arg(long, value_name = "CRATE", value_parser = crate_name)]
    name: String,
    /// Generate only this group, such as cert-manager.io. Can be repeated; required for a cluster's description.
    #[arg(long, value_name = "GROUP")]
    group: Vec<String>,
    /// The folder of the SDK's workspace, for a new manifest that depends on it by path.
    #[arg(long, value_name = "FOLDER")]
    sdk: Option<PathBuf>,
    /// Write nothing; list the files that are out of date, and exit with 1 if there are any.
    #[arg(long)]
    check: bool,
    /// Fail on any problem, instead of omitting the affected kind with a warning.
    #[arg(long)]
    strict: bool,
    /// Use the SDK's types where a schema repeats a built-in one, such as PodSpec or ResourceRequirements.
    #[arg(long)]
    reuse: bool,
    /// Show the time of each step.
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
    let sdk = arguments.sdk.as_ref().map(|sdk| path_from(&arguments.out, sdk)).transpose()?;
    let resources = CustomResources {
        files: &files,
        groups: &arguments.group,
        name: &arguments.name,
        sdk: sdk.as_deref(),
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

/// The path from the folder of the crate to that of the SDK, which is given relative to the current folder; Cargo takes
/// a path in a manifest as relative to the manifest. An absolute path stays one.
fn path_from(out: &Path, sdk: &Path) -> Result<String, Error> {
    let manifest = sdk.join("kubernetes/core/Cargo.toml");
    if !manifest.is_file() {
        let message = "it does not exist; --sdk must be the folder of the SDK's workspace";
        return Err(Error::of_file(&manifest.display().to_string(), message));
    }
    if sdk.is_absolute() {
        return Ok(sdk.to_string_lossy().into_owned());
    }
    let resolve = |path: &Path| resolved(path).map_err(|error| Error::unreadable(path, error));
    let (out, sdk) = (resolve(out)?, resolve(sdk)?);
    let common = out.components().zip(sdk.components()).take_while(|(of_out, of_sdk)| of_out == of_sdk).count();
    let up = out.components().skip(common).map(|_| Component::ParentDir);
    let path: PathBuf = up.chain(sdk.components().skip(common)).collect();
    Ok(if path.as_os_str().is_empty() { ".".to_owned() } else { path.to_string_lossy().into_owned() })
}

/// The absolute path without links, of a folder that need not exist yet.
fn resolved(path: &Path) -> io::Result<PathBuf> {
    let mut existing = absolute(path)?;
    let mut missing = Vec::new();
    loop {
        match (existing.canonicalize(), existing.file_name()) {
            (Err(error), Some(name)) if error.kind() == io::ErrorKind::NotFound => missing.push(name.to_owned()),
            (found, _) => return found.map(|found| missing.iter().rev().fold(found, |path, name| path.join(name))),
        }
        existing.pop();
    }
}

/// A valid name of a Cargo package.
fn crate_name(text: &str) -> Result<String, String> {
    let is_valid = text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.chars().all(|character| character.is_ascii_alphanumeric() || matches!(character, '-' | '_'));
    if is_valid {
        Ok(text.to_owned())
    } else {
        Err("a crate name must start with a letter, and have only letters, digits, `-` and `_`".to_owned())
    }
}
