use std::path::Path;

use super::folder::OutputFolder;
use super::paths::SafePaths;
use super::transaction::{self, Replacement};
use crate::error::{Error, Result};

/// The differences between the disk and a tree.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    pub(super) missing: Vec<Replacement>,
    pub(super) differing: Vec<Replacement>,
    pub(super) stale: Vec<String>,
    /// A file in a folder of generated files that is not generated.
    pub(super) foreign: Vec<String>,
}

impl Changes {
    /// Whether the disk matches the tree.
    pub fn is_empty(&self) -> bool {
        self.missing.is_empty() && self.differing.is_empty() && self.stale.is_empty() && self.foreign.is_empty()
    }

    /// The differing files, with the kinds of difference.
    pub fn files(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let missing = self.missing.iter().map(|file| ("missing", file.path.as_str()));
        let differing = self.differing.iter().map(|file| ("differs", file.path.as_str()));
        let stale = self.stale.iter().map(|path| ("stale", path.as_str()));
        let foreign = self.foreign.iter().map(|path| ("not generated", path.as_str()));
        missing.chain(differing).chain(stale).chain(foreign)
    }

    /// Adds a file that is not part of a tree, by its path relative to the root, unless it already has the text.
    ///
    /// # Errors
    /// Returns an error if the file can't be read.
    pub fn include(&mut self, root: &Path, path: &str, text: String) -> Result<()> {
        match SafePaths::new(root).read(path)? {
            None => self.missing.push(Replacement { path: path.to_owned(), text, former: None }),
            Some(found) if found == text => {}
            former => self.differing.push(Replacement { path: path.to_owned(), text, former }),
        }
        Ok(())
    }

    /// Adds a file to delete, by its path from the root.
    pub fn delete(&mut self, path: String) {
        self.stale.push(path);
    }

    /// Makes the disk match the tree; returns the number of written and deleted files.
    ///
    /// # Errors
    /// Returns an error, without changing anything, if a folder of generated files contains a file that is not
    /// generated, if a file has changed since the comparison, or if one can't be written or deleted.
    pub fn apply(&self, folder: &OutputFolder) -> Result<(usize, usize)> {
        if let Some(path) = self.foreign.first() {
            let message = "a file without the @generated header is in a folder of generated files; nothing was changed: \
                           move it elsewhere, or delete it";
            return Err(Error::new(message).in_file(path));
        }
        let replacements: Vec<&Replacement> = self.missing.iter().chain(&self.differing).collect();
        transaction::commit(folder.path(), &replacements, &self.stale)?;
        Ok((replacements.len(), self.stale.len()))
    }
}
