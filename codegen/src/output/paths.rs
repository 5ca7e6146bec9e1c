//! Paths below a folder, followed through no symbolic link.

use std::collections::HashSet;
use std::fs::{self, Metadata};
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

use crate::error::{Error, Result};

/// The files below a folder. The folder itself may be a link, which its user chose; nothing below it may.
pub(super) struct SafePaths<'a> {
    root: &'a Path,
    /// The folders that are known to be real ones.
    folders: HashSet<PathBuf>,
}

impl<'a> SafePaths<'a> {
    pub(super) fn new(root: &'a Path) -> Self {
        Self { root, folders: HashSet::new() }
    }

    /// The text of a file; `None` if there is none.
    pub(super) fn read(&mut self, relative: &str) -> Result<Option<String>> {
        if self.file(relative)?.is_none() {
            return Ok(None);
        }
        let path = self.root.join(relative);
        fs::read_to_string(&path).map(Some).map_err(|error| Error::io("read", &path, error))
    }

    /// The metadata of a regular file; `None` if there is none.
    ///
    /// # Errors
    /// Returns an error if something else has the name, or stands in the way there.
    pub(super) fn file(&mut self, relative: &str) -> Result<Option<Metadata>> {
        if !self.missing_folders(relative)?.is_empty() {
            return Ok(None);
        }
        let path = self.root.join(relative);
        match fs::symlink_metadata(&path) {
            Ok(metadata) if metadata.is_file() => Ok(Some(metadata)),
            Ok(metadata) => Err(unexpected_file_type(relative, &metadata, "a file")),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::io("read", &path, error)),
        }
    }

    /// Whether a folder exists.
    ///
    /// # Errors
    /// Returns an error if something else has its name, or that of a folder above it.
    pub(super) fn has_folder(&mut self, relative: &str) -> Result<bool> {
        Ok(self.missing_folders(&format!("{relative}/file"))?.is_empty())
    }

    /// The folders above a file that don't exist, outermost first.
    pub(super) fn missing_folders(&mut self, relative: &str) -> Result<Vec<String>> {
        let path = Path::new(relative);
        if path.components().any(|part| !matches!(part, Component::Normal(_))) {
            let message = format!("the path must lead to a file below {}", self.root.display());
            return Err(Error::new(message).in_file(relative));
        }
        let mut missing = Vec::new();
        let mut folders: Vec<&Path> = path.ancestors().skip(1).filter(|folder| *folder != Path::new("")).collect();
        folders.reverse();
        for folder in folders {
            if self.folders.contains(folder) {
                continue;
            }
            match fs::symlink_metadata(self.root.join(folder)) {
                Ok(metadata) if metadata.is_dir() => drop(self.folders.insert(folder.to_path_buf())),
                Ok(metadata) => return Err(unexpected_file_type(&folder.to_string_lossy(), &metadata, "a folder")),
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    missing.push(folder.to_string_lossy().into_owned());
                }
                Err(error) => return Err(Error::io("read", &self.root.join(folder), error)),
            }
        }
        Ok(missing)
    }
}

fn unexpected_file_type(relative: &str, metadata: &Metadata, expected: &str) -> Error {
    let found = match metadata.file_type() {
        kind if kind.is_symlink() => "a symbolic link, which is not followed",
        kind if kind.is_dir() => "a folder",
        kind if kind.is_file() => "a file",
        _ => "a device, a pipe or a socket",
    };
    Error::new(format!("expected {expected}, found {found}: move it elsewhere, or delete it")).in_file(relative)
}
