//! Reads files given by the user; it terminates for any file.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// The description of a large cluster has tens of megabytes.
const MOST_BYTES: u64 = 512 * 1024 * 1024;

/// Reads a file.
///
/// # Errors
/// Returns an error if the file can't be read, is not a regular file (a pipe or a device may never end), or is larger
/// than 512 MiB.
pub fn read_file(path: &Path) -> Result<Vec<u8>> {
    let fail = |error| Error::unreadable(path, error);
    let metadata = fs::metadata(path).map_err(fail)?;
    if !metadata.is_file() {
        let found = if metadata.is_dir() { "a folder" } else { "a device, a pipe or a socket" };
        return Err(Error::new(format!("expected a regular file, found {found}")).in_file(path.display()));
    }
    let mut bytes = Vec::with_capacity(metadata.len().min(MOST_BYTES) as usize);
    File::open(path).and_then(|file| file.take(MOST_BYTES + 1).read_to_end(&mut bytes)).map_err(fail)?;
    if bytes.len() as u64 > MOST_BYTES {
        let most = MOST_BYTES / (1024 * 1024);
        return Err(Error::new(format!("the file is larger than {most} MiB")).in_file(path.display()));
    }
    Ok(bytes)
}

/// Reads a UTF-8 file.
///
/// # Errors
/// See [`read_file`]; also fails if the file is not UTF-8.
pub(crate) fn read_text(path: &Path) -> Result<String> {
    String::from_utf8(read_file(path)?).map_err(|error| {
        Error::new("the file is not valid UTF-8").in_file(path.display()).caused_by(error.utf8_error())
    })
}

/// The file at a path, or the files below a folder with one of these extensions, sorted. A folder with several links to
/// it is read once.
///
/// # Errors
/// Returns an error if something can't be read or is neither a file nor a folder, or if a folder has a link to one that
/// contains it.
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
            let message = format!("the link leads back to {}, which contains it: remove the link", real.display());
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
            let expected = format!("{}: expected a regular file, found a device, a pipe or a socket", path.display());
            assert_eq!(error, expected);
        }
        let error = read_file(folder.path()).expect_err("it is not a file").to_string();
        assert!(error.ends_with("expected a regular file, found a folder"), "{error}");
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
