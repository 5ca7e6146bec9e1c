use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use kubernetes_codegen::{Description, DescriptionFiles, Error, diff, diff_custom, files_below, read_file};

use super::terminal::print;

#[derive(Args)]
pub(super) struct Diff {
    /// The older description: a file of Swagger 2.0, or a folder of OpenAPI 3.0 documents; or a file or folder of
    /// CustomResourceDefinitions, as YAML or JSON.
    old: PathBuf,
    /// The newer description.
    new: PathBuf,
    /// Print JSON with an object for each change, instead of Markdown.
    #[arg(long)]
    json: bool,
    /// The version of the older description, if it does not state one.
    #[arg(long, value_name = "VERSION")]
    from: Option<String>,
    /// The version of the newer description, if it does not state one.
    #[arg(long, value_name = "VERSION")]
    to: Option<String>,
    /// Exit with 1 if a change is breaking.
    #[arg(long)]
    fail_on_breaking: bool,
}

pub(super) fn run(arguments: &Diff) -> Result<ExitCode, Error> {
    if let (Some(old), Some(new)) = (definitions(&arguments.old)?, definitions(&arguments.new)?) {
        let differences = diff_custom(&old, &new)?;
        print(if arguments.json { differences.to_json() } else { differences.to_string() });
        return Ok(exit_code(arguments.fail_on_breaking && differences.breaking() > 0));
    }
    let (old, new) = (DescriptionFiles::read(&arguments.old)?, DescriptionFiles::read(&arguments.new)?);
    let version = |given: &Option<String>, file: &DescriptionFiles| match given {
        Some(version) => Ok(version.clone()),
        None => file.content().version(file.name()),
    };
    let (old_version, new_version) = (version(&arguments.from, &old)?, version(&arguments.to, &new)?);
    let differences = diff(
        &Description { source: old.name(), kubernetes: &old_version, content: old.content() },
        &Description { source: new.name(), kubernetes: &new_version, content: new.content() },
    )?;
    print(if arguments.json { differences.to_json() } else { differences.to_string() });
    Ok(exit_code(arguments.fail_on_breaking && differences.breaking() > 0))
}

fn exit_code(fails: bool) -> ExitCode {
    if fails { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// Files, each with its name.
type NamedFiles = Vec<(String, Vec<u8>)>;

/// The files with CustomResourceDefinitions, if there are any at a path.
fn definitions(path: &Path) -> Result<Option<NamedFiles>, Error> {
    let paths = files_below(path, &["json", "yaml", "yml"])?;
    let mut files = Vec::new();
    for path in paths {
        let bytes = read_file(&path)?;
        // A description has this kind among others.
        let is_description = bytes.trim_ascii_start().starts_with(b"{")
            && [b"\"swagger\"".as_slice(), b"\"openapi\""]
                .iter()
                .any(|mark| contains(&bytes[..bytes.len().min(4096)], mark));
        if !is_description && contains(&bytes, b"CustomResourceDefinition") {
            files.push((path.display().to_string(), bytes));
        }
    }
    Ok((!files.is_empty()).then_some(files))
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}
