use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use kubernetes_codegen::{Description, DescriptionFiles, Error, diff};

use super::terminal::print;

#[derive(Args)]
pub(super) struct Diff {
    /// The older description: a file of Swagger 2.0, or a folder of OpenAPI 3.0 documents.
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
    let fails = arguments.fail_on_breaking && differences.breaking() > 0;
    Ok(if fails { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
