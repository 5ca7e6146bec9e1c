//! Files that the user names: whatever they are, reading them ends.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// A large cluster's description has tens of megabytes.
const MOST_BYTES: u64 = 512 * 1024 * 1024;

/// Reads a file.
///
/// # Errors
/// If it can't be read, is not a regular file (a pipe or a device may never end), or is larger than 512 MiB.
pub fn read_file(path: &Path) -> Result<Vec<u8>> {
    let fail = |error| Error::unreadable(path, error);
    let metadata = fs::metadata(path).map_err(fail)?;
    if !metadata.is_file() {
        let found = if metadata.is_dir() { "a folder" } else { "a device, a pipe or a socket" };
        return Err(Error::new(format!("this is {found}; a regular file is expected")).in_file(path.display()));
    }
    let mut bytes = Vec::with_capacity(metadata.len().min(MOST_BYTES) as usize);
    File::open(path).and_then(|file| file.take(MOST_BYTES + 1).read_to_end(&mut bytes)).map_err(fail)?;
    if bytes.len() as u64 > MOST_BYTES {
        let most = MOST_BYTES / (1024 * 1024);
        return Err(Error::new(format!("the file is larger than {most} MiB")).in_file(path.display()));
    }
    Ok(bytes)
}

/// Reads a file of UTF-8.
///
/// # Errors
/// As [`read_file`], and if it is not UTF-8.
pub(crate) fn read_text(path: &Path) -> Result<String> {
    String::from_utf8(read_file(path)?).map_err(|error| {
        Error::new("the file is not valid UTF-8").in_file(path.display()).caused_by(error.utf8_error())
    })
}

/// The file of a path, or the files below a folder whose names have one of these extensions, sorted. A folder that
/// several links lead to is read once.
///
/// # Errors
/// If something can't be read, is neither a file nor a folder, or a folder links to one that it is in.
pub fn files_below(path: &Path, extensions: &[&str]) -> Result<Vec<PathBuf>> {
    let metadata = fs::metadata(path).map_err(|error| Error::unreadable(path, error))?;
    if !metadata.is_dir() {
        return Ok(vec![path.to_path_buf()]);
    }
    let mut search = Search { extensions, files: Vec::new(), above: Vec::new(), seen: HashSet::new() };
    search.folder(path)?;
    search.files.sort();
    Ok(search.files)
}

struct Search<'a> {
    extensions: &'a [&'a str],
    files: Vec<PathBuf>,
    /// The folders that the current one is in, without links.
    above: Vec<PathBuf>,
    seen: HashSet<PathBuf>,
}

impl Search<'_> {
    fn folder(&mut self, path: &Path) -> Result<()> {
        let fail = |error: io::Error| Error::unreadable(path, error);
        let real = path.canonicalize().map_err(fail)?;
        if self.above.contains(&real) {
            let message = format!("the link leads back to {}, which it is in: remove it", real.display());
            return Err(Error::new(message).in_file(path.display()));
        }
        if !self.seen.insert(real.clone()) {
            return Ok(());
        }
        self.above.push(real);
        for entry in fs::read_dir(path).map_err(fail)? {
            let path = entry.map_err(fail)?.path();
            // A link that leads nowhere matters only if it has the name of an input.
            let is_folder = fs::metadata(&path).is_ok_and(|metadata| metadata.is_dir());
            let extension = path.extension().and_then(|extension| extension.to_str());
            if is_folder {
                self.folder(&path)?;
            } else if extension.is_some_and(|extension| self.extensions.contains(&extension)) {
                self.files.push(path);
            }
        }
        self.above.pop();
        Ok(())
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn endless_files_are_refused() {
        let folder = tempfile::tempdir().expect("there is room for a temporary folder");
        let fifo = folder.path().join("pipe.yaml");
        rustix::fs::mkfifoat(rustix::fs::CWD, &fifo, 0o600.into()).expect("the folder is ours");
        symlink("/dev/zero", folder.path().join("zero.yaml")).expect("the folder is ours");
        for path in [fifo, folder.path().join("zero.yaml"), PathBuf::from("/dev/null")] {
            let error = read_file(&path).expect_err("it is not a file").to_string();
            let expected =
                format!("{}: this is a device, a pipe or a socket; a regular file is expected", path.display());
            assert_eq!(error, expected);
        }
        let error = read_file(folder.path()).expect_err("it is not a file").to_string();
        assert!(error.ends_with("this is a folder; a regular file is expected"), "{error}");
    }

    #[test]
    fn a_folder_that_links_to_itself_is_refused() {
        let folder = tempfile::tempdir().expect("there is room for a temporary folder");
        let inner = folder.path().join("a/b");
        fs::create_dir_all(&inner).expect("the folder is ours");
        symlink("../..", inner.join("loop")).expect("the folder is ours");
        let error = files_below(folder.path(), &["yaml"]).expect_err("it never ends").to_string();
        assert!(error.contains("a/b/loop: the link leads back to "), "{error}");
    }

    /// Twenty folders with two links each to the next one have a million paths.
    #[test]
    fn a_folder_with_many_paths_is_read_once() {
        let folder = tempfile::tempdir().expect("there is room for a temporary folder");
        let level = |number: usize| folder.path().join(format!("{number}"));
        for number in 0..=20 {
            fs::create_dir(level(number)).expect("the folder is ours");
        }
        for number in 0..20 {
            for name in ["left", "right"] {
                symlink(level(number + 1), level(number).join(name)).expect("the folder is ours");
            }
        }
        fs::write(level(20).join("a.yaml"), "").expect("the folder is ours");
        fs::write(level(20).join("a.txt"), "").expect("the folder is ours");
        assert_eq!(files_below(&level(0), &["yaml"]).expect("it ends").len(), 1);
    }
}
