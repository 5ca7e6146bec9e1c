//! Several files written and deleted together, or not at all.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// Writes texts to files and deletes others. After an error every file is as it was.
///
/// Texts are first written beside the files, as `.new`, so that a full disk is found out before anything changes; then
/// files change their names, the former ones to `.old`, and back if one can't. A process that is killed meanwhile
/// leaves such files behind: generated ones are stale files for the next run, which removes them.
pub(super) fn commit(writes: &[(PathBuf, &str)], deletions: &[PathBuf]) -> Result<()> {
    let staged: Result<()> = writes.iter().try_for_each(|(path, text)| stage(path, text));
    let mut renamed = Vec::new();
    let result = staged.and_then(|()| {
        deletions.iter().try_for_each(|path| rename(path, &with_suffix(path, ".old"), &mut renamed))?;
        writes.iter().try_for_each(|(path, _)| {
            if path.exists() {
                rename(path, &with_suffix(path, ".old"), &mut renamed)?;
            }
            rename(&with_suffix(path, ".new"), path, &mut renamed)
        })
    });
    if result.is_err() {
        for (from, to) in renamed.iter().rev() {
            // What can't be undone either is left to the error that is returned.
            let _ = fs::rename(to, from);
        }
        for (path, _) in writes {
            let _ = fs::remove_file(with_suffix(path, ".new"));
        }
        return result;
    }
    for path in writes.iter().map(|(path, _)| path).chain(deletions) {
        // Most have none, and one that stays is found by the next run.
        let _ = fs::remove_file(with_suffix(path, ".old"));
    }
    Ok(())
}

fn stage(path: &Path, text: &str) -> Result<()> {
    let fail = |error| Error::io("write", path, error);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(fail)?;
    }
    fs::write(with_suffix(path, ".new"), text).map_err(fail)
}

fn rename(from: &Path, to: &Path, renamed: &mut Vec<(PathBuf, PathBuf)>) -> Result<()> {
    fs::rename(from, to).map_err(|error| Error::io("replace", from, error))?;
    renamed.push((from.to_path_buf(), to.to_path_buf()));
    Ok(())
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut path = path.as_os_str().to_owned();
    path.push(suffix);
    PathBuf::from(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(folder: &Path) -> Vec<(String, String)> {
        let entries = fs::read_dir(folder).expect("the folder is ours").map(|entry| entry.expect("readable"));
        let read = |path: &Path| fs::read_to_string(path).expect("a text");
        let mut files: Vec<_> =
            entries.map(|entry| (entry.file_name().to_string_lossy().into_owned(), read(&entry.path()))).collect();
        files.sort();
        files
    }

    #[test]
    fn all_or_nothing() {
        let folder = tempfile::tempdir().expect("there is room for a temporary folder");
        let path = |name: &str| folder.path().join(name);
        fs::write(path("a"), "old a").expect("the folder is ours");
        fs::write(path("b"), "old b").expect("the folder is ours");
        let before = content(folder.path());

        commit(&[(path("a"), "new a"), (path("b/c"), "c")], &[]).expect_err("b is no folder");
        assert_eq!(content(folder.path()), before);
        commit(&[(path("a"), "new a"), (path("c"), "c")], &[path("b"), path("d")]).expect_err("there is no d");
        assert_eq!(content(folder.path()), before);

        commit(&[(path("a"), "new a"), (path("c"), "c")], &[path("b")]).expect("all is right");
        let expected = [("a", "new a"), ("c", "c")].map(|(name, text)| (name.to_owned(), text.to_owned()));
        assert_eq!(content(folder.path()), expected);
    }
}
