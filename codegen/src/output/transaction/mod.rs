//! Several files written and deleted together, or not at all.
//!
//! A transaction keeps everything in a folder of its own, [`PRIVATE`], which it creates below the root and which no
//! other program has a reason to touch:
//!
//! 1. New texts are written there, so that a full disk is noticed before anything changes. Each file that is to be
//!    replaced gets a second name there.
//! 2. The journal, a list of all that is to be done, takes its name. From here on the next run undoes what was done.
//! 3. Files move to their places: a text replaces the former one in one step, a deleted file moves into the folder.
//! 4. The journal is renamed to [`COMMITTED`]. From here on the next run only removes what is left.
//!
//! A file that its user changes after an interrupted run is not restored.

mod journal;
mod recovery;
mod steps;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::MARK;
use super::paths::SafePaths;
use crate::error::{Error, Result};
use crate::lock::sha256;
use journal::{Action, Entry, Journal};
pub(super) use recovery::{is_interrupted, recover};

/// The folder of a transaction, below the root.
const PRIVATE: &str = ".kubernetes-codegen";

/// The first file in that folder: it says who made the folder.
const README: &str = "README";
const README_TEXT: &str =
    "kubernetes-codegen keeps files here while it replaces others. The next run removes this folder.\n";

const JOURNAL: &str = "journal";
const COMMITTED: &str = "committed";
/// A journal while it is written.
const DRAFT: &str = "draft";
/// A new text, followed by its number.
const NEW: &str = "new-";
/// A former file, followed by its number.
const FORMER: &str = "former-";

/// A file to write.
#[derive(Clone, Debug)]
pub(super) struct Replacement {
    /// The path from the root.
    pub(super) path: String,
    pub(super) text: String,
    /// The text that it replaces; `None` if there is no such file.
    pub(super) former: Option<String>,
}

/// Writes texts to files and deletes others. After an error every file is as it was.
///
/// The root must be locked, and recovered.
pub(super) fn commit(root: &Path, writes: &[&Replacement], deletions: &[String]) -> Result<()> {
    if writes.is_empty() && deletions.is_empty() {
        return Ok(());
    }
    let transaction = Transaction { root, folder: root.join(PRIVATE) };
    // A folder that exists is not this transaction's, so nothing in it is touched.
    steps::create_folder(&transaction.folder).map_err(|error| Error::io("create", &transaction.folder, error))?;
    let done = transaction.run(writes, deletions);
    // Undoes what was done, or removes what is no longer needed.
    match (done, recover(root)) {
        (Ok(()), recovered) => recovered.map(drop),
        (Err(error), Ok(_)) => Err(error),
        (Err(error), Err(other)) => Err(other.caused_by(error)),
    }
}

struct Transaction<'a> {
    root: &'a Path,
    folder: PathBuf,
}

impl Transaction<'_> {
    fn run(&self, writes: &[&Replacement], deletions: &[String]) -> Result<()> {
        let readme = self.folder.join(README);
        steps::create_file(&readme, README_TEXT, false).map_err(|error| Error::io("write", &readme, error))?;
        let journal = self.plan(writes, deletions)?;
        for (number, write) in writes.iter().enumerate() {
            self.stage(number, write)?;
        }
        let draft = self.folder.join(DRAFT);
        let written = steps::create_file(&draft, &journal.to_json()?, true)
            .and_then(|()| steps::rename(&draft, &self.folder.join(JOURNAL)))
            .and_then(|()| steps::sync_folder(&self.folder));
        written.map_err(|error| Error::io("write", &draft, error))?;
        self.replace(&journal)?;
        let committed = self.folder.join(COMMITTED);
        steps::rename(&self.folder.join(JOURNAL), &committed).map_err(|error| Error::io("write", &committed, error))
    }

    fn plan(&self, writes: &[&Replacement], deletions: &[String]) -> Result<Journal> {
        let mut paths = SafePaths::new(self.root);
        let mut journal = Journal::default();
        for write in writes {
            for folder in paths.missing_folders(&write.path)? {
                if !journal.folders.contains(&folder) {
                    journal.folders.push(folder);
                }
            }
            let sha256 = sha256(write.text.as_bytes());
            let action = match (paths.file(&write.path)?, &write.former) {
                (None, None) => Action::Create { sha256 },
                (Some(_), Some(_)) => Action::Replace { sha256 },
                _ => return Err(changed_meanwhile(&write.path)),
            };
            journal.files.push(Entry { path: write.path.clone(), action });
        }
        for path in deletions {
            if paths.file(path)?.is_none() {
                return Err(changed_meanwhile(path));
            }
            journal.files.push(Entry { path: path.clone(), action: Action::Delete });
        }
        Ok(journal)
    }

    /// Writes a new text, and gives the former file its second name.
    fn stage(&self, number: usize, write: &Replacement) -> Result<()> {
        let path = self.root.join(&write.path);
        let fail = |error| Error::io("write", &path, error);
        let new = self.numbered(NEW, number);
        // What is generated can be generated again, after a power failure too.
        steps::create_file(&new, &write.text, !write.text.starts_with(MARK)).map_err(fail)?;
        if let Some(text) = &write.former {
            let former = self.numbered(FORMER, number);
            steps::link_or_copy(&path, &former).map_err(fail)?;
            let found = fs::read(&former).map_err(fail)?;
            if found != text.as_bytes() {
                return Err(changed_meanwhile(&write.path));
            }
            let permissions = fs::symlink_metadata(&former).map_err(fail)?.permissions();
            fs::set_permissions(&new, permissions).map_err(fail)?;
        }
        Ok(())
    }

    fn replace(&self, journal: &Journal) -> Result<()> {
        for folder in &journal.folders {
            let path = self.root.join(folder);
            steps::create_folder(&path).map_err(|error| Error::io("create", &path, error))?;
        }
        let mut folders = BTreeSet::from([self.root.to_path_buf()]);
        for (number, entry) in journal.files.iter().enumerate() {
            let (path, new) = (self.root.join(&entry.path), self.numbered(NEW, number));
            let moved = match &entry.action {
                Action::Create { .. } => steps::rename_to_free_name(&new, &path),
                Action::Replace { .. } => steps::rename(&new, &path),
                Action::Delete => steps::rename(&path, &self.numbered(FORMER, number)),
            };
            moved.map_err(|error| Error::io("replace", &path, error))?;
            folders.extend(path.parent().map(Path::to_path_buf));
        }
        for folder in folders {
            steps::sync_folder(&folder).map_err(|error| Error::io("write", &folder, error))?;
        }
        Ok(())
    }

    fn numbered(&self, prefix: &str, number: usize) -> PathBuf {
        self.folder.join(format!("{prefix}{number}"))
    }
}

fn changed_meanwhile(path: &str) -> Error {
    Error::new("the file has changed since it was compared; nothing was changed: run the command again").in_file(path)
}

#[cfg(test)]
mod tests;
