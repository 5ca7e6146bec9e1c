//! Every change of the file system that a transaction makes, a step each, so that a test can interrupt it at any.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

pub(super) fn create_folder(path: &Path) -> io::Result<()> {
    before_step()?;
    fs::create_dir(path)
}

/// Creates a file that does not exist, and writes it.
pub(super) fn create_file(path: &Path, text: &str, is_synced: bool) -> io::Result<()> {
    before_step()?;
    let mut file = File::options().write(true).create_new(true).open(path)?;
    file.write_all(text.as_bytes())?;
    if is_synced { file.sync_all() } else { Ok(()) }
}

/// Gives a file another name beside its own; copies it where the file system has no hard links.
pub(super) fn link_or_copy(from: &Path, to: &Path) -> io::Result<()> {
    before_step()?;
    if fs::hard_link(from, to).is_ok() {
        return Ok(());
    }
    let mut target = File::options().write(true).create_new(true).open(to)?;
    io::copy(&mut File::open(from)?, &mut target)?;
    target.sync_all()
}

pub(super) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    before_step()?;
    fs::rename(from, to)
}

/// Renames a file, unless the new name is taken.
pub(super) fn rename_to_free_name(from: &Path, to: &Path) -> io::Result<()> {
    before_step()?;
    match fs::hard_link(from, to) {
        Ok(()) => remove_file(from),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
        // No hard links here: there is a moment between the look and the rename.
        Err(_) if fs::symlink_metadata(to).is_ok() => Err(io::ErrorKind::AlreadyExists.into()),
        Err(_) => fs::rename(from, to),
    }
}

pub(super) fn remove_file(path: &Path) -> io::Result<()> {
    before_step()?;
    fs::remove_file(path)
}

pub(super) fn remove_folder(path: &Path) -> io::Result<()> {
    before_step()?;
    fs::remove_dir(path)
}

/// Makes the names in a folder last.
#[cfg(unix)]
pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

#[cfg(not(unix))]
pub(super) fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(not(test))]
fn before_step() -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
use super::tests::before_step;
