use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::transaction;
use crate::error::{Error, Result};

/// A folder that files are written to, locked against other runs of this program.
///
/// The lock ends with the value, and with the process, however it ends.
#[derive(Debug)]
pub struct OutputFolder {
    path: PathBuf,
    /// A folder that does not exist has nothing to lock.
    _lock: Option<File>,
    was_interrupted: bool,
}

impl OutputFolder {
    /// Opens a folder for writing, and creates it if it does not exist: waits for other runs to finish, and undoes an
    /// interrupted run.
    ///
    /// # Errors
    /// Returns an error if the folder can't be created or locked, or an interrupted run can't be undone.
    pub fn open(path: &Path) -> Result<Self> {
        let fail = |error| Error::io("open", path, error);
        fs::create_dir_all(path).map_err(fail)?;
        let path = path.canonicalize().map_err(fail)?;
        let lock = lock_file(&path).and_then(|file| file.lock().map(|()| file));
        let lock = lock.map_err(|error| Error::io("lock", &path, error))?;
        let was_interrupted = transaction::recover(&path)?;
        Ok(Self { path, _lock: Some(lock), was_interrupted })
    }

    /// Opens a folder for comparing: waits for writing runs to finish, and changes nothing.
    ///
    /// # Errors
    /// Returns an error if the folder can't be locked, or a run was interrupted while it wrote.
    pub fn open_to_compare(path: &Path) -> Result<Self> {
        if !path.exists() {
            return Ok(Self { path: path.to_path_buf(), _lock: None, was_interrupted: false });
        }
        let path = path.canonicalize().map_err(|error| Error::io("open", path, error))?;
        let lock = lock_file(&path).and_then(|file| file.lock_shared().map(|()| file));
        let lock = lock.map_err(|error| Error::io("lock", &path, error))?;
        if transaction::is_interrupted(&path) {
            let message = "a run was interrupted while writing files; the next run that writes will undo it";
            return Err(Error::new(message).in_file(path.display()));
        }
        Ok(Self { path, _lock: Some(lock), was_interrupted: false })
    }

    /// The absolute path without links.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether an earlier run had been interrupted, and was undone when the folder was opened.
    pub fn was_interrupted(&self) -> bool {
        self.was_interrupted
    }
}

/// The folder itself, so that no file is left behind in it.
#[cfg(unix)]
fn lock_file(folder: &Path) -> io::Result<File> {
    File::open(folder)
}

/// Other systems lock files only; this one stays.
#[cfg(not(unix))]
fn lock_file(folder: &Path) -> io::Result<File> {
    File::options().create(true).truncate(false).write(true).open(folder.join(".kubernetes-codegen.lock"))
}
