use std::collections::HashSet;
use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};

use crate::error::{CopyError, Error};

/// Moves a complete copy to its target, each file at once: a reader sees the old or the new one.
///
/// A folder is merged with a folder that is there. Everything is checked before the first file moves. Returns the paths
/// that were moved to.
pub(super) fn install(copy: &Path, target: &Path) -> Result<HashSet<PathBuf>, Error> {
    let mut moves = Vec::new();
    plan(copy.to_owned(), target.to_owned(), &mut moves)?;
    for (from, to) in &moves {
        fs::rename(from, to).map_err(|error| CopyError::local("write", to, error))?;
    }
    Ok(moves.into_iter().map(|(_, to)| to).collect())
}

/// Lists what has to be renamed.
fn plan(copy: PathBuf, target: PathBuf, moves: &mut Vec<(PathBuf, PathBuf)>) -> Result<(), Error> {
    let mut pending = vec![(copy, target)];
    while let Some((from, to)) = pending.pop() {
        let copied = kind(&from)?.ok_or_else(|| CopyError::local("read", &from, io::ErrorKind::NotFound.into()))?;
        match kind(&to)? {
            None => moves.push((from, to)),
            Some(there) if copied.is_dir() && there.is_dir() => {
                let read_error = |error| CopyError::local("read", &from, error);
                for entry in fs::read_dir(&from).map_err(read_error)? {
                    let name = entry.map_err(read_error)?.file_name();
                    pending.push((from.join(&name), to.join(&name)));
                }
            }
            Some(there) if copied.is_dir() || there.is_dir() => {
                let what =
                    if there.is_dir() { "a folder is there, and a file" } else { "a file is there, and a folder" };
                let error = io::Error::other(format!("{what} would take its place"));
                return Err(CopyError::local("write", &to, error));
            }
            Some(_) => moves.push((from, to)),
        }
    }
    Ok(())
}

fn kind(path: &Path) -> Result<Option<Metadata>, Error> {
    match fs::symlink_metadata(path) {
        Ok(metadata) => Ok(Some(metadata)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(CopyError::local("read", path, error)),
    }
}
