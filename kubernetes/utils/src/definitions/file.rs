//! The manifest of definitions in a checked-in file.

use std::error::Error;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use kubernetes_core::schema::Definition;
use kubernetes_core::yaml::{self, YamlError};

/// The environment variable that makes [`check_definitions`] write the file.
const UPDATE: &str = "UPDATE_DEFINITIONS";

const HEADER: &str = "# Generated from Rust types by kubernetes-sdk. Do not edit.\n";

/// The maximum number of lines of a difference that are shown for each side.
const SHOWN: usize = 20;

/// Compares a checked-in manifest with definitions, for tests.
///
/// ```no_run
/// # use kubernetes_core::schema::CustomResource;
/// # fn example<Lantern: CustomResource>() -> Result<(), Box<dyn std::error::Error>> {
/// use kubernetes_utils::check_definitions;
///
/// check_definitions("deploy/definitions.yaml", &[Lantern::definition()?])?;
/// # Ok(())
/// # }
/// ```
///
/// With the environment variable `UPDATE_DEFINITIONS=1`, it writes the file instead. A relative path is relative to the
/// package's folder, where Cargo runs tests.
///
/// # Errors
/// Returns an error if the file is missing or differs (the message shows the first difference and how to update the
/// file), or if it can't be read or written.
pub fn check_definitions(path: impl AsRef<Path>, definitions: &[Definition]) -> Result<(), DefinitionFileError> {
    match std::env::var_os(UPDATE).is_some_and(|value| !value.is_empty() && value != "0") {
        true => write_definitions(path, definitions).map(drop),
        false => check(path.as_ref(), definitions, &format!("{UPDATE}=1 cargo test")),
    }
}

/// Writes the manifest of definitions to a file; returns whether the file changed.
///
/// Missing folders are created. A file that is up to date is not written.
///
/// # Errors
/// Returns an error if the file can't be read or written.
pub fn write_definitions(path: impl AsRef<Path>, definitions: &[Definition]) -> Result<bool, DefinitionFileError> {
    let path = path.as_ref();
    let wanted = manifest(path, definitions)?;
    if found(path)?.as_deref() == Some(wanted.as_str()) {
        return Ok(false);
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let written = folder.map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(path, wanted));
    written.map(|()| true).map_err(|error| DefinitionFileError::new(path, Cause::Io("write", error)))
}

/// Runs a program that writes the manifest of definitions to a file, or compares them with `--check`.
///
/// ```no_run
/// # use std::process::ExitCode;
/// # use kubernetes_core::schema::CustomResource;
/// # fn example<Lantern: CustomResource>() -> Result<ExitCode, Box<dyn std::error::Error>> {
/// use kubernetes_utils::definitions_command;
///
/// // The whole `main` of a program such as src/bin/definitions.rs.
/// Ok(definitions_command("deploy/definitions.yaml", &[Lantern::definition()?]))
/// # }
/// ```
///
/// The exit status is 0 on success, 1 if the file differs or can't be read or written, and 2 for other arguments.
pub fn definitions_command(path: impl AsRef<Path>, definitions: &[Definition]) -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    let path = path.as_ref();
    let done = match arguments.as_slice() {
        [] => write_definitions(path, definitions).map(|is_changed| if is_changed { "written" } else { "up to date" }),
        [only] if only == "--check" => check(path, definitions, "this program without --check").map(|()| "up to date"),
        _ => {
            report("the only option is --check, which compares the file and writes nothing");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(state) => {
            report(&format!("{} is {state}", path.display()));
            ExitCode::SUCCESS
        }
        Err(error) => {
            report(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

#[allow(clippy::print_stderr, reason = "it is called by a program for the terminal")]
fn report(message: &str) {
    eprintln!("{message}");
}

fn manifest(path: &Path, definitions: &[Definition]) -> Result<String, DefinitionFileError> {
    let text = yaml::to_string_multiple(definitions);
    let text = text.map_err(|error| DefinitionFileError::new(path, Cause::Yaml(error)))?;
    Ok(format!("{HEADER}{text}"))
}

/// The text of a file, if there is one.
fn found(path: &Path) -> Result<Option<String>, DefinitionFileError> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(DefinitionFileError::new(path, Cause::Io("read", error))),
    }
}

fn check(path: &Path, definitions: &[Definition], update: &str) -> Result<(), DefinitionFileError> {
    let wanted = manifest(path, definitions)?;
    let found = found(path)?;
    // Git may check out files with Windows line endings.
    let differs = |found: &str| found.lines().ne(wanted.lines());
    let cause = match found {
        None => Cause::Missing { update: update.to_owned() },
        Some(found) if differs(&found) => {
            Cause::Outdated { update: update.to_owned(), difference: difference(&found, &wanted) }
        }
        Some(_) => return Ok(()),
    };
    Err(DefinitionFileError::new(path, cause))
}

/// The lines that differ between the common beginning and end of two texts.
fn difference(found: &str, wanted: &str) -> String {
    let (found, wanted): (Vec<&str>, Vec<&str>) = (found.lines().collect(), wanted.lines().collect());
    let same = |(ours, theirs): &(&&str, &&str)| ours == theirs;
    let before = found.iter().zip(&wanted).take_while(same).count();
    let (found, wanted) = (&found[before..], &wanted[before..]);
    let after = found.iter().rev().zip(wanted.iter().rev()).take_while(same).count();
    let mut lines = vec![format!("line {}:", before + 1)];
    for (sign, side) in [('-', &found[..found.len() - after]), ('+', &wanted[..wanted.len() - after])] {
        lines.extend(side.iter().take(SHOWN).map(|line| format!("{sign}{line}")));
        if side.len() > SHOWN {
            lines.push(format!("{sign}… {} more lines", side.len() - SHOWN));
        }
    }
    lines.join("\n")
}

/// The error for a manifest of definitions that is out of date, or can't be read or written.
pub struct DefinitionFileError {
    path: PathBuf,
    cause: Cause,
}

enum Cause {
    Missing { update: String },
    Outdated { update: String, difference: String },
    Io(&'static str, io::Error),
    Yaml(YamlError),
}

impl DefinitionFileError {
    fn new(path: &Path, cause: Cause) -> Self {
        Self { path: path.to_owned(), cause }
    }

    /// Whether the file differs from the definitions, or is missing.
    pub fn is_outdated(&self) -> bool {
        matches!(self.cause, Cause::Missing { .. } | Cause::Outdated { .. })
    }
}

kubernetes_core::error_text!(DefinitionFileError, kubernetes_core::debug::lines);

impl DefinitionFileError {
    fn write_message(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        match &self.cause {
            Cause::Missing { update } => write!(f, "{path} does not exist; create it with {update}"),
            Cause::Outdated { update, difference } => {
                write!(f, "{path} differs from the Rust types; update it with {update}\n{difference}")
            }
            Cause::Io(doing, _) => write!(f, "can't {doing} {path}"),
            Cause::Yaml(_) => write!(f, "can't write the definitions of {path} as YAML"),
        }
    }
}

impl Error for DefinitionFileError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.cause {
            Cause::Io(_, error) => Some(error),
            Cause::Yaml(error) => Some(error),
            Cause::Missing { .. } | Cause::Outdated { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::difference;

    #[test]
    fn a_difference_is_what_lies_between_the_same_lines() {
        assert_eq!(difference("a\nb\nc\nd", "a\nx\ny\nd"), "line 2:\n-b\n-c\n+x\n+y");
        assert_eq!(difference("a\na\n", "a\n"), "line 2:\n-a");
        assert_eq!(difference("", "a"), "line 1:\n+a");
        let long: String = (0..30).map(|line| format!("{line}\n")).collect();
        assert!(difference("", &long).ends_with("+19\n+… 10 more lines"));
    }
}
