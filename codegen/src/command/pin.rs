use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::Args;
use kubernetes_codegen::{Content, Description, DescriptionFiles, Error, Lock, diff, generate, normal_form};

use super::Pinned;
use super::progress::spinner;

#[derive(Args)]
pub(super) struct Pin {
    /// The description to pin: a file of Swagger 2.0, or a folder of OpenAPI 3.0, which is pinned as one document.
    description: PathBuf,
    /// Its version of Kubernetes, as v1.37.2, if it does not say so itself (the file in Kubernetes' sources does not).
    #[arg(long, value_name = "VERSION")]
    kubernetes: Option<String>,
    /// Where it comes from, for the lock file; the name of the file if left out.
    #[arg(long, value_name = "TEXT")]
    source: Option<String>,
    /// Print what would change, and change nothing.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    pinned: Pinned,
}

pub(super) fn run(arguments: &Pin) -> Result<ExitCode, Error> {
    let start = Instant::now();
    let progress = spinner();
    progress.set_message("rendering");
    let (path, root) = (&arguments.description, arguments.pinned.root());
    let (input, lock) = (arguments.pinned.input.display().to_string(), arguments.pinned.lock.display().to_string());
    let description = DescriptionFiles::read(path)?;
    let name = description.name().to_owned();
    let kubernetes = version(arguments, &description)?;
    let new = Description { source: &input, kubernetes: &kubernetes, content: description.content() };
    // An error names the file that was given, and not the one that it would have become.
    let generation = generate(&new).map_err(|error| error.renamed(&input, &name))?;
    let text = normal_form(&name, &description.content().to_document(&name)?)?;
    let differences = previous(arguments).map(|(lock, bytes)| {
        let old = Description { source: &input, kubernetes: &lock.kubernetes, content: Content::Swagger(&bytes) };
        diff(&old, &new)
    });
    let source = arguments.source.as_deref().unwrap_or(&name);
    let lock_text = Lock::of(&kubernetes, source, text.as_bytes()).to_toml();
    let mut changes = generation.tree.compare(&root)?;
    changes.include(&root, &input, text.clone())?;
    changes.include(&root, &lock, lock_text)?;
    let (written, deleted) = if arguments.dry_run { (0, 0) } else { changes.apply(&root)? };
    progress.finish_and_clear();
    match differences.transpose()? {
        Some(differences) => print!("{differences}"),
        None => println!("Nothing was pinned before, or it could not be read: no differences to show."),
    }
    for note in &generation.notes {
        eprintln!("note: {note}");
    }
    let (summary, seconds) = (generation.summary, start.elapsed().as_secs_f64());
    println!("\n{summary} ({written} written, {deleted} deleted) in {seconds:.2} s");
    Ok(ExitCode::SUCCESS)
}

/// The version that was given, or that the description has.
fn version(arguments: &Pin, description: &DescriptionFiles) -> Result<String, Error> {
    if let Some(given) = &arguments.kubernetes {
        return Ok(given.clone());
    }
    let name = description.name();
    let found = description.content().version(name)?;
    if found == "unversioned" {
        return Err(Error::of_file(name, "it does not say which version it is of; add: --kubernetes v1.X.Y"));
    }
    Ok(found)
}

/// What is pinned now, if that can be read.
fn previous(arguments: &Pin) -> Option<(Lock, Vec<u8>)> {
    let root = arguments.pinned.root();
    let lock = Lock::read(&root.join(&arguments.pinned.lock)).ok()?;
    let bytes = fs::read(root.join(&arguments.pinned.input)).ok()?;
    Some((lock, bytes))
}
