//! Recovery from an interrupted transaction: undone before its commit, finished after it.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::super::paths::SafePaths;
use super::journal::{Action, Entry, Journal};
use super::{COMMITTED, DRAFT, FORMER, JOURNAL, NEW, PRIVATE, README, README_TEXT, Transaction, steps};
use crate::error::{Error, Result};
use crate::lock::sha256;

/// Whether a transaction began here and did not end.
pub(in crate::output) fn is_interrupted(root: &Path) -> bool {
    fs::symlink_metadata(root.join(PRIVATE)).is_ok()
}

/// Undoes a transaction that was interrupted, or finishes one that was committed; returns whether there was one.
///
/// Recovery can itself be interrupted at any step: the next one goes on.
pub(in crate::output) fn recover(root: &Path) -> Result<bool> {
    if !is_interrupted(root) {
        return Ok(false);
    }
    let transaction = Transaction { root, folder: root.join(PRIVATE) };
    transaction.check_owner()?;
    if let Some((path, journal)) = transaction.read(JOURNAL)? {
        transaction.undo(&journal)?;
        remove(&path)?;
    } else if let Some((path, journal)) = transaction.read(COMMITTED)? {
        let deleted = journal.files.iter().filter(|entry| matches!(entry.action, Action::Delete));
        deleted.for_each(|entry| remove_empty_parents(root, &entry.path));
        remove(&path)?;
    }
    transaction.remove_folder()?;
    Ok(true)
}

impl Transaction<'_> {
    /// Makes sure that the folder is one that a transaction made.
    fn check_owner(&self) -> Result<()> {
        let is_folder = fs::symlink_metadata(&self.folder).is_ok_and(|metadata| metadata.is_dir());
        let is_ours = is_folder
            && match fs::read_dir(&self.folder) {
                // Killed before the first file was there, or after the last one was gone.
                Ok(mut entries) => entries.next().is_none() || self.has_readme(),
                Err(error) => return Err(Error::io("read", &self.folder, error)),
            };
        if is_ours {
            return Ok(());
        }
        let message = "kubernetes-codegen needs this name, but has not created this: move it elsewhere";
        Err(Error::new(message).in_file(self.folder.display()))
    }

    fn has_readme(&self) -> bool {
        let path = self.folder.join(README);
        // Killed while it was written, it is the beginning of the text.
        fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_file())
            && fs::read_to_string(&path).is_ok_and(|text| README_TEXT.starts_with(&text))
    }

    fn read(&self, name: &str) -> Result<Option<(PathBuf, Journal)>> {
        let path = self.folder.join(name);
        match fs::symlink_metadata(&path) {
            Ok(metadata) if metadata.is_file() => {
                let text = fs::read_to_string(&path).map_err(|error| Error::io("read", &path, error))?;
                let journal = Journal::parse(&path, &text)?;
                Ok(Some((path, journal)))
            }
            Ok(_) => Err(Error::new("a file is expected here").in_file(path.display())),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::io("read", &path, error)),
        }
    }

    fn undo(&self, journal: &Journal) -> Result<()> {
        let mut paths = SafePaths::new(self.root);
        for (number, entry) in journal.files.iter().enumerate().rev() {
            self.undo_entry(number, entry, &mut paths).map_err(|error| {
                let message = "an interrupted run can't be undone; its files are in ";
                Error::new(format!("{message}{}", self.folder.display())).in_file(&entry.path).caused_by(error)
            })?;
        }
        for folder in journal.folders.iter().rev() {
            // One that is not empty is in use.
            let _ = steps::remove_folder(&self.root.join(folder));
        }
        Ok(())
    }

    fn undo_entry(&self, number: usize, entry: &Entry, paths: &mut SafePaths<'_>) -> Result<()> {
        let (path, former) = (self.root.join(&entry.path), self.numbered(FORMER, number));
        let fail = |error| Error::io("restore", &path, error);
        let has_former = fs::symlink_metadata(&former).is_ok();
        let found = paths.file(&entry.path)?;
        let holds = |hash: &String| -> Result<bool> {
            if found.is_none() {
                return Ok(false);
            }
            Ok(sha256(&fs::read(&path).map_err(fail)?) == *hash)
        };
        // What has neither the new text nor the former one was changed by its user.
        match &entry.action {
            Action::Create { sha256 } if holds(sha256)? => steps::remove_file(&path).map_err(fail),
            Action::Replace { sha256 } if has_former && holds(sha256)? => steps::rename(&former, &path).map_err(fail),
            Action::Delete if has_former && found.is_none() => steps::rename_to_free_name(&former, &path).map_err(fail),
            _ => Ok(()),
        }
    }

    /// Removes the folder with what a transaction writes there, and nothing else.
    fn remove_folder(&self) -> Result<()> {
        let fail = |error| Error::io("remove", &self.folder, error);
        let is_ours = |name: &str| {
            let number = name.strip_prefix(NEW).or_else(|| name.strip_prefix(FORMER));
            name == DRAFT || number.is_some_and(|number| number.parse::<usize>().is_ok())
        };
        for entry in fs::read_dir(&self.folder).map_err(fail)? {
            let entry = entry.map_err(fail)?;
            if is_ours(&entry.file_name().to_string_lossy()) {
                remove(&entry.path())?;
            }
        }
        let is_readme_alone = fs::read_dir(&self.folder).map_err(fail)?.count() == 1 && self.has_readme();
        if is_readme_alone {
            remove(&self.folder.join(README))?;
        }
        steps::remove_folder(&self.folder).map_err(fail)
    }
}

fn remove(path: &Path) -> Result<()> {
    steps::remove_file(path).map_err(|error| Error::io("remove", path, error))
}

/// Removes the folders below the root that a deleted file leaves empty; one that is not empty stays.
fn remove_empty_parents(root: &Path, path: &str) {
    let folders = Path::new(path).ancestors().skip(1).take_while(|folder| !folder.ends_with("generated"));
    for folder in folders.filter(|folder| *folder != Path::new("")) {
        match steps::remove_folder(&root.join(folder)) {
            Err(error) if error.kind() != ErrorKind::NotFound => return,
            _ => {}
        }
    }
}
