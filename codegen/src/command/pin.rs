use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use clap::Args;
use kubernetes_codegen::{
    Content, Description, DescriptionFiles, Differences, Error, Generation, Lock, check_version, diff, generate,
    keep_enums, normal_form, read_file,
};

use super::Pinned;
use super::terminal::{print, report, spinner};

#[derive(Args)]
pub(super) struct Pin {
    /// The description to pin: a file of Swagger 2.0, or a folder of OpenAPI 3.0 documents, which are combined.
    description: PathBuf,
    /// The version of Kubernetes, such as v1.37.2, if the description does not state one, as in Kubernetes' sources.
    #[arg(long, value_name = "VERSION")]
    kubernetes: Option<String>,
    /// The origin, for the lock file [default: the name of the file].
    #[arg(long, value_name = "TEXT")]
    source: Option<String>,
    /// Keep the known values of strings from the pinned description, for one from Kubernetes' sources, which has none.
    #[arg(long)]
    keep_enums: bool,
    /// Print the changes without making them.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    pinned: Pinned,
}

pub(super) fn run(arguments: &Pin) -> Result<ExitCode, Error> {
    let start = Instant::now();
    let progress = spinner();
    let folder = super::open(&arguments.pinned.root(), arguments.dry_run, &progress)?;
    progress.set_message("rendering");
    let root = folder.path();
    let (input, lock) = (below(root, &arguments.pinned.input)?, below(root, &arguments.pinned.lock)?);
    let previous = Previous::read(root, &input, &lock);
    let description = DescriptionFiles::read(&arguments.description)?;
    let name = description.name();
    let kubernetes = version(arguments, &description)?;
    let new = New::read(arguments, &description, previous.as_ref())?;
    let (generation, differences) = new.generate(&input, &kubernetes, previous.as_ref())?;
    let text = normal_form(name, &new.content().to_document(name)?)?;
    let source = arguments.source.as_deref().unwrap_or(name);
    let lock_text = Lock::of(&kubernetes, source, text.as_bytes()).to_toml();
    let mut changes = generation.tree.compare(root)?;
    changes.include(root, &input, text)?;
    changes.include(root, &lock, lock_text)?;
    let (written, deleted) = if arguments.dry_run { (0, 0) } else { changes.apply(&folder)? };
    progress.finish_and_clear();
    match differences {
        Some(differences) => print(differences),
        None => print("Nothing was pinned before, or it could not be read, so there are no differences to show.\n"),
    }
    for note in &generation.notes {
        report(format_args!("note: {note}"));
    }
    let (summary, seconds) = (generation.summary, start.elapsed().as_secs_f64());
    print(format_args!("\n{summary} ({written} written, {deleted} deleted) in {seconds:.2} s\n"));
    Ok(ExitCode::SUCCESS)
}

/// The description to pin.
struct New<'a> {
    files: &'a DescriptionFiles,
    /// The description with the enums of the pinned one, as Swagger 2.0, and the number of these enums.
    with_enums: Option<(Vec<u8>, usize)>,
}

impl<'a> New<'a> {
    fn read(arguments: &Pin, files: &'a DescriptionFiles, previous: Option<&Previous>) -> Result<Self, Error> {
        if !arguments.keep_enums {
            return Ok(Self { files, with_enums: None });
        }
        let name = files.name();
        let Some(Previous { input, bytes, .. }) = previous else {
            let message = "there is no pinned description to keep enums from: omit --keep-enums";
            return Err(Error::of_file(name, message));
        };
        let kept = keep_enums((input, bytes), (name, &files.content().to_document(name)?))?;
        Ok(Self { files, with_enums: Some((kept.text, kept.kept)) })
    }

    fn content(&self) -> Content<'_> {
        match &self.with_enums {
            Some((text, _)) => Content::Document(text),
            None => self.files.content(),
        }
    }

    fn generate(
        &self,
        input: &str,
        kubernetes: &str,
        previous: Option<&Previous>,
    ) -> Result<(Generation, Option<Differences>), Error> {
        let new = Description { source: input, kubernetes, content: self.content() };
        // An error names the file that was given, and not the one that it would have become.
        let generation = generate(&new).map_err(|error| error.renamed(input, self.files.name()))?;
        let Some(Previous { lock, bytes, .. }) = previous else { return Ok((generation, None)) };
        let old = Description { source: input, kubernetes: &lock.kubernetes, content: Content::Document(bytes) };
        let mut differences = diff(&old, &new)?;
        if let Some((_, kept)) = &self.with_enums {
            differences.notes.push(format!(
                "{kept} strings keep their known values from {}: the description of {kubernetes} does not list any for \
                 them.",
                lock.kubernetes,
            ));
        }
        Ok((generation, Some(differences)))
    }
}

/// The path of a file from the root, whichever way it was given.
fn below(root: &Path, path: &Path) -> Result<String, Error> {
    let given = path.display().to_string();
    let Some(folder) = path.parent().filter(|_| path.is_absolute()) else { return Ok(given) };
    let folder = folder.canonicalize().map_err(|error| Error::unreadable(folder, error))?;
    match (folder.strip_prefix(root), path.file_name()) {
        (Ok(folder), Some(name)) => Ok(folder.join(name).display().to_string()),
        _ => Err(Error::of_file(&given, format!("the file to pin must be below {}", root.display()))),
    }
}

/// The version that was given, or that the description has.
fn version(arguments: &Pin, description: &DescriptionFiles) -> Result<String, Error> {
    if let Some(given) = &arguments.kubernetes {
        return check_version(given).map(|()| given.clone());
    }
    let name = description.name();
    let found = description.content().version(name)?;
    if found == "unversioned" {
        return Err(Error::of_file(name, "it does not state its version; add: --kubernetes v1.X.Y"));
    }
    if check_version(&found).is_err() {
        let message = format!("its version `{found}` is not a release; add: --kubernetes v1.X.Y");
        return Err(Error::of_file(name, message));
    }
    Ok(found)
}

/// The description that is pinned now.
struct Previous {
    input: String,
    lock: Lock,
    bytes: Vec<u8>,
}

impl Previous {
    fn read(root: &Path, input: &str, lock: &str) -> Option<Self> {
        let lock = Lock::read(&root.join(lock)).ok()?;
        let bytes = read_file(&root.join(input)).ok()?;
        Some(Self { input: input.to_owned(), lock, bytes })
    }
}
