use std::io;
use std::path::{Path, PathBuf};

use crate::manifests::error::{Problem, ProblemKind};

/// The maximum depth of nested folders.
const DEPTH: usize = 64;

/// The sorted manifest files at a path: the path itself, if it is not a folder.
pub(super) fn files(path: &Path, recursive: bool, most: usize) -> Result<Vec<PathBuf>, Problem> {
    if !path.is_dir() {
        // A missing file is reported when it is read.
        return Ok(vec![path.to_owned()]);
    }
    let mut found = Vec::new();
    walk(path, recursive, most, DEPTH, &mut found).map_err(|(folder, error)| {
        let message = format!("can't read the folder {}: {error}", folder.display());
        Problem::new(ProblemKind::Unreadable, None, message).caused_by(error)
    })?;
    if found.is_empty() {
        let folders = if recursive { " or in a folder below it" } else { "" };
        let message = format!("{}: no .yaml, .yml or .json file in this folder{folders}", path.display());
        return Err(Problem::new(ProblemKind::Empty, None, message));
    }
    Ok(found)
}

fn walk(
    folder: &Path,
    recursive: bool,
    most: usize,
    depth: usize,
    found: &mut Vec<PathBuf>,
) -> Result<(), (PathBuf, io::Error)> {
    let failed = |error| (folder.to_owned(), error);
    let entries = std::fs::read_dir(folder).map_err(failed)?;
    let mut entries = entries.collect::<Result<Vec<_>, _>>().map_err(failed)?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        // A link to a folder is not followed, because of cycles.
        let is_folder = entry.file_type().map_err(failed)?.is_dir();
        if is_folder && recursive {
            if depth == 0 {
                return Err(failed(io::Error::other(format!("folders are nested more than {DEPTH} levels deep"))));
            }
            walk(&path, recursive, most, depth - 1, found)?;
        } else if !path.is_dir() && is_manifest(&path) {
            if found.len() >= most {
                return Err(failed(io::Error::other(format!("there are more than {most} files"))));
            }
            found.push(path);
        }
    }
    Ok(())
}

fn is_manifest(path: &Path) -> bool {
    path.extension().and_then(|extension| extension.to_str()).is_some_and(|it| matches!(it, "yaml" | "yml" | "json"))
}
