use std::collections::HashSet;
use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::PERMISSIONS;
use super::archive::{Entry, EntryKind, EntryPath, is_inside};
use super::links::Links;
use super::progress::Counter;
use crate::error::{CopyError, Error};

/// A folder on the target's file system, which takes what is downloaded until it is complete.
///
/// Nothing else writes there, so that a parent that was a folder stays one.
#[derive(Debug)]
pub(super) struct Staging {
    folder: TempDir,
    links: Links,
    /// Folders that can't be written, below the root, and their permissions, which come last.
    protected: Vec<(PathBuf, u32)>,
}

/// The name of the copy in the staging folder.
const ROOT: &str = "data";

impl Staging {
    /// Makes the folder in `target` if that is one, which may be mounted, and beside it otherwise.
    pub(super) fn new(target: &Path, links: Links) -> Result<Self, Error> {
        let parent = match target.parent() {
            _ if is_directory(target) => target,
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let folder = tempfile::Builder::new().prefix(".download-").tempdir_in(parent);
        let folder = folder.map_err(|error| CopyError::local("create a folder in", parent, error))?;
        Ok(Self { folder, links, protected: Vec::new() })
    }

    /// The copy, once it is complete.
    pub(super) fn root(&self) -> PathBuf {
        self.folder.path().join(ROOT)
    }

    /// Adds an entry; `path` is that below the root, and `content` follows it in the archive, whose root is `archive_root`.
    pub(super) fn add(
        &mut self,
        entry: &Entry,
        path: &EntryPath,
        archive_root: &Path,
        content: &mut impl Read,
        counter: &mut Counter,
    ) -> Result<(), Error> {
        let place = self.place(path);
        self.make_parents(path)?;
        let made = match &entry.kind {
            EntryKind::File => {
                counter.file(path.as_path());
                write_file(&place, entry.mode, content, counter)?;
                Ok(())
            }
            EntryKind::Directory => {
                counter.directory(path.as_path());
                self.make_directory(path, &place, entry.mode)
            }
            EntryKind::SymbolicLink(_) if self.links == Links::Skip => {
                counter.skip();
                Ok(())
            }
            EntryKind::SymbolicLink(target) => {
                if !is_inside(path, target) {
                    return Err(CopyError::refused(
                        &entry.path,
                        "is a link that leads out of the folder; choose Links::Skip or Links::Follow",
                    ));
                }
                counter.link(path.as_path());
                replace(&place, |place| symlink(std::ffi::OsStr::from_bytes(target), place))
            }
            EntryKind::HardLink(target) => {
                let target = EntryPath::parse(target).and_then(|target| target.below(archive_root));
                let target = target
                    .ok_or_else(|| CopyError::refused(&entry.path, "is a link to a file outside of the folder"))?;
                self.check_parents(&target)?;
                counter.link(path.as_path());
                replace(&place, |place| fs::hard_link(self.place(&target), place))
            }
            EntryKind::Special => {
                counter.skip();
                Ok(())
            }
        };
        made.map_err(|error| CopyError::local("write", &place, error))
    }

    fn place(&self, path: &EntryPath) -> PathBuf {
        below(&self.root(), path.as_path())
    }

    /// Fails if something on the way to a path is a link.
    fn check_parents(&self, path: &EntryPath) -> Result<(), Error> {
        for parent in path.as_path().ancestors().skip(1) {
            let parent = below(&self.root(), parent);
            if fs::symlink_metadata(&parent).is_ok_and(|metadata| !metadata.is_dir()) {
                return Err(CopyError::refused(path.as_path().as_os_str().as_bytes(), "is below what is not a folder"));
            }
        }
        Ok(())
    }

    /// Makes the folders on the way to a path. Archives of tar have them before what is in them, but need not.
    fn make_parents(&self, path: &EntryPath) -> Result<(), Error> {
        self.check_parents(path)?;
        let Some(parent) = path.as_path().parent() else { return Ok(()) };
        let parent = below(&self.root(), parent);
        fs::create_dir_all(&parent).map_err(|error| CopyError::local("create", &parent, error))
    }

    fn make_directory(&mut self, path: &EntryPath, place: &Path, mode: u32) -> io::Result<()> {
        match fs::create_dir(place) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && is_directory(place) => {}
            made => made?,
        }
        let mode = mode & PERMISSIONS;
        if mode & 0o700 != 0o700 {
            self.protected.push((path.as_path().to_owned(), mode));
        }
        fs::set_permissions(place, Permissions::from_mode(mode | 0o700))
    }

    /// Gives the folders that were moved to the target the permissions that were in the way of writing there.
    pub(super) fn protect(&mut self, target: &Path, moved: &HashSet<PathBuf>) -> Result<(), Error> {
        // Those inside come first.
        for (path, mode) in self.protected.drain(..).rev() {
            let place = below(target, &path);
            if !place.ancestors().any(|place| moved.contains(place)) {
                continue;
            }
            fs::set_permissions(&place, Permissions::from_mode(mode))
                .map_err(|error| CopyError::local("change the permissions of", &place, error))?;
        }
        Ok(())
    }
}

fn below(root: &Path, path: &Path) -> PathBuf {
    if path.as_os_str().is_empty() { root.to_owned() } else { root.join(path) }
}

fn is_directory(place: &Path) -> bool {
    fs::symlink_metadata(place).is_ok_and(|metadata| metadata.is_dir())
}

/// Makes something in place of a file or link of that name, as tar does.
fn replace(place: &Path, make: impl Fn(&Path) -> io::Result<()>) -> io::Result<()> {
    match make(place) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && !is_directory(place) => {
            fs::remove_file(place)?;
            make(place)
        }
        made => made,
    }
}

fn write_file(place: &Path, mode: u32, content: &mut impl Read, counter: &mut Counter) -> Result<(), Error> {
    let write_error = |error| CopyError::local("write", place, error);
    if fs::symlink_metadata(place).is_ok_and(|metadata| !metadata.is_dir()) {
        fs::remove_file(place).map_err(write_error)?;
    }
    // A new file, so that nothing is written through a link.
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(place);
    let mut file = file.map_err(write_error)?;
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let count = match content.read(&mut buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            read => read.map_err(CopyError::transfer)?,
        };
        if count == 0 {
            break;
        }
        file.write_all(&buffer[..count]).map_err(write_error)?;
        counter.bytes(count as u64);
    }
    file.set_permissions(Permissions::from_mode(mode & PERMISSIONS)).map_err(write_error)
}
