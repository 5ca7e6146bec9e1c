//! Replaces a file atomically.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::create_private;

/// Replaces the content of an existing file, all or nothing, even if interrupted.
///
/// The caller must hold the [locks](super::lock::Lock::acquire) of the file. Mode, owner and a symbolic link are kept.
/// If the owner can't be kept, the file belongs to this process's user.
pub(crate) fn replace(file: &Path, content: &[u8]) -> io::Result<()> {
    // A rename would replace a link.
    let target = fs::canonicalize(file)?;
    let metadata = fs::metadata(&target)?;
    let temporary = Temporary::create(&target)?;
    let mut out = &temporary.file;
    out.write_all(content)?;
    keep_owner(out, &metadata);
    out.set_permissions(metadata.permissions())?;
    out.sync_all()?;
    fs::rename(&temporary.path, &target)?;
    sync_directory(&target)
}

/// A file in the same directory, so that it can be renamed; removed on drop unless it has been.
struct Temporary {
    file: File,
    path: PathBuf,
}

impl Temporary {
    fn create(target: &Path) -> io::Result<Self> {
        remove_leftovers(target);
        let path = target.with_file_name(temporary_name(target, &std::process::id().to_string()));
        create_private(&path).map(|file| Self { file, path })
    }
}

fn temporary_name(target: &Path, process: &str) -> OsString {
    let mut name = OsString::from(".");
    name.push(target.file_name().unwrap_or_default());
    name.push(format!(".{process}.tmp"));
    name
}

/// Removes the temporary files of processes that were killed. No other process is writing, as this one holds the lock.
fn remove_leftovers(target: &Path) {
    let Some(Ok(entries)) = target.parent().map(fs::read_dir) else { return };
    for name in entries.flatten().map(|entry| entry.file_name()) {
        let process = name.to_str().and_then(|name| name.strip_suffix(".tmp")).and_then(|name| name.rsplit_once('.'));
        let is_leftover = process.is_some_and(|(_, process)| {
            process.bytes().all(|digit| digit.is_ascii_digit()) && temporary_name(target, process) == name
        });
        if is_leftover {
            // A file that can't be removed does no harm, unless it has this process's number: then creating ours fails.
            let _ = fs::remove_file(target.with_file_name(name));
        }
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

#[cfg(unix)]
fn keep_owner(file: &File, metadata: &fs::Metadata) {
    use std::os::unix::fs::{MetadataExt, fchown};
    // Only root may do this; for others the owner is already the same, or can't be kept.
    let _ = fchown(file, Some(metadata.uid()), Some(metadata.gid()));
}

#[cfg(not(unix))]
fn keep_owner(_: &File, _: &fs::Metadata) {}

/// Makes the rename durable.
#[cfg(unix)]
fn sync_directory(target: &Path) -> io::Result<()> {
    target.parent().map_or(Ok(()), |directory| File::open(directory)?.sync_all())
}

#[cfg(not(unix))]
fn sync_directory(_: &Path) -> io::Result<()> {
    Ok(())
}
